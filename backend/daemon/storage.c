/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See storage.h. We make the listening socket and leave it to the program: so a connection can be
 * made before the program is up, and waits for it; if it fails, the connection breaks.
 */
#include "backend/daemon/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/socket.h"

#define LISTEN_FD 3       /* of the first listening socket in the program; the other follows */
#define LISTEN_FD_MIN 16  /* above those */
#define IDENTITY_FIXED 1U /* of what cannot be lost */

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
	char format[192];
	char serve[160];
	char null[64];
	char serve_errors[160];
	char bytes[32];
};

/*
 * A driver VM's kernel that was told that a block is written forgets it, and lives on when this VM or
 * the program ends: then it must not be in our page cache alone, or in the program's tables of a qcow2.
 * To go around the cache instead is not possible: memdev has no pages that a direct request could pin.
 */
static void build_export(const struct dt_device *config, enum storage_export export, char *text,
                         size_t bytes)
{
	const char *name = export == STORAGE_DISK ? "disk" : "errors";

	snprintf(text, bytes,
	         "type=vhost-user-blk,id=%s,node-name=%s,addr.type=fd,addr.str=%d,"
	         "writable=%s,num-queues=%u,writethrough=on",
	         name, name, LISTEN_FD + (int)export, config->readonly ? "off" : "on",
	         config->queue_count);
}

/*
 * What a guest discards of a reserved file stays reserved; qcow2 takes it again for what is next. The
 * disks on one block device are apart by their ranges, not by locks of the whole.
 */
static void build_command(const struct dt_device *config, struct command *command)
{
	char disk[2 * DT_PATH_BYTES];
	char range[64] = "";
	const char *readonly = config->readonly ? "on" : "off";

	quote(disk, sizeof(disk), config->disk);
	snprintf(command->file, sizeof(command->file),
	         "driver=%s,node-name=file,discard=%s,read-only=%s,filename=%s",
	         config->on_medium ? "host_device,locking=off" : "file",
	         config->reserve != 0 ? "ignore" : "unmap", readonly, disk);
	if (config->on_medium) {
		snprintf(range, sizeof(range), ",offset=%llu,size=%llu",
		         (unsigned long long)config->offset, (unsigned long long)config->capacity);
	}
	snprintf(command->format, sizeof(command->format),
	         "driver=%s,node-name=disk,file=file,discard=unmap,read-only=%s%s", config->format,
	         readonly, range);
	build_export(config, STORAGE_DISK, command->serve, sizeof(command->serve));
	snprintf(command->null, sizeof(command->null), "driver=null-co,node-name=null,size=%llu",
	         (unsigned long long)config->capacity);
	build_export(config, STORAGE_ERRORS, command->serve_errors, sizeof(command->serve_errors));
	snprintf(command->bytes, sizeof(command->bytes), "%llu",
	         (unsigned long long)config->capacity);
}

