/* SPDX-License-Identifier: BSD-2-Clause */
/* Unix stream sockets with a path, to programs that outlive the daemon or come to it. */
#ifndef BACKEND_DAEMON_SOCKET_H
#define BACKEND_DAEMON_SOCKET_H

#include "abi/err.h"

/**
 * Connect to who listens at @path, in @fd, which does not block.
 * Errors: ERR_EMPTY nobody listens; ERR_STATE it cannot be said, logged.
 */
MUST_USE err_t socket_connect(const char *path, int *fd);

/** Listen at @path, whoever did so before. The file, close-on-exec; -1: not possible, logged. */
int socket_listen(const char *path);

#endif
