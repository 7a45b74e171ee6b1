/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a VM's command that is not to be run again when it has ended, or only after a failure, and keeps how it
 * has: what topo writes into the script of such a command (topo/rootfs/vm_files.c). And tells of that, as its
 * runner has the agent ask (topo/runner/session_command.c).
 *   once no|on-failure RESULT PROGRAM [ARGUMENT]...
 *   once wait RESULT
 * RESULT is a file with "exited STATUS" or "killed SIGNAL". The first form stays when that is written, since a
 * VM's init starts again what ends; where RESULT is there already it starts nothing. By SIGTERM the program
 * gets that too, and is not run again. The second form waits for RESULT and prints it; it ends with who reads
 * that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_S 1

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "once: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* What is waited for here: no handler runs. */
static sigset_t signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	return set;
}

static _Noreturn void become(char **program, const sigset_t *mask, pid_t parent)
{
	sigprocmask(SIG_SETMASK, mask, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) { /* it has died before it could be heard of */
		_exit(EXIT_FAILURE);
	}
	execvp(program[0], program);
	fprintf(stderr, "%s: %s\n", program[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Run @program until it ends; its status. *@over: it was told to end. */
static int run(char **program, const sigset_t *mask, bool *over)
{
	const sigset_t set = signals();
	const pid_t parent = getpid();
	const pid_t child = fork();
	int status = 0;

	if (child < 0) {
		die("fork");
	}
	if (child == 0) {
		become(program, mask, parent);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (sigwaitinfo(&set, NULL) == SIGTERM) {
			*over = true;
			kill(child, SIGTERM);
		}
	}
	return status;
}

/* At once or not at all, so that nobody reads a part of it. */
static void keep(const char *result, int status)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.new", result);
	FILE *file = fopen(path, "we");
	if (file == NULL) {
		die(path);
	}
	fprintf(file, WIFSIGNALED(status) ? "killed %d\n" : "exited %d\n",
	        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (fclose(file) != 0 || rename(path, result) != 0) {
		die(result);
	}
}

static int run_by(bool on_failure, const char *result, char **program)
{
	const struct timespec again = {.tv_sec = AGAIN_S};
	const sigset_t set = signals();
	sigset_t mask;
	bool over = access(result, F_OK) == 0;

	sigprocmask(SIG_BLOCK, &set, &mask);
	while (!over) {
		const int status = run(program, &mask, &over);
		const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

		if (!over && on_failure && failed) {
			/* As its init does with what it runs again. */
			over = sigtimedwait(&set, NULL, &again) == SIGTERM;
		} else {
			keep(result, status);
			if (over) {
				return EXIT_SUCCESS;
			}
			over = true;
		}
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (;;) {
		pause();
	}
}

static bool print(const char *result)
{
	char line[32];
	FILE *file = fopen(result, "re");

	if (file == NULL) {
		return false;
	}
	if (fgets(line, sizeof(line), file) != NULL) {
		fputs(line, stdout);
	}
	fclose(file);
	return true;
}

static int wait_for(const char *result)
{
	char events[sizeof(struct inotify_event) + NAME_MAX + 1];
	char *path = strdup(result);
	struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.events = POLLIN}};

	fds[1].fd = inotify_init1(IN_CLOEXEC);
	if (path == NULL || fds[1].fd < 0 ||
	    inotify_add_watch(fds[1].fd, dirname(path), IN_MOVED_TO) < 0) {
		die(result);
	}
	free(path);
	while (!print(result)) {
		if (poll(fds, 2, -1) < 0) {
			die("poll");
		}
		if (fds[0].revents != 0) {
			return EXIT_FAILURE; /* nobody reads any more */
		}
		if (read(fds[1].fd, events, sizeof(events)) < 0) {
			die("inotify");
		}
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "wait") == 0) {
		return wait_for(argv[2]);
	}
	if (argc > 3 && (strcmp(argv[1], "no") == 0 || strcmp(argv[1], "on-failure") == 0)) {
		return run_by(strcmp(argv[1], "no") != 0, argv[2], argv + 3);
	}
	fputs("usage: once no|on-failure RESULT PROGRAM [ARGUMENT]...\n"
	      "       once wait RESULT\n",
	      stderr);
	return EXIT_FAILURE;
}
