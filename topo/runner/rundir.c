/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories of running systems, as rundir.h declares them. */
#include "topo/runner/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/runner/kept.h"
#include "topo/runner/message.h"
#include "topo/runner/rundir_internal.h"

#define LOCK_NAME "lock"
#define DEAD_MAX 64U /* at a time */
/* Each turn lost means that somebody else removed the directory under us. */
#define CREATE_TRIES 16

static bool name_char_ok(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

bool rundir_name_ok(const char *name)
{
	const size_t length = strlen(name);
	if (length == 0 || length >= RUNDIR_NAME_BYTES || name[0] == '.' || name[0] == '-') {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (!name_char_ok(name[i])) {
			return false;
		}
	}
	return true;
}

void rundir_name(char out[RUNDIR_NAME_BYTES], const char *from)
{
	(void)snprintf(out, RUNDIR_NAME_BYTES, "%s", from[0] == '\0' ? "system" : from);
	for (size_t i = 0; out[i] != '\0'; i++) {
		if (!name_char_ok(out[i]) || (i == 0 && (out[i] == '.' || out[i] == '-'))) {
			out[i] = '_';
		}
	}
}

void rundir_base_path(char out[RUNDIR_PATH_BYTES])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const bool usable = runtime != NULL && runtime[0] == '/' &&
	                    strlen(runtime) < RUNDIR_PATH_BYTES - 2 * RUNDIR_NAME_BYTES;
	(void)snprintf(out, RUNDIR_PATH_BYTES, "%s/peervisor-%u", usable ? runtime : "/tmp",
	               (unsigned)getuid());
}

/* A directory that others may write to could be exchanged under us; /tmp is everybody's. */
static bool is_private(int fd)
{
	struct stat found;
	return fstat(fd, &found) == 0 && found.st_uid == getuid() && (found.st_mode & 077) == 0;
}

int rundir_open_private(int at, const char *path, bool make)
{
	if (make && mkdirat(at, path, 0700) != 0 && errno != EEXIST) {
		return -errno;
	}
	const int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (!is_private(fd)) {
		(void)close(fd);
		return -EPERM;
	}
	return fd;
}

bool rundir_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

DIR *rundir_open_stream(int fd)
{
	const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	if (stream == NULL && copy >= 0) {
		(void)close(copy);
	}
	return stream;
}

/* Remove all files in @fd but the lock. */
static void remove_files(int fd)
{
	DIR *stream = rundir_open_stream(fd);
	if (stream == NULL) {
		return;
	}
	const struct dirent *entry = NULL;
	while ((entry = readdir(stream)) != NULL) {
		if (!rundir_is_dots(entry->d_name) && strcmp(entry->d_name, LOCK_NAME) != 0) {
			(void)unlinkat(fd, entry->d_name, 0);
		}
	}
	(void)closedir(stream);
}

