/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a VM's health check over and over, and says on its standard output, in a line each, what has become of
 * it: what topo's runner starts by the agent (topo/runner/session_health.c). It ends with who reads that.
 *   health INTERVAL RETRIES PROGRAM [ARGUMENT]...
 *   healthy           PROGRAM has succeeded
 *   unhealthy WHY     it has not for INTERVAL times RETRIES milliseconds
 * It is run INTERVAL after it has ended; until it first succeeds each second, if that is more often. A run
 * that takes as long as makes a VM unhealthy is killed; the next one begins when it has ended. What a run
 * leaves in its process group is killed when it ends.
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
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 1000
#define WORDS_BYTES 81U

struct check {
	char **program;
	int64_t interval_ms, limit_ms;
	int64_t good_ms;    /* when it last succeeded, or began */
	bool ever, healthy; /* it has succeeded; its last word was that */
	bool said;          /* that it is unhealthy, since then */
	/* a run */
	pid_t pid;
	int ended, output;       /* its pidfd, and what it says; -1 = closed */
	char words[WORDS_BYTES]; /* its last line */
	bool line_over;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The last line that is not empty, or its beginning. */
static void keep_words(struct check *check, const char *bytes, ssize_t count)
{
	size_t used = strlen(check->words);

	for (ssize_t i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			check->line_over = true;
			continue;
		}
		if (check->line_over) {
			used = 0;
			check->line_over = false;
		}
		if (used < WORDS_BYTES - 1 && bytes[i] != '\0') {
			check->words[used++] = bytes[i];
		}
		check->words[used] = '\0';
	}
}

/* One piece of it; how many bytes, 0 = none or the end. */
static int take_output(struct check *check)
{
	char bytes[4096];
	const ssize_t count = read(check->output, bytes, sizeof(bytes));

	if (count > 0) {
		keep_words(check, bytes, count);
		return (int)count;
	}
	if (count == 0 || errno != EAGAIN) {
		close(check->output);
		check->output = -1;
	}
	return 0;
}

/* What it wrote at last, and no more: its children may hold the pipe for ever, and go on writing. */
static void take_rest(struct check *check)
{
	int left = 0;

	if (check->output < 0 || ioctl(check->output, FIONREAD, &left) != 0) {
		return;
	}
	for (int took = 1; left > 0 && took > 0; left -= took) {
		took = take_output(check);
	}
}

static _Noreturn void become(const struct check *check, int output, pid_t parent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) { /* it has died before it could be heard of */
		_exit(EXIT_FAILURE);
	}
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execvp(check->program[0], check->program);
	fprintf(stderr, "%s: %s\n", check->program[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void start(struct check *check)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		die("pipe");
	}
	check->words[0] = '\0';
	check->line_over = false;
	const pid_t parent = getpid();
	check->pid = fork();
	if (check->pid < 0) {
		die("fork");
	}
	if (check->pid == 0) {
		become(check, ends[1], parent);
	}
	setpgid(check->pid, check->pid);
	close(ends[1]);
	check->output = ends[0];
	fcntl(check->output, F_SETFL, O_NONBLOCK);
	check->ended = pidfd_open(check->pid, 0);
	if (check->ended < 0) {
		die("pidfd_open");
	}
}

/* Wait for @fds, or until @end_ms; whoever reads what is said here may be gone, and so is this then. */
static bool wait_for(struct pollfd *fds, nfds_t count, int64_t end_ms)
{
	const int64_t left = end_ms - now_ms();

	fds[0] = (struct pollfd){.fd = STDOUT_FILENO};
	if (left > 0 && poll(fds, count, left > INT32_MAX ? INT32_MAX : (int)left) < 0) {
		die("poll");
	}
	if ((fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
		exit(EXIT_SUCCESS);
	}
	return now_ms() < end_ms;
}

/* Until the run has ended, or @end_ms. Returns whether it has ended. */
static bool follow(struct check *check, int64_t end_ms)
{
	struct pollfd fds[3];

	do {
		fds[1] = (struct pollfd){.fd = check->ended, .events = POLLIN};
		fds[2] = (struct pollfd){.fd = check->output, .events = POLLIN};
		if (!wait_for(fds, 3, end_ms)) {
			return false;
		}
		if (fds[2].revents != 0) {
			(void)take_output(check);
		}
	} while (fds[1].revents == 0);
	return true;
}

/* The status of a run that has ended. */
static int reap(struct check *check)
{
	int status = 0;

	/* Until it is waited for nobody else has the group's number. */
	kill(-check->pid, SIGKILL);
	waitpid(check->pid, &status, 0);
	take_rest(check);
	if (check->output >= 0) {
		close(check->output);
	}
	close(check->ended);
	return status;
}

static void say_unhealthy(const struct check *check, int status, bool late)
{
	char why[64];

	if (late) {
		snprintf(why, sizeof(why), "no end in %lld ms", (long long)check->limit_ms);
	} else if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	} else {
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	}
	printf("unhealthy %s%s%s\n", why, check->words[0] == '\0' ? "" : ": ", check->words);
}

static void judge(struct check *check, int status, bool late)
{
	const int64_t now = now_ms();

	if (!late && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		check->good_ms = now;
		if (!check->healthy) {
			printf("healthy\n");
		}
		check->ever = check->healthy = true;
		check->said = false;
	} else if (!check->said && now - check->good_ms >= check->limit_ms) {
		check->said = true;
		check->healthy = false;
		say_unhealthy(check, status, late);
	}
}

static _Noreturn void run(struct check *check)
{
	for (;;) {
		start(check);
		if (follow(check, now_ms() + check->limit_ms)) {
			judge(check, reap(check), false);
		} else {
			kill(-check->pid, SIGKILL);
			judge(check, 0, true);
			/* A read of a disk that does not answer holds it in the kernel even so. */
			follow(check, INT64_MAX);
			reap(check);
		}

		const bool often = !check->ever && check->interval_ms > FIRST_MS;
		const int64_t next_ms = now_ms() + (often ? FIRST_MS : check->interval_ms);
		struct pollfd reader[1];

		while (wait_for(reader, 1, next_ms)) {
		}
	}
}

int main(int argc, char **argv)
{
	const long interval = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	const long retries = argc > 3 ? strtol(argv[2], NULL, 10) : 0;

	if (interval < 1 || interval > INT32_MAX || retries < 1 || retries > INT32_MAX) {
		fputs("usage: health INTERVAL RETRIES PROGRAM [ARGUMENT]...\n", stderr);
		return EXIT_FAILURE;
	}
	struct check check = {
		.program = &argv[3],
		.interval_ms = interval,
		.limit_ms = (int64_t)interval * retries,
		.good_ms = now_ms(),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (freopen("/dev/null", "r", stdin) == NULL) {
		die("/dev/null");
	}
	run(&check);
}
