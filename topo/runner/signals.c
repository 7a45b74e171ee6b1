/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/runner/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(const int *also, size_t count)
{
	sigset_t wanted;
	sigset_t before;

	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGINT);
	(void)sigaddset(&wanted, SIGTERM);
	(void)sigaddset(&wanted, SIGHUP);
	for (size_t i = 0; i < count; i++) {
		(void)sigaddset(&wanted, also[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &wanted, &before);

	const int fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	const int error = errno;

	if (fd < 0) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	}
	errno = error;
	return fd;
}

int signals_read(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}
