/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes of the runner, as process.h declares them. */
#include "topo/runner/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child is of its parent. */
struct child {
	int out_fd, error_fd; /* its stdout and stderr */
	const int *kept;
	size_t kept_count;
	bool own_group;
	int end_signal; /* what it gets when the parent has ended */
};

/* A child's signals as a program expects them, and its end tied to ours. */
static void become_child(const struct child *child, pid_t parent)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (child->own_group) {
		(void)setpgid(0, 0);
	}
	(void)prctl(PR_SET_PDEATHSIG, child->end_signal);
	/* The parent may have ended before the line above. */
	if (getppid() != parent) {
		_exit(1);
	}
}

static void redirect(int from, int to)
{
	if (from == to) {
		(void)fcntl(to, F_SETFD, 0);
	} else if (dup2(from, to) < 0) {
		_exit(126);
	}
}

/* Run the program in the child; tell the parent of a failure through @error_fd. */
static void exec_program(char *const argv[], int error_fd)
{
	(void)execvp(argv[0], argv);
	const int error = errno;
	const ssize_t written = write(error_fd, &error, sizeof(error));
	(void)written;
	_exit(127);
}

/* The errno of a failed exec in the child, 0 when the exec succeeded and so closed the pipe. */
static int read_exec_error(int fd)
{
	int error = 0;
	ssize_t done = 0;
	do {
		done = read(fd, &error, sizeof(error));
	} while (done < 0 && errno == EINTR);
	return done == (ssize_t)sizeof(error) ? error : 0;
}

static pid_t spawn(char *const argv[], const struct child *child)
{
	int error_pipe[2];
	const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || pipe2(error_pipe, O_CLOEXEC) != 0) {
		const int error = errno;
		(void)(null_fd < 0 ? 0 : close(null_fd));
		return -error;
	}
	const pid_t parent = getpid();
	pid_t pid = fork();
	const int fork_error = errno;
	if (pid == 0) {
		become_child(child, parent);
		redirect(null_fd, STDIN_FILENO);
		redirect(child->out_fd, STDOUT_FILENO);
		redirect(child->error_fd, STDERR_FILENO);
		for (size_t i = 0; i < child->kept_count; i++) {
			(void)fcntl(child->kept[i], F_SETFD, 0);
		}
		exec_program(argv, error_pipe[1]);
	}
	(void)close(null_fd);
	(void)close(error_pipe[1]);
	const int error = pid < 0 ? fork_error : read_exec_error(error_pipe[0]);
	(void)close(error_pipe[0]);
	if (error != 0 && pid > 0) {
		(void)waitpid(pid, NULL, 0);
	}
	return error != 0 ? -error : pid;
}

pid_t process_spawn(char *const argv[], int out_fd, const int *kept, size_t kept_count)
{
	const struct child child = {.out_fd = out_fd,
	                            .error_fd = STDOUT_FILENO,
	                            .kept = kept,
	                            .kept_count = kept_count,
	                            .own_group = true,
	                            .end_signal = SIGKILL};

	return spawn(argv, &child);
}

pid_t process_spawn_tool(char *const argv[], int out_fd)
{
	const struct child child = {
		.out_fd = out_fd, .error_fd = STDERR_FILENO, .end_signal = SIGTERM};

	return spawn(argv, &child);
}
