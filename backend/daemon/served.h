/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of a device that the daemon itself is: its kicks are watched and its requests handed to
 * the device one by one. A driver VM that never stops asking gets SERVED_PERIOD_BYTES in
 * each SERVED_PERIOD_MS, counting SERVED_REQUEST_BYTES for each request, so that the loop has time for
 * the other connections.
 */
#ifndef BACKEND_DAEMON_SERVED_H
#define BACKEND_DAEMON_SERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/loop.h"
#include "backend/daemon/vring.h"

#define SERVED_PERIOD_BYTES 65536U
#define SERVED_REQUEST_BYTES 64U
#define SERVED_PERIOD_MS 10U

struct served {
	/* Set by the device, then constant. */
	const struct backend_env *env;
	uint32_t queue; /* in the device */
	/* Serve @request and say how many bytes were @written to it, and how many were @moved.
	 * false: not now; the device calls served_run() when it can. */
	bool (*serve)(void *owner, const struct vring_request *request, uint32_t *written,
	              uint32_t *moved);
	/* The ring makes no sense; the queue is closed. */
	void (*broken)(void *owner);
	void *owner;

	struct vring ring;
	struct loop_source kick; /* fd: -1 when all is spent, or it is closed */
	struct loop_timer period;
	uint32_t spent; /* bytes, in this period */
	bool is_open;
};

/** Serve the queue of @setup from now on. Errors: ERR_GUEST its driver does not use that queue;
 * ERR_STATE. */
MUST_USE err_t served_open(struct served *served, const struct control_setup *setup);

/** Serve what waits, unless the queue is closed or has spent all. */
void served_run(struct served *served);

/** Touch the queue no more; nothing happens if it is closed. */
void served_close(struct served *served);

#endif
