/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program behind blk devices: one qemu-storage-daemon for each disk, which serves it over
 * vhost-user. It is not tied to the daemon: when the daemon dies it goes on, finishes what it has
 * taken, and waits for the next daemon at the same socket.
 */
#ifndef BACKEND_DAEMON_STORAGE_H
#define BACKEND_DAEMON_STORAGE_H

#include "abi/err.h"
#include "backend/daemon/backend.h"

#define STORAGE_PROGRAM "qemu-storage-daemon"

/**
 * Start the program for the disk of @env, listening at @path from the first moment on. Makes the
 * disk if it is to be made. Errors, logged: ERR_STATE.
 */
MUST_USE err_t storage_spawn(const struct backend_env *env, const char *path);

#endif
