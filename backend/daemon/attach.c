/* SPDX-License-Identifier: BSD-2-Clause */
/* See attach.h. */
#include "backend/daemon/attach.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/socket.h"

#define PATH_BYTES 256
#define CHUNK_BYTES 4096

/* Write all of it, to a file that may not block; false: it cannot be. */
static bool write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t done = write(fd, bytes, count);

		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLOUT};
			poll(&wait, 1, -1);
		} else if (done < 0 && errno != EINTR) {
			return false;
		}
		bytes += done > 0 ? done : 0;
		count -= done > 0 ? (size_t)done : 0;
	}
	return true;
}

/* Carry one piece from @from to @to; false: @from has ended, or @to takes no more. */
static bool carry(int from, int to)
{
	char bytes[CHUNK_BYTES];
	ssize_t count = read(from, bytes, sizeof(bytes));

	if (count < 0) {
		return errno == EAGAIN || errno == EINTR;
	}
	return count > 0 && write_all(to, bytes, (size_t)count);
}

int attach_console(const char *run_dir, const char *name)
{
	struct pollfd files[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	char path[PATH_BYTES];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/%s.console", run_dir, name);
	if (socket_connect(path, &fd) != OK) {
		fprintf(stderr, "peervisord: there is no console at %s\n", path);
		return 1;
	}
	files[1].fd = fd;
	for (;;) {
		if (poll(files, 2, -1) < 0 && errno != EINTR) {
			log_errno(name, "poll");
			return 1;
		}
		if (files[1].revents != 0 && !carry(fd, STDOUT_FILENO)) {
			return 0;
		}
		/* The daemon hangs up when the driver VM has all of it. */
		if (files[0].revents != 0 && !carry(STDIN_FILENO, fd)) {
			shutdown(fd, SHUT_WR);
			files[0].fd = -1;
		}
	}
}
