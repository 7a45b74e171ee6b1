/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a VM's command that is not to be run again when it has ended, or only after a failure, and keeps how it
 * has: what topo writes into the script of such a command (topo/rootfs/vm_files.c). And tells of that, as its
 * runner has the agent ask (topo/runner/session_command.c).
 *   once no|on-failure RESULT PROGRAM [ARGUMENT]...
 *   once wait RESULT
 * RESULT is a file with "exited STATUS" or "killed SIGNAL". The first form stays when that is written, since a
 * VM's init starts again what ends; where RESULT is there already it starts nothing. By SIGTERM the program
 * gets that too, unless it is from the first program of the VM, which tells all, and is not run again. Nor is
 * one of "no" where this program itself was killed, and so that: RESULT.new tells that it has begun. It has the
 * room that RESULT will take: the program may fill all there is.
 * The second form waits for RESULT and prints it; it ends with who reads that.
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
#define INIT_PID 1
#define ENDING_BYTES 32
#define EXIT_NOT_EXECUTABLE 126 /* as shells do */
#define EXIT_NOT_FOUND 127

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

/* In a session of its own: what it sends to its group is not for us, nor for who has started us. */
static _Noreturn void become(char **program, const sigset_t *mask, pid_t parent)
{
	setsid();
	sigprocmask(SIG_SETMASK, mask, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) { /* it has died before it could be heard of */
		_exit(EXIT_FAILURE);
	}
	execvp(program[0], program);
	fprintf(stderr, "%s: %s\n", program[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Run @program until it ends; its status. *@over: it was told to end. */
static int run(char **program, const sigset_t *mask, bool *over)
{
	const sigset_t set = signals();
	const pid_t parent = getpid();
	const pid_t child = fork();
	int status = 0;

	if (child < 0) {
		fprintf(stderr, "%s: %s\n", program[0], strerror(errno));
		return W_EXITCODE(EXIT_NOT_EXECUTABLE, 0);
	}
	if (child == 0) {
		become(program, mask, parent);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		siginfo_t told;
		if (sigwaitinfo(&set, &told) == SIGTERM) {
			*over = true;
			if (told.si_pid != INIT_PID) {
				kill(child, SIGTERM);
			}
		}
	}
	return status;
}

/* Let the time go by that an init waits before it runs something again; true: told to end. */
static bool is_over(void)
{
	const struct timespec again = {.tv_sec = AGAIN_S};
	sigset_t set;
	int number;

	/* Not that a child has ended: that may be news yet of one which is known to have. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	do {
		number = sigtimedwait(&set, NULL, &again);
	} while (number < 0 && errno == EINTR);
	return number == SIGTERM;
}

/* The same, and again after failures if it is to; the last status. */
static int run_by(bool on_failure, char **program, const sigset_t *mask, bool *over)
{
	for (;;) {
		const int status = run(program, mask, over);
		const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

		*over = *over || (on_failure && failed && is_over());
		if (*over || !on_failure || !failed) {
			return status;
		}
	}
}

/* The end of a program, which is kept at once or not at all, so that nobody reads a part of it. */
struct ending {
	const char *result;
	char path[PATH_MAX];
	int fd;
};

/* Have room for it. *@begun: another process has had, and did not come to its end. */
static void ending_begin(struct ending *ending, const char *result, bool *begun)
{
	char room[ENDING_BYTES] = {0};

	ending->result = result;
	snprintf(ending->path, sizeof(ending->path), "%s.new", result);
	ending->fd = open(ending->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	*begun = ending->fd < 0 && errno == EEXIST;
	if (*begun) {
		ending->fd = open(ending->path, O_WRONLY | O_CLOEXEC);
	}
	if (ending->fd < 0) {
		die(ending->path);
	}
	if (write(ending->fd, room, sizeof(room)) != sizeof(room)) {
		if (!*begun) {
			unlink(ending->path);
		}
		die(ending->path);
	}
}

static void ending_keep(const struct ending *ending, int status)
{
	char text[ENDING_BYTES];
	const int bytes =
		snprintf(text, sizeof(text), WIFSIGNALED(status) ? "killed %d\n" : "exited %d\n",
	                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));

	if (pwrite(ending->fd, text, (size_t)bytes, 0) != bytes ||
	    ftruncate(ending->fd, bytes) != 0 || rename(ending->path, ending->result) != 0) {
		die(ending->result);
	}
	close(ending->fd);
}

static int start(bool on_failure, const char *result, char **program)
{
	const sigset_t set = signals();
	bool over = false;
	sigset_t mask;

	signal(SIGCHLD, SIG_DFL); /* of an ignored one no status is kept */
	sigprocmask(SIG_BLOCK, &set, &mask);
	if (access(result, F_OK) != 0) {
		struct ending ending;
		bool begun;

		ending_begin(&ending, result, &begun);
		ending_keep(&ending, begun && !on_failure
		                             ? W_EXITCODE(0, SIGKILL) /* as in become() */
		                             : run_by(on_failure, program, &mask, &over));
	}
	if (over) {
		return EXIT_SUCCESS;
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (;;) {
		pause();
	}
}

static bool print(const char *result)
{
	char line[ENDING_BYTES];
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
		return start(strcmp(argv[1], "no") != 0, argv[2], argv + 3);
	}
	fputs("usage: once no|on-failure RESULT PROGRAM [ARGUMENT]...\n"
	      "       once wait RESULT\n",
	      stderr);
	return EXIT_FAILURE;
}
