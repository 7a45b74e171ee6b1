/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP connection within the guest as a command: what comes on standard input is sent, what is
 * received goes to standard output, and the end of either direction is told by itself. A process for
 * each direction, so that one that is not read holds up nothing but itself.
 */
#define _GNU_SOURCE
#include "images/agent/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
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

static _Noreturn void give_up(const char *why)
{
	dprintf(STDERR_FILENO, "%s\n", why);
	_exit(EXIT_FAILURE);
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
	return fd;
}

/* Until the end of @from; *@copied: how much. False: it, or @to, has broken. */
static bool copy(int from, int to, uint64_t *copied)
{
	char bytes[PIECE_BYTES];
	ssize_t count;

	*copied = 0;
	while ((count = read(from, bytes, sizeof(bytes))) > 0) {
		for (ssize_t done = 0, n; done < count; done += n) {
			n = write(to, bytes + done, (size_t)(count - done));
			if (n <= 0) {
				return false;
			}
		}
		*copied += (uint64_t)count;
	}
	return count == 0;
}

void connect_and_exit(char *const argv[])
{
	if (argv[1] == NULL || argv[2] == NULL || argv[3] != NULL) {
		give_up("an address and a port are needed");
	}
	/* What else the agent has open does not close by itself: nothing is executed. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
		give_up(strerror(errno));
	}
	const int socket = connected(argv[1], argv[2]);
	uint64_t copied;
	(void)signal(SIGPIPE, SIG_IGN);
	const pid_t sender = fork();
	if (sender < 0) {
		give_up(strerror(errno));
	}
	if (sender == 0) {
		(void)close(STDOUT_FILENO);
		const bool whole = copy(STDIN_FILENO, socket, &copied);
		(void)shutdown(socket, SHUT_WR);
		_exit(whole ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	(void)close(STDIN_FILENO);
	if (!copy(socket, STDOUT_FILENO, &copied)) {
		(void)kill(sender, SIGKILL);
		_exit(EXIT_FAILURE);
	}
	dprintf(STDERR_FILENO, PV_AGENT_CONNECT_END "%" PRIu64 "\n", copied);
	int status = 0;
	(void)waitpid(sender, &status, 0);
	_exit(status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
