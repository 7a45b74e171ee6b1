/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard input and output over an AF_VSOCK stream, as nc does it over TCP: for people and tests
 * that look at a vsock connection from inside a guest.
 *   vsock listen PORT       waits for one connection
 *   vsock connect CID PORT
 *   vsock serve PORT PROGRAM [ARGUMENT...]
 *                           runs the program for each connection, which is its input and output
 *   vsock cid               prints this VM's own CID
 * Copies both ways until the peer has closed its side.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* clang-format off: this header needs <sys/socket.h> before it and does not say so */
#include <linux/vm_sockets.h>
/* clang-format on */

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static unsigned int number(const char *text)
{
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 0);
	if (errno != 0 || *text == '\0' || *end != '\0' || value > UINT32_MAX) {
		fprintf(stderr, "vsock: not a number of 32 bits: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return (unsigned int)value;
}

static int new_socket(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		die("vsock: socket");
	}
	return fd;
}

static int listen_at(unsigned int port)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
	int fd = new_socket();

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		die("vsock: listen");
	}
	return fd;
}

static int accept_at(int listener)
{
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (peer < 0) {
		die("vsock: accept");
	}
	return peer;
}

static int accept_one(unsigned int port)
{
	int listener = listen_at(port);
	int peer = accept_at(listener);

	close(listener);
	return peer;
}

static _Noreturn void run(char **argv, int peer)
{
	if (dup2(peer, STDIN_FILENO) < 0 || dup2(peer, STDOUT_FILENO) < 0) {
		die("vsock: dup2");
	}
	signal(SIGCHLD, SIG_DFL);
	execvp(argv[0], argv);
	die(argv[0]);
}

static _Noreturn void serve(unsigned int port, char **argv)
{
	int listener = listen_at(port);

	signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
	for (;;) {
		int peer = accept_at(listener);
		pid_t pid = fork();

		if (pid < 0) {
			die("vsock: fork");
		}
		if (pid == 0) {
			run(argv, peer);
		}
		close(peer);
	}
}

static int connect_to(unsigned int cid, unsigned int port)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
	int fd = new_socket();

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		die("vsock: connect");
	}
	return fd;
}

/* Returns false at the end of @from. */
static bool copy(int from, int to)
{
	static char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n < 0) {
		die("vsock: read");
	}
	for (ssize_t sent = 0; sent < n;) {
		ssize_t wrote = write(to, &bytes[sent], (size_t)(n - sent));
		if (wrote < 0) {
			die("vsock: write");
		}
		sent += wrote;
	}
	return n > 0;
}

static void copy_both_ways(int peer)
{
	struct pollfd fds[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = peer, .events = POLLIN},
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			die("vsock: poll");
		}
		if (fds[0].revents != 0 && !copy(STDIN_FILENO, peer)) {
			shutdown(peer, SHUT_WR);
			fds[0].fd = -1;
		}
		if (fds[1].revents != 0 && !copy(peer, STDOUT_FILENO)) {
			return;
		}
	}
}

static void print_cid(void)
{
	unsigned int cid;
	int device = open("/dev/vsock", O_RDONLY | O_CLOEXEC);

	if (device < 0 || ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) != 0) {
		die("/dev/vsock");
	}
	printf("%u\n", cid);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "listen") == 0) {
		copy_both_ways(accept_one(number(argv[2])));
	} else if (argc == 4 && strcmp(argv[1], "connect") == 0) {
		copy_both_ways(connect_to(number(argv[2]), number(argv[3])));
	} else if (argc >= 4 && strcmp(argv[1], "serve") == 0) {
		serve(number(argv[2]), &argv[3]);
	} else if (argc == 2 && strcmp(argv[1], "cid") == 0) {
		print_cid();
	} else {
		fputs("usage: vsock listen PORT | vsock connect CID PORT | vsock serve PORT PROGRAM "
		      "[ARGUMENT...] | vsock cid\n",
		      stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
