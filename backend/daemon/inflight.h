/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file in which a vhost-user program notes the requests that it works on (vhost_user.h). It
 * outlives daemon and program, and belongs to one life of a device's rings: what an earlier life
 * left there names requests that do not exist any more. A life is known by the number of its START
 * and by its used indices: a VMM that sends START anew may count up (abi/iobuf.h says that it does
 * not), and so may one that has reset the device while there was no session, but then the rings
 * have begun anew.
 *
 *   offset 0     our header: which life
 *   offset 4096  the program's region, all zero at the beginning (vhost-user.rst, "Inflight I/O
 *                tracking", queue region for split virtqueue)
 */
#ifndef BACKEND_DAEMON_INFLIGHT_H
#define BACKEND_DAEMON_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"

#define INFLIGHT_REGION_OFFSET 4096U

/**
 * Open the file at @path for the life @sequence of the rings, in @fd. @kept: it was of that life
 * already, going by the number, and names what was in flight; else it is empty.
 * Errors, logged: ERR_STATE.
 */
MUST_USE err_t inflight_open(const char *path, uint32_t sequence, int *fd, bool *kept);

/** Does queue @queue of @queue_count, as far as its program took note, stand at @used_index? */
bool inflight_matches(int fd, uint32_t queue, uint32_t queue_count, uint16_t used_index);

/** Empty the file: its life has just begun. Errors: ERR_STATE. */
MUST_USE err_t inflight_clear(int fd);

/** Make room for a region of @bytes, zero as far as it is new. Errors: ERR_RANGE, ERR_STATE. */
MUST_USE err_t inflight_reserve(int fd, uint64_t bytes);

/** Has a program ever taken note in the region? It writes its version there first. */
bool inflight_is_used(int fd);

#endif