/* In memory no request waits: our own program, which does one after the other, is the shorter way. */
static bool is_in_memory(const struct dt_device *config)
{
	struct statfs fs;
	struct stat file;

	return strcmp(config->format, "raw") == 0 && stat(config->disk, &file) == 0 &&
	       S_ISREG(file.st_mode) && statfs(config->disk, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* In the child: become the program. Only what may be called between fork and exec. */
__attribute__((noreturn)) static void become(const char *const *argv, const int *listen_fds)
{
	sigset_t none;
	int fds[STORAGE_EXPORTS];
	bool ready = true;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	/* Out of each other's way first; dup2 drops close-on-exec. */
	for (int i = 0; i < STORAGE_EXPORTS; i++) {
		fds[i] = fcntl(listen_fds[i], F_DUPFD_CLOEXEC, LISTEN_FD_MIN);
	}
	for (int i = 0; i < STORAGE_EXPORTS; i++) {
		ready = ready && dup2(fds[i], LISTEN_FD + i) == LISTEN_FD + i;
	}
	if (ready) {
		/* POSIX: exec does not write to its arguments, whatever their type says. */
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	}
	_exit(127);
}

/* Start the program, which gets @listen_fds. */
static err_t spawn(const struct backend_env *env, const int *listen_fds)
{
	const struct dt_device *config = env->config;
	struct command command;
	/* Each request to the node "errors" is one of no event in particular, and fails. */
	const char *const qemu[] = {
		STORAGE_PROGRAM,
		"--blockdev",
		command.file,
		"--blockdev",
		command.format,
		"--blockdev",
		command.null,
		"--blockdev",
		"driver=blkdebug,node-name=errors,image=null,inject-error.0.event=none",
		"--export",
		command.serve,
		"--export",
		command.serve_errors,
		NULL,
	};
	const char *const own[] = {
		STORAGE_MEMORY_PROGRAM,
		config->readonly ? "ro" : "rw",
		command.bytes,
		config->disk,
		NULL,
	};
	const char *const *argv = is_in_memory(config) ? own : qemu;

	build_command(config, &command);
	pid_t pid = fork();
	if (pid == 0) {
		become(argv, listen_fds);
	}
	if (pid < 0) {
		log_errno(env->peer, "fork");
		return ERR_STATE;
	}
	log_line(env->peer, "device %u: %s is process %d, %s", config->index, argv[0], (int)pid,
	         config->disk);
	return OK;
}

err_t storage_spawn(const struct backend_env *env, const char *disk, const char *errors)
{
	err_t err = env->config->create ? make_disk(env->config) : OK;

	if (err == OK) {
		err = reserve_room(env->config);
	}
	if (err != OK) {
		return err;
	}
	int listen_fds[STORAGE_EXPORTS] = {socket_listen(disk), -1};
	if (listen_fds[STORAGE_DISK] < 0) {
		return ERR_STATE;
	}
	listen_fds[STORAGE_ERRORS] = socket_listen(errors);
	if (listen_fds[STORAGE_ERRORS] >= 0) {
		err = spawn(env, listen_fds);
		close(listen_fds[STORAGE_ERRORS]);
	} else {
		err = ERR_STATE;
	}
	close(listen_fds[STORAGE_DISK]);
	return err;
}

/*
 * Its number is that of the last one to listen there, which is the program: QEMU listens anew at
 * what it is given. A number of a program of a predecessor is known to nobody else.
 */
bool storage_kill(const char *socket)
{
	struct ucred program = {0};
	socklen_t bytes = sizeof(program);
	int fd = -1;

	if (socket_connect(socket, &fd) != OK) {
		return false;
	}
	bool killed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &program, &bytes) == 0 &&
	              program.pid > 0 && program.pid != getpid() && kill(program.pid, SIGKILL) == 0;

	close(fd);
	return killed;
}

/* What stands in the file of an identity. */
struct identity {
	uint64_t number;
	uint64_t inode; /* of the disk: another file is another disk */
};

/* Write a new one, so that it is there whole or not at all, and lasts as the disk does. */
static bool write_identity(const char *path, const struct identity *identity)
{
	char temporary[DT_PATH_BYTES + 32];

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, identity, sizeof(*identity)) == (ssize_t)sizeof(*identity) &&
	          fsync(fd) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return ok && rename(temporary, path) == 0;
}

uint64_t storage_identity(const struct dt_device *config)
{
	char path[DT_PATH_BYTES + 16];
	struct identity identity = {0};
	struct stat disk;

	if (stat(config->disk, &disk) < 0) {
		log_errno(config->disk, "is not there");
		return 0;
	}
	if (config->readonly || S_ISBLK(disk.st_mode)) {
		return IDENTITY_FIXED;
	}
	snprintf(path, sizeof(path), "%s.identity", config->disk);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, &identity, sizeof(identity)) == (ssize_t)sizeof(identity);
	if (fd >= 0) {
		close(fd);
	}
	if (whole && identity.number > IDENTITY_FIXED && identity.inode == disk.st_ino) {
		return identity.number;
	}
	identity = (struct identity){.inode = disk.st_ino};
	if (getrandom(&identity.number, sizeof(identity.number), 0) !=
	            (ssize_t)sizeof(identity.number) ||
	    identity.number <= IDENTITY_FIXED || !write_identity(path, &identity)) {
		log_errno(path, "cannot be made");
		return 0;
	}
	return identity.number;
}
