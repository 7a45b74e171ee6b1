/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peervisor-disk: serves one raw disk whose file lies in memory, where nothing has to be waited
 * for, to one daemon at a time (backend/daemon/storage.h): at file 3 the disk, at file 4 a device at
 * which each request fails; both are sockets that listen.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/disk/confine.h"
#include "backend/disk/session.h"

#define LISTEN_FD 3 /* of the disk; that of errors follows */
#define LISTENERS 2

static bool read_arguments(int argc, char **argv, struct disk *disk)
{
	char *end = NULL;

	if (argc != 4 || (strcmp(argv[1], "ro") != 0 && strcmp(argv[1], "rw") != 0)) {
		fputs("usage: peervisor-disk ro|rw BYTES FILE\n", stderr);
		return false;
	}
	disk->writable = strcmp(argv[1], "rw") == 0;
	errno = 0;
	disk->bytes = strtoull(argv[2], &end, 10);
	if (errno != 0 || end == argv[2] || *end != '\0') {
		fprintf(stderr, "peervisor-disk: %s is no number of bytes\n", argv[2]);
		return false;
	}
	return true;
}

/*
 * Open it as nobody else's. One that has it, such as the program before us that is about to end, is
 * waited for: two would each write over what the other has answered for.
 */
static bool open_disk(const char *path, struct disk *disk)
{
	struct flock lock = {
		.l_type = disk->writable ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};

	disk->fd = open(path, (disk->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	bool ready = disk->fd >= 0 && fcntl(disk->fd, F_OFD_SETLK, &lock) == 0;
	if (!ready && disk->fd >= 0 && (errno == EAGAIN || errno == EACCES)) {
		fprintf(stderr, "peervisor-disk: %s: another program has it: waiting\n", path);
		ready = fcntl(disk->fd, F_OFD_SETLKW, &lock) == 0;
	}
	if (!ready) {
		fprintf(stderr, "peervisor-disk: %s: %s\n", path, strerror(errno));
	}
	return ready;
}

static bool confine(void)
{
	if (confine_user() && confine_calls()) {
		return true;
	}
	fprintf(stderr, "peervisor-disk: cannot give up what is root's: %s\n", strerror(errno));
	return false;
}

int main(int argc, char **argv)
{
	struct disk disks[LISTENERS] = {{.fd = -1}, {.fd = -1}};
	struct pollfd listeners[LISTENERS];

	if (!read_arguments(argc, argv, &disks[0]) || !open_disk(argv[3], &disks[0]) ||
	    !confine()) {
		return 1;
	}
	for (int i = 0; i < LISTENERS; i++) {
		listeners[i] = (struct pollfd){.fd = LISTEN_FD + i, .events = POLLIN};
	}
	while (ppoll(listeners, LISTENERS, NULL, NULL) > 0) {
		for (int i = 0; i < LISTENERS; i++) {
			if ((listeners[i].revents & ~POLLIN) != 0) {
				fprintf(stderr, "peervisor-disk: file %d is broken\n",
				        listeners[i].fd);
				return 1;
			}
			int fd = listeners[i].revents != 0
			                 ? accept4(listeners[i].fd, NULL, NULL, SOCK_CLOEXEC)
			                 : -1;
			if (fd >= 0) {
				session_serve(&disks[i], fd);
			}
		}
	}
	fprintf(stderr, "peervisor-disk: poll: %s\n", strerror(errno));
	return 1;
}
