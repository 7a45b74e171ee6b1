/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The standard streams, before and after a command: what it printed has arrived, or it has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "topo/commands/commands.h"

void command_hold_streams(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0) {
			_exit(EXIT_SYSTEM);
		}
	}
}

/* Has who reads the stream gone away? He wants no more, and no word of it. */
static bool reader_left(FILE *stream)
{
	struct pollfd polled = {.fd = fileno(stream)};

	return poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}

/* Has something that was printed not arrived? *@error: why, 0 if it is not known any more. */
static bool lost(FILE *stream, int *error)
{
	const bool before = ferror(stream) != 0;
	const bool now = fflush(stream) != 0;

	*error = now ? errno : 0;
	return (before || now) && !reader_left(stream);
}

int command_end(int code, int refused)
{
	int error = 0;

	if (lost(stdout, &error)) {
		fprintf(stderr, "topo: cannot write to standard output%s%s\n",
		        error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
		return refused;
	}
	/* Some file systems say only now that they have no room. */
	if (close(STDOUT_FILENO) != 0 && errno != EINTR) {
		fprintf(stderr, "topo: cannot write to standard output: %s\n", strerror(errno));
		return refused;
	}
	return code == EXIT_OK && lost(stderr, &error) ? refused : code;
}
