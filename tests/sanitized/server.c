/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo, started once and run many times: for each request on its socket the process calls topo's
 * main() with the arguments, in the directory and on the streams that the request gives. What a
 * start costs (loading, relocation, page faults, the sanitizers' own) is paid once; leaks of all runs
 * are looked for at the end. A run that ends the process ends the server, whose status is then that of
 * the run: so does a finding of a sanitizer. tests/served.py is the other side.
 *
 *   topo-server FD    FD: a socket of whole messages (SOCK_SEQPACKET)
 *
 * A request is a row of texts, each with its zero byte: the directory, and the arguments from argv[0]
 * on. With it come the three streams. The answer is what main() returned, an int.
 */
#define _GNU_SOURCE

#include "tests/sanitized/server.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_COUNT 3
#define REQUEST_BYTES ((size_t)96 << 10)
#define WORDS_MAX 1024

/* Nothing of it is on the heap, where what topo leaks might hide behind it. */
static struct {
	int streams[STREAM_COUNT];
	int count; /* of the words */
	char *words[WORDS_MAX + 1];
	char text[REQUEST_BYTES + 1];
} request;

/* Ends the server: its client has sent what it never sends. */
static _Noreturn void refuse(const char *why)
{
	fprintf(stderr, "topo-server: %s\n", why);
	_exit(EXIT_FAILURE);
}

/* False at the end of the requests. */
static bool receive(int from)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(request.streams))];
	struct iovec data = {.iov_base = request.text, .iov_len = REQUEST_BYTES};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	const ssize_t got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);

	if (got <= 0) {
		return false;
	}
	const struct cmsghdr *given = CMSG_FIRSTHDR(&message);

	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || given == NULL ||
	    given->cmsg_len != CMSG_LEN(sizeof(request.streams))) {
		refuse("a request is too long, or has not three streams");
	}
	memcpy(request.streams, CMSG_DATA(given), sizeof(request.streams));
	request.text[got] = '\0';
	request.count = 0;
	for (char *at = request.text; at < request.text + got; at += strlen(at) + 1) {
		if (request.count == WORDS_MAX) {
			refuse("a request has too many words");
		}
		request.words[request.count++] = at;
	}
	request.words[request.count] = NULL;
	return true;
}

/* The standard streams become these. */
static void take_streams(const int streams[STREAM_COUNT])
{
	for (int i = 0; i < STREAM_COUNT; i++) {
		if (dup2(streams[i], i) < 0) {
			refuse("a stream cannot be used");
		}
	}
}

/* What the C library keeps for the process is as a fresh start would find it. */
static void begin_anew(void)
{
	char *const nothing[] = {request.words[1], NULL};
	sigset_t none;

	clearerr(stdin);
	clearerr(stdout);
	clearerr(stderr);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	/* glibc forgets an option of several letters that it was in. */
	optind = 0;
	(void)getopt(1, nothing, "");
}

static int run_topo(void)
{
	take_streams(request.streams);
	for (int i = 0; i < STREAM_COUNT; i++) {
		close(request.streams[i]);
	}
	if (request.count < 2 || chdir(request.words[0]) != 0) {
		refuse("the directory cannot be entered");
	}
	begin_anew();

	const int code = __real_main(request.count - 1, request.words + 1);

	fflush(stdout);
	return code;
}

int __wrap_main(int argc, char **argv)
{
	const int client = argc == 2 ? (int)strtol(argv[1], NULL, 10) : -1;
	int own[STREAM_COUNT];

	for (int i = 0; i < STREAM_COUNT; i++) {
		own[i] = fcntl(i, F_DUPFD_CLOEXEC, STREAM_COUNT);
	}
	while (receive(client)) {
		const int code = run_topo();

		/* What topo has closed would be the next request's, and the end has its own word. */
		take_streams(own);
		if (send(client, &code, sizeof(code), MSG_NOSIGNAL) != sizeof(code)) {
			break;
		}
	}
	return EXIT_SUCCESS;
}
