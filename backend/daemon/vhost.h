/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost device of the kernel (/dev/vhost-net, /dev/vhost-vsock): what both kinds have in common.
 * Interface: <linux/vhost.h>. Closing the file stops its queues: when close() has returned, the
 * kernel touches them no more.
 */
#ifndef BACKEND_DAEMON_VHOST_H
#define BACKEND_DAEMON_VHOST_H

#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/backend.h"

/* virtio 1.2, 6. The VMM keeps ACCESS_PLATFORM to itself: for vhost it would mean an IOTLB. */
#define VHOST_FEATURE_ACCESS_PLATFORM 33

/* A kind of vhost device, and what it gets of a virtio device. */
struct vhost_kind {
	const char *path;
	uint64_t features; /* that the kernel itself must know of */
	uint32_t first_queue;
	uint32_t queue_count;
};

/**
 * Open a device of that @kind and give it @env's memory, the kind's queues of @setup, which it
 * counts from 0, and those of @setup's features that are the kind's; it must have all of these. The
 * queues do not run yet: that takes a call of the kind's own. Returns the file in @fd.
 * Errors, logged: ERR_STATE the kernel refuses; ERR_ARG a feature is not there; ERR_GUEST the
 * driver does not use a queue. @fd is -1 then.
 */
MUST_USE err_t vhost_open(const struct backend_env *env, const struct vhost_kind *kind,
                          const struct control_setup *setup, int *fd);

#endif
