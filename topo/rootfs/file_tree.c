/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks a tree of files by fts(3), see topo/rootfs/file_tree.h. */
#include "topo/rootfs/file_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/base/regular.h"

static int by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

static bool fail(struct file_tree_fault *fault, const char *path, const char *why)
{
	snprintf(fault->path, sizeof(fault->path), "%s", path);
	fault->why = why;
	return false;
}

/* Of a file or directory that fts has looked at. */
static uint32_t mode_of(const FTSENT *found)
{
	return found->fts_statp->st_mode & 07777U;
}

static bool visit_link(const FTSENT *found, struct file_tree_entry *entry, file_tree_visit *visit,
                       void *owner, struct file_tree_fault *fault)
{
	char target[PATH_MAX];
	const ssize_t bytes = readlink(found->fts_accpath, target, sizeof(target) - 1);

	if (bytes < 0) {
		return fail(fault, found->fts_path, strerror(errno));
	}
	target[bytes] = '\0';
	entry->kind = FILE_TREE_LINK;
	entry->target = target;
	return visit(owner, entry);
}

static bool visit_file(const FTSENT *found, struct file_tree_entry *entry, file_tree_visit *visit,
                       void *owner, struct file_tree_fault *fault)
{
	if (access(found->fts_accpath, R_OK) != 0) {
		return fail(fault, found->fts_path, strerror(errno));
	}
	entry->kind = FILE_TREE_FILE;
	entry->mode = mode_of(found);
	entry->bytes = (uint64_t)found->fts_statp->st_size;
	entry->executable = (found->fts_statp->st_mode & S_IXUSR) != 0;
	return visit(owner, entry);
}

static bool visit_one(const FTSENT *found, size_t root_bytes, file_tree_visit *visit, void *owner,
                      struct file_tree_fault *fault)
{
	const char *below = found->fts_path + root_bytes;
	struct file_tree_entry entry = {
		.path = found->fts_path,
		.name = below + strspn(below, "/"),
	};

	switch (found->fts_info) {
	case FTS_D:
		entry.mode = mode_of(found);
		entry.kind = FILE_TREE_DIRECTORY;
		return visit(owner, &entry);
	case FTS_DP:
		return true;
	case FTS_F:
		return visit_file(found, &entry, visit, owner, fault);
	case FTS_SL:
		return visit_link(found, &entry, visit, owner, fault);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return fail(fault, found->fts_path, strerror(found->fts_errno));
	default:
		return fail(fault, found->fts_path, "it is no file, directory or symbolic link");
	}
}

bool file_tree_walk(const char *root, file_tree_visit *visit, void *owner,
                    struct file_tree_fault *fault)
{
	char copy[PATH_MAX];
	char *const roots[] = {copy, NULL};

	if (snprintf(copy, sizeof(copy), "%s", root) >= (int)sizeof(copy)) {
		return fail(fault, root, strerror(ENAMETOOLONG));
	}
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);

	if (walk == NULL) {
		return fail(fault, root, strerror(errno));
	}
	bool good = true;

	while (good) {
		errno = 0;
		const FTSENT *found = fts_read(walk);

		if (found == NULL) {
			good = errno == 0 || fail(fault, root, strerror(errno));
			break;
		}
		good = visit_one(found, strlen(copy), visit, owner, fault);
	}
	fts_close(walk);
	return good;
}

bool file_tree_read(const char *path, uint64_t bytes, unsigned char *out)
{
	uint64_t now = 0;
	const int fd = regular_open(path, O_NOFOLLOW, &now);
	const bool good = fd >= 0 && now == bytes && regular_read(fd, out, bytes) == (int64_t)bytes;

	if (fd >= 0) {
		close(fd);
	}
	return good;
}

bool file_tree_read_root(const char *path, uint64_t bytes, unsigned char *out)
{
	char *real = realpath(path, NULL);
	const bool good = real != NULL && file_tree_read(real, bytes, out);

	free(real);
	return good;
}
