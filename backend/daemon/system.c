/* SPDX-License-Identifier: BSD-2-Clause */
#include "backend/daemon/system.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/daemon/log.h"

extern char **environ;

/* A file in memory with @input, to be read from its beginning; -1: there is no room. */
static int open_input(const char *input)
{
	size_t bytes = strlen(input);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, input, bytes) != (ssize_t)bytes || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool system_run(const char *const argv[], const char *input)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int status = 0;
	/* POSIX: posix_spawnp does not write to its arguments, whatever their type says. */
	char *const *arguments = (char *const *)(uintptr_t)argv;
	int fd = open_input(input);

	if (fd < 0) {
		return false;
	}
	bool ok = posix_spawn_file_actions_init(&actions) == 0;
	if (ok) {
		ok = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO) == 0 &&
		     posix_spawnp(&pid, argv[0], &actions, NULL, arguments, environ) == 0;
		posix_spawn_file_actions_destroy(&actions);
	}
	close(fd);
	return ok && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

err_t system_set(const char *subject, const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	err_t err = OK;

	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		log_errno(subject, "%s", path);
		err = ERR_STATE;
	}
	if (fd >= 0) {
		close(fd);
	}
	return err;
}
