/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing files. A file is replaced by renaming a temporary one that lies beside it; signals that
 * would end the process wait as long as that one exists, and stop the writing.
 */
#include "topo/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/bits.h"

#define LINKS_MAX 40 /* as Linux follows */
#define CHUNK_BYTES ((size_t)4 << 20)
#define TEMPORARY ".topo-XXXXXX"

/* Names in here that look like links are open files. */
static bool in_proc(const char *directory)
{
	struct statfs status;

	return statfs(directory, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/*
 * Replace the name in @path by the one that its symbolic links lead to, whether that exists or not.
 * Returns 0 or an errno. *@opened: it leads to an open file, which has no name.
 */
static int follow_links(char path[PATH_MAX], bool *opened)
{
	char target[PATH_MAX];

	for (int i = 0; i < LINKS_MAX; i++) {
		const ssize_t bytes = readlink(path, target, sizeof(target) - 1);
		char *slash = strrchr(path, '/');
		size_t kept = slash == NULL ? 0 : (size_t)(slash - path) + 1;

		if (bytes < 0) {
			return errno == EINVAL || errno == ENOENT ? 0 : errno;
		}
		target[bytes] = '\0';
		path[kept] = '\0';
		if (in_proc(kept == 0 ? "." : path)) {
			*opened = true;
			return 0;
		}
		kept = target[0] == '/' ? 0 : kept;
		if (kept + (size_t)bytes >= PATH_MAX) {
			return ENAMETOOLONG;
		}
		memcpy(path + kept, target, (size_t)bytes + 1);
	}
	return ELOOP;
}

/* The signals that would end the process now. */
static void list_ends(sigset_t *set)
{
	static const int ends[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM,
	                           SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};
	struct sigaction action;
	sigset_t blocked;

	sigemptyset(set);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		if (sigismember(&blocked, ends[i]) == 0 && sigaction(ends[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN) {
			sigaddset(set, ends[i]);
		}
	}
}

static bool signal_waits(const sigset_t *signals)
{
	sigset_t waiting;

	sigpending(&waiting);
	sigandset(&waiting, &waiting, signals);
	return !sigisemptyset(&waiting);
}

/* @signals: stop when one of them waits; NULL: none is blocked. */
static int write_all(int fd, const uint8_t *data, size_t bytes, const sigset_t *signals)
{
	while (bytes > 0) {
		const ssize_t done = write(fd, data, bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES);

		if (done < 0 && errno != EINTR) {
			return errno;
		}
		if (signals != NULL && signal_waits(signals)) {
			return EINTR;
		}
		data += done > 0 ? done : 0;
		bytes -= done > 0 ? (size_t)done : 0;
	}
	return 0;
}

static mode_t mode_of_new(void)
{
	const mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Fill @temporary, like what it replaces if @old is not NULL, and rename it. 0, or an errno. */
static int replace_by(char *temporary, const char *path, const struct stat *old, const void *data,
                      size_t bytes, const sigset_t *signals)
{
	const int fd = mkstemp(temporary);

	if (fd < 0) {
		return errno;
	}
	/* Of another owner: not everybody may give that; who may write there is the directory's matter. */
	if (old != NULL && fchown(fd, old->st_uid, old->st_gid) != 0) {
		errno = 0;
	}
	int error = fchmod(fd, old != NULL ? old->st_mode & 0777 : mode_of_new()) != 0 ? errno : 0;

	error = error != 0 ? error : write_all(fd, data, bytes, signals);
	if (close(fd) != 0 && error == 0) {
		error = errno;
	}
	if (error == 0 && rename(temporary, path) != 0) {
		error = errno;
	}
	if (error != 0) {
		unlink(temporary);
	}
	return error;
}

static int replace(const char *path, const struct stat *old, const void *data, size_t bytes)
{
	const char *slash = strrchr(path, '/');
	char temporary[PATH_MAX + sizeof(TEMPORARY)];
	sigset_t signals;
	sigset_t before;

	snprintf(temporary, sizeof(temporary), "%.*s" TEMPORARY,
	         slash == NULL ? 0 : (int)(slash - path) + 1, path);
	list_ends(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	const int error = replace_by(temporary, path, old, data, bytes, &signals);

	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

static int write_in_place(const char *path, const void *data, size_t bytes)
{
	const int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		return errno;
	}
	int error = write_all(fd, data, bytes, NULL);

	if (close(fd) != 0 && error == 0) {
		error = errno;
	}
	return error;
}

int output_write(const char *path, const void *data, size_t bytes)
{
	char name[PATH_MAX];
	struct stat old;
	bool opened = false;

	if (strlen(path) >= sizeof(name)) {
		return ENAMETOOLONG;
	}
	memcpy(name, path, strlen(path) + 1);
	int error = follow_links(name, &opened);

	if (error != 0) {
		return error;
	}
	const bool exists = stat(path, &old) == 0;

	if (opened || (exists && !S_ISREG(old.st_mode))) {
		return write_in_place(path, data, bytes);
	}
	error = replace(name, exists ? &old : NULL, data, bytes);
	/* A file that may be written in a directory that may not, or that a mount holds. */
	if (exists && (error == EACCES || error == EPERM || error == EROFS || error == EBUSY)) {
		error = write_in_place(name, data, bytes);
	}
	return error;
}

void output_begin(struct output *output, const char *path)
{
	*output = (struct output){.to = stdout, .path = path};
	if (path != NULL) {
		output->to = open_memstream(&output->text, &output->bytes);
	}
	if (output->to == NULL) {
		fputs("topo: out of memory\n", stderr);
		exit(3);
	}
}

int output_end(struct output *output)
{
	if (output->path == NULL) {
		return 0;
	}
	const bool lost = ferror(output->to) != 0;
	int error = fclose(output->to) != 0 || lost ? ENOMEM : 0;

	error = error != 0 ? error : output_write(output->path, output->text, output->bytes);
	free(output->text);
	return error;
}
