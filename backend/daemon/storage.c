/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See storage.h. We make the listening socket and leave it to the program: so a connection can be
 * made before the program is up, and waits for it; if it fails, the connection breaks.
 */
#include "backend/daemon/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/socket.h"

#define LISTEN_FD 3 /* of the listening socket in the program */

/* Make the directories above @path. */
static void make_parents(const char *path)
{
	char copy[DT_PATH_BYTES];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What cannot be made shows when the file is. */
		mkdir(copy, 0755);
		*slash = '/';
	}
}

/* A disk that is there keeps its content: it may lie on a medium that outlives the VM. */
static err_t make_disk(const struct dt_device *config)
{
	make_parents(config->disk);
	int fd = open(config->disk, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		return OK;
	}
	if (fd < 0 || ftruncate(fd, (off_t)config->capacity) < 0) {
		err_t err = errno == ENOSPC ? ERR_FULL : ERR_STATE;
		log_errno(config->disk, "cannot be made");
		if (fd >= 0) {
			close(fd);
			unlink(config->disk);
		}
		return err;
	}
	close(fd);
	return OK;
}

/*
 * Take the room that the file can ever need, so that what another disk grows by is not ours. A file
 * system that cannot do this (ramfs) is one that nobody else should fill.
 */
static err_t reserve_room(const struct dt_device *config)
{
	if (config->readonly || config->reserve == 0) {
		return OK;
	}
	int fd = open(config->disk, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;

	if (fd >= 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)config->reserve) < 0) {
		error = errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	if (error == EOPNOTSUPP) {
		log_line(config->disk, "room cannot be reserved here");
		return OK;
	}
	if (error == ENOSPC || error == EFBIG) {
		log_line(config->disk, "is not served: the file system is full, it needs %llu MiB",
		         (unsigned long long)(config->reserve >> 20));
		return ERR_FULL;
	}
	if (error != 0) {
		errno = error;
		log_errno(config->disk, "room cannot be reserved");
		return ERR_STATE;
	}
	return OK;
}

/* In QEMU's KEY=VALUE,… a comma in a value is written twice. */
static void quote(char *to, size_t bytes, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 3 < bytes; from++) {
		to[n++] = *from;
		if (*from == ',') {
			to[n++] = ',';
		}
	}
	to[n] = '\0';
}

struct command {
	char file[2 * DT_PATH_BYTES + 128];
	char format[128];
	char serve[160];
};

/* What a guest discards of a reserved file stays reserved; qcow2 takes it again for what is next. */
static void build_command(const struct dt_device *config, struct command *command)
{
	char disk[2 * DT_PATH_BYTES];
	const char *readonly = config->readonly ? "on" : "off";

	quote(disk, sizeof(disk), config->disk);
	snprintf(command->file, sizeof(command->file),
	         "driver=file,node-name=file,discard=%s,read-only=%s,filename=%s",
	         config->reserve != 0 ? "ignore" : "unmap", readonly, disk);
	snprintf(command->format, sizeof(command->format),
	         "driver=%s,node-name=disk,file=file,discard=unmap,read-only=%s", config->format,
	         readonly);
	snprintf(command->serve, sizeof(command->serve),
	         "type=vhost-user-blk,id=disk,node-name=disk,addr.type=fd,addr.str=%d,"
	         "writable=%s,num-queues=%u",
	         LISTEN_FD, config->readonly ? "off" : "on", config->queue_count);
}

/* In the child: become the program. Only what may be called between fork and exec. */
__attribute__((noreturn)) static void become(const struct command *command, int listen_fd)
{
	sigset_t none;
	const char *argv[] = {
		STORAGE_PROGRAM, "--blockdev", command->file,  "--blockdev",
		command->format, "--export",   command->serve, NULL,
	};

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	/* dup2 drops close-on-exec, unless the file is in its place already. */
	if (listen_fd == LISTEN_FD ? fcntl(listen_fd, F_SETFD, 0) == 0
	                           : dup2(listen_fd, LISTEN_FD) == LISTEN_FD) {
		/* POSIX: exec does not write to its arguments, whatever their type says. */
		execvp(STORAGE_PROGRAM, (char *const *)(uintptr_t)argv);
	}
	_exit(127);
}

err_t storage_spawn(const struct backend_env *env, const char *path)
{
	struct command command;

	err_t err = env->config->create ? make_disk(env->config) : OK;
	if (err == OK) {
		err = reserve_room(env->config);
	}
	if (err != OK) {
		return err;
	}
	int listen_fd = socket_listen(path);
	if (listen_fd < 0) {
		return ERR_STATE;
	}
	build_command(env->config, &command);
	pid_t pid = fork();
	if (pid == 0) {
		become(&command, listen_fd);
	}
	if (pid < 0) {
		log_errno(env->peer, "fork");
	} else {
		log_line(env->peer, "device %u: %s is process %d, %s", env->config->index,
		         STORAGE_PROGRAM, (int)pid, env->config->disk);
	}
	close(listen_fd);
	return pid < 0 ? ERR_STATE : OK;
}
