/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads root file systems of the user's, see topo/rootfs/rootfs.h. */
#include "topo/rootfs/rootfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/base/regular.h"
#include "topo/rootfs/container.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/root_tree.h"
#include "topo/rootfs/tar.h"

static bool fail(struct rootfs *rootfs, const char *why)
{
	rootfs->why = why;
	return false;
}

static bool read_tar(struct arena *arena, const unsigned char *bytes, size_t count,
                     struct rootfs *out)
{
	const char *why = pieces_add(arena, &out->pieces, bytes, count);

	if (why != NULL) {
		return fail(out, why);
	}
	const struct piece *piece = &out->pieces.list[0];

	return tar_read(piece->bytes, piece->count, out->tree, arena) ||
	       fail(out, root_tree_fault(out->tree));
}

/* @path is no directory. */
static bool read_file(struct arena *arena, const char *path, struct rootfs *out)
{
	void *bytes = NULL;
	uint64_t count = 0;
	const int fd = regular_open(path, 0, &count);

	if (fd < 0) {
		return fail(out,
		            errno == EINVAL ? "it is no file and no directory" : strerror(errno));
	}

	if (count != 0) {
		bytes = mmap(NULL, count, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	if (count == 0 || bytes == MAP_FAILED) {
		return fail(out, count == 0 ? "it is empty" : strerror(errno));
	}
	const bool good = read_tar(arena, bytes, count, out);

	munmap(bytes, count);
	return good;
}

struct directory {
	struct arena *arena;
	struct root_tree *tree;
};

static bool add_found(void *owner, const struct file_tree_entry *found)
{
	static const uint32_t types[] = {
		[FILE_TREE_FILE] = S_IFREG,
		[FILE_TREE_DIRECTORY] = S_IFDIR,
		[FILE_TREE_LINK] = S_IFLNK,
	};
	const struct directory *directory = owner;
	struct arena *arena = directory->arena;
	struct root_entry entry = {
		.name = arena_copy(arena, found->name, strlen(found->name)),
		.mode = types[found->kind] | (found->kind == FILE_TREE_LINK ? 0777U : found->mode),
	};

	if (found->kind == FILE_TREE_LINK) {
		entry.target = arena_copy(arena, found->target, strlen(found->target));
	} else if (found->kind == FILE_TREE_FILE) {
		entry.content.from = arena_copy(arena, found->path, strlen(found->path));
		entry.content.bytes = found->bytes;
	}
	return root_tree_add(directory->tree, &entry);
}

static bool read_directory(struct arena *arena, const char *path, struct rootfs *out)
{
	struct directory directory = {arena, out->tree};
	struct file_tree_fault fault;

	if (file_tree_walk(path, add_found, &directory, &fault)) {
		return true;
	}
	if (root_tree_fault(out->tree) != NULL) {
		return fail(out, root_tree_fault(out->tree));
	}
	return fail(out, arena_printf(arena, "'%s' in it: %s", fault.path, fault.why));
}

bool rootfs_read(struct arena *arena, const char *path, struct rootfs *out)
{
	struct stat status;

	*out = (struct rootfs){.tree = root_tree_new(arena)};
	if (stat(path, &status) != 0) {
		return fail(out, strerror(errno));
	}
	if (S_ISDIR(status.st_mode) ? !read_directory(arena, path, out)
	                            : !read_file(arena, path, out)) {
		return false;
	}
	if (container_is(out->tree)) {
		const struct root_tree *files = out->tree;

		out->tree = root_tree_new(arena);
		if (!container_read(arena, files, out)) {
			return false;
		}
	}
	root_tree_measure(out->tree, &out->archive_bytes, &out->unpacked_bytes);
	out->init = root_tree_init(out->tree);
	return true;
}

unsigned char *rootfs_archive(const struct rootfs *rootfs)
{
	unsigned char *bytes = malloc(rootfs->archive_bytes);

	if (bytes != NULL && !root_tree_write(rootfs->tree, bytes)) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

void rootfs_free(struct rootfs *rootfs)
{
	pieces_free(&rootfs->pieces);
}
