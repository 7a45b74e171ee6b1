/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end of vhost-user: the protocol by which a program of its own, on a Unix socket, is
 * told to serve virtqueues (QEMU's docs/interop/vhost-user.rst). One object is one connection to a
 * program: it shakes hands, starts the queues of one device, and ends by closing. Nothing blocks;
 * requests go out one at a time, the next when the last is answered.
 *
 * Requests in flight. Where a program dies with requests taken and not answered, the used index
 * tells how many those were but not which, unless it answers in order. So it notes them in a file
 * (inflight.h) by the protocol feature INFLIGHT_SHMFD.
 */
#ifndef BACKEND_DAEMON_VHOST_USER_H
#define BACKEND_DAEMON_VHOST_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/backend.h"
#include "backend/daemon/inflight.h"
#include "backend/daemon/loop.h"

/* Protocol features; vhost-user.rst, "Protocol features". */
#define VHOST_USER_PROTOCOL_MQ (1U << 0)
#define VHOST_USER_PROTOCOL_REPLY_ACK (1U << 3)
#define VHOST_USER_PROTOCOL_INFLIGHT (1U << 12)

enum vhost_user_event {
	VHOST_USER_READY,   /* hands are shaken: it serves no queue of us or of a predecessor */
	VHOST_USER_STARTED, /* the queues run */
	VHOST_USER_REFUSED, /* it cannot do what the setup asks; close */
	VHOST_USER_CLOSED   /* it hung up, or does not speak the protocol; close */
};

#define VHOST_USER_PAYLOAD_MAX 64U /* the longest of those used here takes 40 */

struct vhost_user_message {
	uint32_t request;
	uint32_t flags;
	uint32_t bytes; /* of payload */
	uint8_t payload[VHOST_USER_PAYLOAD_MAX];
};

/* What the program is and who wants to know. Constant while the connection lasts. */
struct vhost_user_config {
	const struct backend_env *env;
	/* The bits of a setup's features that are the program's affair; the VMM sees to others. */
	uint64_t device_features;
	/* Protocol features that the program has though it does not offer them. */
	uint64_t hidden_protocol;
	int display_fd; /* socket to the display of a gpu; 0: it is none */
	void (*event)(void *owner, enum vhost_user_event event);
	void *owner;
};

struct vhost_user_step;

struct vhost_user {
	struct vhost_user_config config;
	struct loop_source source; /* fd: the socket; -1 = closed */
	uint64_t offered;          /* features of the program */
	uint64_t protocol;         /* protocol features in use */

	/* Where we are in the lists of requests. */
	const struct vhost_user_step *step; /* the request whose answer is waited for; or NULL */
	uint32_t queue;
	enum vhost_user_event goal; /* what the end of the list means */
	const struct control_setup *setup;
	const struct inflight *inflight;
	uint64_t inflight_bytes;

	/* What has come of the answer. */
	struct vhost_user_message answer;
	size_t answer_bytes;
};

/**
 * Speak to the program at the other end of @fd, a connected Unix socket that does not block, which
 * is taken over. What comes of it is told by an event, perhaps from within this call.
 */
void vhost_user_open(struct vhost_user *user, const struct vhost_user_config *config, int fd);

/**
 * Start the queues of @setup, after VHOST_USER_READY. @setup stays valid until the connection is
 * closed. @inflight: the records of requests in flight, which stay open as long;
 * NULL: they are not noted.
 */
void vhost_user_start(struct vhost_user *user, const struct control_setup *setup,
                      const struct inflight *inflight);

/** Hang up; nothing happens if it is closed. The program may go on with what it has taken. */
void vhost_user_close(struct vhost_user *user);

#endif
