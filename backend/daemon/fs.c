/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs devices: virtiofsd, which serves one directory and has that for its root. The directory is a
 * file system of its own, so that what the driver VM writes there takes no other's room: one in
 * memory and of bounded size, unless somebody has mounted another there before. A directory that the
 * topology names has what was there before.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "abi/backend.h"
#include "backend/daemon/backend.h"
#include "backend/daemon/log.h"
#include "backend/daemon/program.h"
#include "backend/daemon/system.h"
#include "lib/bits.h"

#define PATH_BYTES 256U
/* virtiofsd does not begin where the system may have fewer files open, whatever its own limit. */
#define FILE_MAX_PATH "/proc/sys/fs/file-max"
#define FILE_MAX "65536"
#define ROOM_BYTES (UINT64_C(32) << 20) /* for what the driver VM writes */
#define ROOM_FILES 4096U
#define MOUNT_OPTIONS "size=32M,nr_inodes=4096,mode=755"

struct fs {
	struct program program;
	struct program_kind kind;
	char directory[PATH_BYTES];
	char source[PATH_BYTES + 16];
	const char *argv[10];
};

/* With those that lead to it. */
static void make_directory(const char *path)
{
	char part[PATH_BYTES];

	for (size_t i = 1; i < sizeof(part) && path[i - 1] != '\0'; i++) {
		if (path[i] != '/' && path[i] != '\0') {
			continue;
		}
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST) {
			log_errno(part, "cannot be made");
		}
	}
}

/* Whether a file system begins at the directory. */
static bool is_mounted(const char *directory)
{
	char above[PATH_BYTES];
	struct stat own;
	struct stat parent;

	snprintf(above, sizeof(above), "%s/..", directory);
	return stat(directory, &own) == 0 && stat(above, &parent) == 0 &&
	       own.st_dev != parent.st_dev;
}

static bool mount_memory(const char *directory, unsigned long flags, const char *options)
{
	if (mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV | flags, options) < 0) {
		log_errno(directory, "cannot be mounted");
		return false;
	}
	return true;
}

/* Put what is in @from into @share, which has as much room beside it then as any share. */
static bool fill(const char *share, const char *from)
{
	char all[PATH_BYTES + 4];
	char options[96];
	const char *const argv[] = {"cp", "-a", all, share, NULL};
	struct statvfs now;

	snprintf(all, sizeof(all), "%s/.", from);
	if (!mount_memory(share, 0, "size=90%,mode=755")) {
		return false;
	}
	if (!system_run(argv, "") || statvfs(share, &now) < 0) {
		log_line(from, "cannot be copied into a file system of its own");
		return false;
	}
	snprintf(options, sizeof(options), "size=%llu,nr_inodes=%llu",
	         (unsigned long long)(now.f_blocks - now.f_bfree) * now.f_bsize + ROOM_BYTES,
	         (unsigned long long)(now.f_files - now.f_ffree) + ROOM_FILES);
	return mount_memory(share, MS_REMOUNT, options);
}

/* A directory that the topology names. Nothing of it may lead elsewhere, and what is there without a
 * file system of its own gets one, in which this VM's programs find it as the driver VM does. */
static bool mount_named(const char *directory, const char *share)
{
	char real[PATH_MAX];

	make_directory(directory);
	if (realpath(directory, real) == NULL || strcmp(real, directory) != 0) {
		log_line(directory, "is no directory, or a link is on the way; it is not shared");
		return false;
	}
	if (is_mounted(directory)) {
		return true;
	}
	make_directory(share);
	(void)umount2(share, MNT_DETACH); /* of a daemon that has ended before it was full */
	if (!fill(share, directory)) {
		return false;
	}
	if (mount(share, directory, NULL, MS_BIND, NULL) < 0) {
		log_errno(directory, "cannot be mounted");
		return false;
	}
	(void)umount2(share, MNT_DETACH);
	return true;
}

static bool mount_share(struct fs *fs, const char *named)
{
	if (named[0] != '\0') {
		bool mounted = mount_named(named, fs->directory);

		snprintf(fs->directory, sizeof(fs->directory), "%s", named);
		return mounted;
	}
	make_directory(fs->directory);
	return is_mounted(fs->directory) || mount_memory(fs->directory, 0, MOUNT_OPTIONS);
}

/* The sandbox is chroot and not namespace: pivot_root does not leave an initial root file system. */
static void describe(struct fs *fs)
{
	const char *const argv[] = {
		"virtiofsd",
		"--fd=3",
		"--rlimit-nofile=1024", /* the driver VM's open files are ours */
		"-o",
		fs->source,
		"-o",
		"sandbox=chroot",
		"-o",
		"log_level=warn",
		NULL,
	};

	_Static_assert(sizeof(argv) == sizeof(fs->argv), "argv");
	memcpy(fs->argv, argv, sizeof(argv));
	fs->kind = (struct program_kind){
		.device_features = BIT64(28) | BIT64(29) | BIT64(32),
		.listens = true,
		.memory_bytes = UINT64_C(512) << 20, /* most of it stacks that are not used */
		.argv = fs->argv,
	};
}

static void *fs_open(const struct backend_env *env)
{
	struct fs *fs = calloc(1, sizeof(*fs));

	if (fs == NULL) {
		return NULL;
	}
	snprintf(fs->directory, sizeof(fs->directory), PV_BACKEND_DIRECTORY "/%s-%u.share",
	         env->peer, env->config->index);
	if (system_set(fs->directory, FILE_MAX_PATH, FILE_MAX) != OK ||
	    !mount_share(fs, env->config->directory)) {
		free(fs);
		return NULL;
	}
	snprintf(fs->source, sizeof(fs->source), "source=%s", fs->directory);
	describe(fs);
	program_open(&fs->program, env, &fs->kind);
	return fs;
}

static void fs_start(void *backend, const struct control_setup *setup)
{
	struct fs *fs = backend;

	program_start(&fs->program, setup);
}

static void fs_stop(void *backend)
{
	struct fs *fs = backend;

	program_stop(&fs->program);
}

static void fs_close(void *backend)
{
	struct fs *fs = backend;

	program_close(&fs->program);
	free(fs);
}

const struct backend_type backend_fs = {
	.name = "fs",
	.open = fs_open,
	.start = fs_start,
	.stop = fs_stop,
	.close = fs_close,
};
