/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a program as a child that cannot outlive the process which starts it, in a process
 * group of its own, so that the terminal's signals reach the runner alone.
 */
#ifndef TOPO_RUNNER_PROCESS_H
#define TOPO_RUNNER_PROCESS_H

#include <sys/types.h>

/**
 * Start @argv (found by PATH) with stdin from /dev/null and stdout and stderr to @out_fd; @kept_fd,
 * if it is not -1, stays open in it under its number.
 * Returns the process once the program runs in it, or a negative errno.
 */
pid_t process_spawn(char *const argv[], int out_fd, int kept_fd);

#endif
