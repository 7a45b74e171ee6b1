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
	if (errno != 0 || *end != '\0') {
		fprintf(stderr, "peervisor-disk: %s is no number of bytes\n", argv[2]);
		return false;
	}
	disk->fd = open(argv[3], (disk->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (disk->fd < 0) {
		fprintf(stderr, "peervisor-disk: %s: %s\n", argv[3], strerror(errno));
	}
	return disk->fd >= 0;
}

int main(int argc, char **argv)
{
	struct disk disks[LISTENERS] = {{.fd = -1}, {.fd = -1}};
	struct pollfd listeners[LISTENERS];

	if (!read_arguments(argc, argv, &disks[0])) {
		return 1;
	}
	for (int i = 0; i < LISTENERS; i++) {
		listeners[i] = (struct pollfd){.fd = LISTEN_FD + i, .events = POLLIN};
	}
	while (poll(listeners, LISTENERS, -1) > 0) {
		for (int i = 0; i < LISTENERS; i++) {
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
