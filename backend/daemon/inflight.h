/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vhost-user program notes the requests that it works on (vhost_user.h): memory of the
 * connection that outlives program, daemon and the VM, or, where the module has none, a file that
 * outlives program and daemon. It belongs to one life of a device's rings, which the number of its
 * START names: what an earlier life left there names requests that do not exist any more.
 *
 *   byte 0     our header: which life
 *   byte 4096  the program's region, all zero at the beginning of a life (vhost-user.rst, "Inflight
 *              I/O tracking", queue region for split virtqueue)
 */
#ifndef BACKEND_DAEMON_INFLIGHT_H
#define BACKEND_DAEMON_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/backend.h"
#include "abi/err.h"
#include "backend/daemon/backend.h"
#include "backend/daemon/control.h"

#define INFLIGHT_REGION_OFFSET PV_BACKEND_INFLIGHT_HEAD

struct inflight {
	int fd;          /* what a program is given; -1: closed */
	uint64_t offset; /* of the program's region in it, a whole page */
	uint64_t bytes;  /* of that region */
	uint8_t *base;   /* ours: header and region */
};

/** Take hold of the records of the device of @env. Errors, logged: ERR_STATE, ERR_RANGE. */
MUST_USE err_t inflight_open(struct inflight *inflight, const struct backend_env *env);

/** Let go. */
void inflight_close(struct inflight *inflight);

/**
 * Make the records those of the life of @setup, while no program has them.
 * Returns true if they were already, and say what was in flight; else they are empty now.
 */
bool inflight_begin(struct inflight *inflight, const struct control_setup *setup);

/** Has a program ever taken note in this life? It writes its version there first. */
bool inflight_is_used(const struct inflight *inflight);

#endif
