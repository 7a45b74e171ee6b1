/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process of a command: its argument vector, its three pipes or its terminal, its group.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "images/agent/agent.h"
#include "images/agent/connect.h"

#define EXIT_NOT_FOUND 127
#define EXIT_NOT_EXECUTABLE 126

/* An argument vector is whole if it is not empty and each argument ends with its NUL. */
static bool split_argv(struct command *command, char *argv[PV_AGENT_ARGC_MAX + 1])
{
	uint32_t argc = 0;
	uint32_t at = 0;

	if (command->argv_bytes == 0 || command->argv[command->argv_bytes - 1] != '\0') {
		return false;
	}
	while (at < command->argv_bytes) {
		if (argc == PV_AGENT_ARGC_MAX) {
			return false;
		}
		argv[argc++] = &command->argv[at];
		at += (uint32_t)strlen(&command->argv[at]) + 1U;
	}
	argv[argc] = NULL;
	return true;
}

/* In the child. Every other descriptor of the agent closes on exec. */
static _Noreturn void become(char *const argv[], const int child_fd[PIPE_COUNT], bool terminal)
{
	sigset_t none;

	for (int i = 0; i < PIPE_COUNT; i++) {
		if (dup2(child_fd[i], i) < 0) {
			_exit(EXIT_NOT_EXECUTABLE);
		}
	}
	if (!terminal) {
		setpgid(0, 0);
	} else if (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
		_exit(EXIT_NOT_EXECUTABLE);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (strcmp(argv[0], PV_AGENT_CONNECT) == 0) {
		connect_and_exit(argv);
	}
	execvp(argv[0], argv);
	int error = errno;
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Three pipes; ours[] are the agent's ends and do not block, theirs[] the child's. */
static bool make_pipes(int ours[PIPE_COUNT], int theirs[PIPE_COUNT])
{
	for (int i = 0; i < PIPE_COUNT; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0) {
			while (i-- > 0) {
				close(ours[i]);
				close(theirs[i]);
			}
			return false;
		}
		ours[i] = ends[i == PIPE_STDIN ? 1 : 0];
		theirs[i] = ends[i == PIPE_STDIN ? 0 : 1];
		fcntl(ours[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

void process_size(int terminal, const uint8_t size[4])
{
	const struct winsize winsize = {.ws_row = (uint16_t)(size[0] | size[1] << 8),
	                                .ws_col = (uint16_t)(size[2] | size[3] << 8)};

	(void)ioctl(terminal, TIOCSWINSZ, &winsize);
}

/* A pseudo terminal of @size: as make_pipes, but no standard error. */
static bool make_terminal(int ours[PIPE_COUNT], int theirs[PIPE_COUNT], const uint8_t size[4])
{
	int fd[PIPE_COUNT + 2] = {posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), -1, -1, -1, -1};

	if (fd[0] >= 0 && unlockpt(fd[0]) == 0) {
		fd[1] = fcntl(fd[0], F_DUPFD_CLOEXEC, 0);
		fd[2] = ioctl(fd[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
		fd[3] = fcntl(fd[2], F_DUPFD_CLOEXEC, 0);
		fd[4] = fcntl(fd[2], F_DUPFD_CLOEXEC, 0);
	}
	for (int i = 0; i < PIPE_COUNT + 2; i++) {
		if (fd[i] < 0) {
			for (int k = 0; k < PIPE_COUNT + 2; k++) {
				(void)(fd[k] < 0 ? 0 : close(fd[k]));
			}
			return false;
		}
	}
	process_size(fd[0], size);
	fcntl(fd[0], F_SETFL, O_RDWR | O_NONBLOCK);
	memcpy(ours, (const int[PIPE_COUNT]){fd[0], fd[1], -1}, PIPE_COUNT * sizeof(int));
	memcpy(theirs, &fd[2], PIPE_COUNT * sizeof(int));
	return true;
}

uint8_t process_start(struct command *command, uint32_t limit_ms, const uint8_t *size)
{
	char *argv[PV_AGENT_ARGC_MAX + 1];
	int child_fd[PIPE_COUNT];

	if (!split_argv(command, argv)) {
		return PV_AGENT_BAD;
	}
	command->terminal = size != NULL;
	command->line_open = false;
	command->rest_bytes = 0;
	if (size != NULL ? !make_terminal(command->fd, child_fd, size)
	                 : !make_pipes(command->fd, child_fd)) {
		return PV_AGENT_FAILED;
	}
	pid_t pid = fork();
	if (pid == 0) {
		become(argv, child_fd, size != NULL);
	}
	for (int i = 0; i < PIPE_COUNT; i++) {
		close(child_fd[i]);
	}
	if (pid < 0) {
		for (int i = 0; i < PIPE_COUNT; i++) {
			stream_close(command, i);
		}
		return PV_AGENT_FAILED;
	}
	/* Here as well as in the child: whoever comes first, the group exists when we signal it. */
	if (size == NULL) {
		setpgid(pid, pid);
	}
	command->pid = pid;
	command->deadline_ms = limit_ms != 0 ? now_ms() + limit_ms : 0;
	command->timed_out = false;
	command->state = COMMAND_RUNNING;
	return PV_AGENT_OK;
}

bool process_signal(const struct command *command, int number)
{
	return kill(-command->pid, number) == 0 || kill(command->pid, number) == 0;
}
