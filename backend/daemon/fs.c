/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs devices: virtiofsd, which serves one directory and has that for its root. The directory is a
 * file system of its own, so that what the driver VM writes there takes no other's room: one in
 * memory and of bounded size, unless somebody has mounted another there before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

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
#define MOUNT_OPTIONS "size=32M,nr_inodes=4096,mode=755"

struct fs {
	struct program program;
	struct program_kind kind;
	char directory[PATH_BYTES];
	char source[PATH_BYTES + 16];
	const char *argv[10];
};

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		log_errno(path, "cannot be made");
	}
}

static err_t mount_share(const char *directory)
{
	struct stat own;
	struct stat parent;

	make_directory("/var");
	make_directory("/var/lib");
	make_directory(PV_BACKEND_DIRECTORY);
	make_directory(directory);
	if (stat(directory, &own) < 0 || stat(PV_BACKEND_DIRECTORY, &parent) < 0) {
		log_errno(directory, "is not there");
		return ERR_STATE;
	}
	if (own.st_dev == parent.st_dev &&
	    mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, MOUNT_OPTIONS) < 0) {
		log_errno(directory, "cannot be mounted");
		return ERR_STATE;
	}
	return OK;
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
	snprintf(fs->source, sizeof(fs->source), "source=%s", fs->directory);
	describe(fs);
	if (system_set(fs->directory, FILE_MAX_PATH, FILE_MAX) != OK ||
	    mount_share(fs->directory) != OK) {
		free(fs);
		return NULL;
	}
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
