/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of this VM's Linux by other programs and by settings. */
#ifndef BACKEND_DAEMON_SYSTEM_H
#define BACKEND_DAEMON_SYSTEM_H

#include <stdbool.h>

#include "abi/err.h"

/** Run @argv, found by PATH, to its end, with @input as its standard input. Returns whether it ended
 * with status 0. */
bool system_run(const char *const argv[], const char *input);

/** Write @value to @path, a file of proc or sysfs. Errors: ERR_STATE, logged with @subject. */
MUST_USE err_t system_set(const char *subject, const char *path, const char *value);

#endif
