/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pair of queues of a net device, receive and transmit (virtio 1.2, 5.1.2): a queue of the tap,
 * served by a vhost-net of its own. Pair 0 is always attached to the tap; of a device that has
 * several the others are as many as the driver uses, since the tap spreads frames among all that
 * are attached.
 */
#ifndef BACKEND_DAEMON_NET_PAIR_H
#define BACKEND_DAEMON_NET_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/backend.h"

#define NET_PAIR_QUEUES 2U

struct net_pair {
	const struct backend_env *env;
	uint32_t number;
	int tap_fd;
	int vhost_fd; /* -1: the queues do not run */
	bool is_attached;
};

/** Open the tap's next queue, attached, as pair @number of the device. Errors, logged: ERR_STATE. */
MUST_USE err_t net_pair_open(struct net_pair *pair, const struct backend_env *env, uint32_t number);

/** Serve the queues of @setup; the pair is attached. Errors, logged: those of vhost_open(). Nothing
 * runs then. */
MUST_USE err_t net_pair_start(struct net_pair *pair, const struct control_setup *setup);

/** When it returns the queues are not touched any more. */
void net_pair_stop(struct net_pair *pair);

/** Attach the pair to the tap, or detach it: not pair 0. Errors, logged: ERR_STATE. */
MUST_USE err_t net_pair_attach(struct net_pair *pair, bool attach);

/** Stop, and give the tap's queue back; nothing happens if it is not open. */
void net_pair_close(struct net_pair *pair);

#endif
