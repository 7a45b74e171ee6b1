/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP connection within the guest as a command: what comes on standard input is sent, what is
 * received goes to standard output, and the end of either direction is told by itself. A process for
 * each direction, so that one that is not read holds up nothing but itself. The connection is closed
 * by a reset unless both directions have ended in order: whoever is killed closes it as well, and what
 * was sent so far must not look like all of it.
 */
#define _GNU_SOURCE
#include "images/agent/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/agent.h"

#define PIECE_BYTES 4096
#define DESCRIPTORS 1024 /* more than the agent opens, if they are closed one by one */

static _Noreturn void give_up(const char *why)
{
	dprintf(STDERR_FILENO, "%s\n", why);
	_exit(EXIT_FAILURE);
}

/* What else the agent has open does not close by itself: nothing is executed. */
static void close_others(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0) {
		return;
	}
	for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++) { /* before Linux 5.9 */
		(void)close(fd);
	}
}

/* Whether @socket is reset when its last descriptor is closed. */
static void set_reset(int socket, bool resets)
{
	const struct linger linger = {.l_onoff = resets ? 1 : 0};

	if (setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) != 0) {
		give_up(strerror(errno));
	}
}

static int connected(const char *address, const char *port)
{
	const uint16_t number = htons((uint16_t)strtoul(port, NULL, 10));
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = number};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = number};
	const bool is_in = inet_pton(AF_INET, address, &in.sin_addr) == 1;

	if (!is_in && inet_pton(AF_INET6, address, &in6.sin6_addr) != 1) {
		give_up("that is no address");
	}
	const int fd = socket(is_in ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	const bool refused =
		fd < 0 || (is_in ? connect(fd, (const struct sockaddr *)&in, sizeof(in))
	                         : connect(fd, (const struct sockaddr *)&in6, sizeof(in6))) != 0;
	if (refused) {
		give_up(strerror(errno));
	}
	set_reset(fd, true);
	return fd;
}

/* Wait for something to read at @from, or its end; false: @to has broken meanwhile, as a socket does
 * whose peer has gone. One that has ended its own direction alone goes on. */
static bool await(int from, int to)
{
	struct pollfd fds[] = {{.fd = from, .events = POLLIN}, {.fd = to}};

	while (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return fds[1].revents == 0;
}

/* Until the end of @from; *@copied: how much. False: it, or @to, has broken. */
static bool copy(int from, int to, uint64_t *copied)
{
	char bytes[PIECE_BYTES];
	ssize_t count;

	*copied = 0;
	do {
		if (!await(from, to)) {
			return false;
		}
		count = read(from, bytes, sizeof(bytes));
		for (ssize_t done = 0, n; done < count; done += n) {
			n = write(to, bytes + done, (size_t)(count - done));
			if (n <= 0) {
				return false;
			}
		}
		*copied += count > 0 ? (uint64_t)count : 0;
	} while (count > 0);
	return count == 0;
}

static _Noreturn void send_and_exit(int socket)
{
	uint64_t copied;

	(void)close(STDOUT_FILENO);
	const bool whole = copy(STDIN_FILENO, socket, &copied);
	if (whole) {
		(void)shutdown(socket, SHUT_WR);
	}
	_exit(whole ? EXIT_SUCCESS : EXIT_FAILURE);
}

void connect_and_exit(char *const argv[])
{
	if (argv[1] == NULL || argv[2] == NULL || argv[3] != NULL) {
		give_up("an address and a port are needed");
	}
	close_others();
	const int socket = connected(argv[1], argv[2]);
	uint64_t copied;
	(void)signal(SIGPIPE, SIG_IGN);
	const pid_t sender = fork();
	if (sender < 0) {
		give_up(strerror(errno));
	}
	if (sender == 0) {
		send_and_exit(socket);
	}
	(void)close(STDIN_FILENO);
	if (!copy(socket, STDOUT_FILENO, &copied)) {
		(void)kill(sender, SIGKILL);
		_exit(EXIT_FAILURE);
	}
	dprintf(STDERR_FILENO, PV_AGENT_CONNECT_END "%" PRIu64 "\n", copied);
	int status = 0;
	(void)waitpid(sender, &status, 0);
	if (status == 0) {
		set_reset(socket, false);
	}
	_exit(status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
