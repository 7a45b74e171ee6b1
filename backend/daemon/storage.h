/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program behind blk devices: one for each disk, which serves it over vhost-user, and what a
 * disk is: its identity. It is ours (backend/disk) for a raw disk in memory, else
 * qemu-storage-daemon. The program is not tied to the daemon: when the daemon dies it goes on,
 * finishes what it has taken, and waits for the next daemon at the same socket.
 */
#ifndef BACKEND_DAEMON_STORAGE_H
#define BACKEND_DAEMON_STORAGE_H

#include <stdbool.h>

#include "abi/err.h"
#include "backend/daemon/backend.h"

#define STORAGE_PROGRAM "qemu-storage-daemon"
#define STORAGE_MEMORY_PROGRAM "peervisor-disk"

/* What a program serves, each at a socket of its own: the disk, and a device at which all fails. */
enum storage_export { STORAGE_DISK, STORAGE_ERRORS, STORAGE_EXPORTS };

/**
 * Start the program for the disk of @env, listening at the paths @disk and @errors from the first
 * moment on. Makes the disk if it is to be made. Errors, logged: ERR_STATE, ERR_FULL.
 */
MUST_USE err_t storage_spawn(const struct backend_env *env, const char *disk, const char *errors);

/**
 * Kill the program that listens at @socket, which has shaken hands there, with all that it works
 * on. Its sockets close when it is gone. false: it could not be.
 */
bool storage_kill(const char *socket);

/**
 * The identity (abi/iobuf.h) of the disk that @config names, which is there: a random number in a
 * file beside it, made if there is none; 1 where nothing can be lost: of a disk that nobody writes,
 * or a block device, which outlives the VM. 0: it cannot be said, logged.
 */
uint64_t storage_identity(const struct dt_device *config);

#endif