static int set_lock(int lock_fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(lock_fd, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

/* Does somebody hold the lock in the directory @fd? */
static bool is_locked(int fd)
{
	const int lock_fd = openat(fd, LOCK_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock_fd < 0) {
		return false;
	}
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const bool asked = fcntl(lock_fd, F_OFD_GETLK, &lock) == 0;
	(void)close(lock_fd);
	return asked && lock.l_type != F_UNLCK;
}

/* Are @rundir's directory and lock still what their names mean, or has their last holder removed
 * them between our open and our lock? */
static bool is_current(const struct rundir *rundir)
{
	struct stat held;
	struct stat named;
	return fstat(rundir->lock_fd, &held) == 0 && held.st_nlink > 0 &&
	       fstat(rundir->fd, &held) == 0 &&
	       fstatat(rundir->base_fd, rundir->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

void rundir_close(struct rundir *rundir)
{
	close_fd(&rundir->lock_fd);
	close_fd(&rundir->fd);
	close_fd(&rundir->base_fd);
}

/* One try: 0, -EAGAIN if it is locked, -ESTALE to try again, or another negative errno. */
static int try_create(struct rundir *rundir)
{
	char base[RUNDIR_PATH_BYTES];
	rundir_base_path(base);
	(void)snprintf(rundir->path, sizeof(rundir->path), "%.4000s/%s", base, rundir->name);
	rundir->base_fd = rundir_open_private(AT_FDCWD, base, true);
	if (rundir->base_fd < 0) {
		return rundir->base_fd == -ENOENT ? -ESTALE : rundir->base_fd;
	}
	rundir->fd = rundir_open_private(rundir->base_fd, rundir->name, true);
	if (rundir->fd < 0) {
		return rundir->fd == -ENOENT ? -ESTALE : rundir->fd;
	}
	rundir->lock_fd =
		openat(rundir->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (rundir->lock_fd < 0) {
		return errno == ENOENT ? -ESTALE : -errno;
	}
	const int error = set_lock(rundir->lock_fd);
	if (error != 0) {
		return error == -EACCES ? -EAGAIN : error;
	}
	return is_current(rundir) ? 0 : -ESTALE;
}

static err_t explain(const struct rundir *rundir, int error)
{
	if (error == -EAGAIN) {
		message_error("a system called %s runs already", rundir->name);
		message_help("`topo stop %s` ends it; --name NAME gives this one another name",
		             rundir->name);
		return ERR_STATE;
	}
	if (error == -EPERM || error == -ELOOP || error == -ENOTDIR) {
		message_error("%s, or the directory above it, is not a directory that only you can "
		              "use",
		              rundir->path);
		message_help("remove it, or set XDG_RUNTIME_DIR to a directory of your own");
	} else if (error == -ESTALE) {
		message_error(
			"cannot make the run directory %s: there is no directory to make it in",
			rundir->path);
		message_help("make the directory that XDG_RUNTIME_DIR names, or unset it");
	} else {
		message_error("cannot make the run directory %s: %s", rundir->path,
		              strerror(-error));
	}
	return ERR_CAP;
}

err_t rundir_create(struct rundir *rundir, const char *name)
{
	*rundir = (struct rundir){.base_fd = -1, .fd = -1, .lock_fd = -1};
	if (!rundir_name_ok(name)) {
		message_error("'%s' cannot name a system: letters, digits and - _ . only, at most "
		              "%u, and no - or . in front",
		              name, RUNDIR_NAME_BYTES - 1);
		return ERR_ARG;
	}
	(void)snprintf(rundir->name, sizeof(rundir->name), "%s", name);
	int error = -ESTALE;
	for (int i = 0; i < CREATE_TRIES && error == -ESTALE; i++) {
		rundir_close(rundir);
		error = try_create(rundir);
	}
	if (error != 0) {
		const err_t err = explain(rundir, error);
		rundir_close(rundir);
		return err;
	}
	kept_store(rundir);
	remove_files(rundir->fd);
	rundir_claim(rundir);
	return OK;
}

/* The lock's file goes last, and the lock itself after it: whoever waits for the name finds either
 * us, or a lock file without a name and tries again. */
void rundir_remove(struct rundir *rundir)
{
	kept_store(rundir);
	remove_files(rundir->fd);
	(void)unlinkat(rundir->fd, LOCK_NAME, 0);
	(void)unlinkat(rundir->base_fd, rundir->name, AT_REMOVEDIR);
	char base[RUNDIR_PATH_BYTES];
	rundir_base_path(base);
	/* Fails as long as other systems run, or something is kept. */
	(void)rmdir(base);
	rundir_close(rundir);
}

void rundir_claim(const struct rundir *rundir)
{
	char text[32];
	const int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	/* Without it, topo stop cannot end a system whose image is still being built. */
	(void)!ftruncate(rundir->lock_fd, 0);
	(void)!pwrite(rundir->lock_fd, text, (size_t)length, 0);
}

pid_t rundir_runner(const struct rundir *rundir)
{
	char text[32];
	const int fd = openat(rundir->fd, LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const ssize_t count = fd < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);
	if (fd >= 0) {
		(void)close(fd);
	}
	text[count > 0 ? count : 0] = '\0';
	const long pid = strtol(text, NULL, 10);
	return pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

static err_t open_base(int *fd)
{
	char base[RUNDIR_PATH_BYTES];
	rundir_base_path(base);
	*fd = rundir_open_private(AT_FDCWD, base, false);
	if (*fd >= 0) {
		return OK;
	}
	return *fd == -ENOENT ? ERR_EMPTY : ERR_CAP;
}

err_t rundir_open(struct rundir *rundir, const char *name)
{
	*rundir = (struct rundir){.base_fd = -1, .fd = -1, .lock_fd = -1};
	if (!rundir_name_ok(name)) {
		return ERR_EMPTY;
	}
	(void)snprintf(rundir->name, sizeof(rundir->name), "%s", name);
	err_t err = open_base(&rundir->base_fd);
	if (err == OK) {
		rundir->fd = rundir_open_private(rundir->base_fd, name, false);
		err = rundir->fd >= 0 && is_locked(rundir->fd) ? OK : ERR_EMPTY;
	}
	if (err != OK) {
		rundir_close(rundir);
		return err;
	}
	char base[RUNDIR_PATH_BYTES];
	rundir_base_path(base);
	(void)snprintf(rundir->path, sizeof(rundir->path), "%.4000s/%s", base, name);
	return OK;
}

void rundir_clean(const char *name)
{
	struct rundir rundir = {.base_fd = -1, .fd = -1, .lock_fd = -1};
	if (!rundir_name_ok(name)) {
		return;
	}
	(void)snprintf(rundir.name, sizeof(rundir.name), "%s", name);
	if (try_create(&rundir) == 0) {
		rundir_remove(&rundir);
	}
	rundir_close(&rundir);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(left, right);
}

static bool runs(int base_fd, const char *name)
{
	if (!rundir_name_ok(name)) {
		return false;
	}
	int fd = rundir_open_private(base_fd, name, false);
	const bool locked = fd >= 0 && is_locked(fd);
	close_fd(&fd);
	return locked;
}

/* One without `about` may just be made by somebody who is about to lock it. */
static bool is_dead(int base_fd, const char *name)
{
	if (!rundir_name_ok(name) || runs(base_fd, name)) {
		return false;
	}
	int fd = rundir_open_private(base_fd, name, false);
	FILE *about = fd < 0 ? NULL : kept_open_about(fd, O_RDONLY, "r");
	if (about != NULL) {
		(void)fclose(about);
	}
	close_fd(&fd);
	return about != NULL;
}

void rundir_clean_dead(void)
{
	char names[DEAD_MAX][RUNDIR_NAME_BYTES];
	size_t count = 0;
	int base_fd = -1;
	if (open_base(&base_fd) != OK) {
		return;
	}
	DIR *stream = rundir_open_stream(base_fd);
	const struct dirent *entry = NULL;
	while (stream != NULL && count < DEAD_MAX && (entry = readdir(stream)) != NULL) {
		if (is_dead(base_fd, entry->d_name)) {
			(void)snprintf(names[count++], RUNDIR_NAME_BYTES, "%.63s", entry->d_name);
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
	close_fd(&base_fd);
	for (size_t i = 0; i < count; i++) {
		rundir_clean(names[i]);
	}
}

err_t rundir_list(char (*names)[RUNDIR_NAME_BYTES], size_t count_max, size_t *count)
{
	*count = 0;
	int base_fd = -1;
	const err_t err = open_base(&base_fd);
	if (err != OK) {
		if (err == ERR_CAP) {
			char base[RUNDIR_PATH_BYTES];
			rundir_base_path(base);
			message_error("%s is not a directory that only you can use", base);
		}
		return err == ERR_EMPTY ? OK : err;
	}
	DIR *stream = rundir_open_stream(base_fd);
	const struct dirent *entry = NULL;
	while (stream != NULL && *count < count_max && (entry = readdir(stream)) != NULL) {
		if (runs(base_fd, entry->d_name)) {
			(void)snprintf(names[*count], RUNDIR_NAME_BYTES, "%.63s", entry->d_name);
			(*count)++;
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
	close_fd(&base_fd);
	qsort(names, *count, sizeof(names[0]), compare_names);
	return OK;
}
