/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting a program as a child that does not outlive the process which starts it. */
#ifndef TOPO_RUNNER_PROCESS_H
#define TOPO_RUNNER_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/**
 * Start @argv (found by PATH) in a process group of its own, so that the terminal's signals reach the
 * runner alone; SIGKILL ends it with us. It has stdin from /dev/null and stdout and stderr to @out_fd; the
 * @kept_count descriptors @kept stay open in it under their numbers.
 * Returns the process once the program runs in it, or a negative errno.
 */
pid_t process_spawn(char *const argv[], int out_fd, const int *kept, size_t kept_count);

/**
 * The same of a program that cleans up after itself: it has our standard error, and is of our process
 * group, so that the terminal's Ctrl-C reaches it; SIGTERM tells it that we have ended.
 */
pid_t process_spawn_tool(char *const argv[], int out_fd);

#endif
