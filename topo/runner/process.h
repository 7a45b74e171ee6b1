/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a program as a child that cannot outlive the process which starts it, in a process
 * group of its own, so that the terminal's signals reach the runner alone.
 */
#ifndef TOPO_RUNNER_PROCESS_H
#define TOPO_RUNNER_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/**
 * Start @argv (found by PATH) with stdin from /dev/null and stdout and stderr to @out_fd; the
 * @kept_count descriptors @kept stay open in it under their numbers.
 * Returns the process once the program runs in it, or a negative errno.
 */
pid_t process_spawn(char *const argv[], int out_fd, const int *kept, size_t kept_count);

#endif
