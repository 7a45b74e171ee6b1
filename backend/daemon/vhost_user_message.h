/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests of vhost-user (QEMU's docs/interop/vhost-user.rst) and what they carry, as far as
 * the daemon makes them and our own programs take them.
 */
#ifndef BACKEND_DAEMON_VHOST_USER_MESSAGE_H
#define BACKEND_DAEMON_VHOST_USER_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "backend/daemon/vhost_user.h"
#include "lib/bits.h"

#define VHOST_USER_HEADER_BYTES offsetof(struct vhost_user_message, payload)

/* vhost-user.rst, "Front-end message types". */
enum vhost_user_request {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	SET_VRING_ENABLE = 18,
	GET_INFLIGHT_FD = 31,
	SET_INFLIGHT_FD = 32,
	GPU_SET_SOCKET = 33,
};

/* "Header": bits of flags. */
#define VHOST_USER_VERSION 1U
#define VHOST_USER_VERSION_MASK 3U
#define VHOST_USER_REPLY (1U << 2)
#define VHOST_USER_NEED_REPLY (1U << 3)

#define VHOST_USER_FEATURE_PROTOCOL BIT64(30) /* there are protocol features */

struct vring_state {
	uint32_t index;
	uint32_t number;
};

struct vring_address {
	uint32_t index;
	uint32_t flags;
	uint64_t desc;
	uint64_t used;
	uint64_t available;
	uint64_t log;
};

struct memory_table {
	uint32_t count;
	uint32_t padding;
	uint64_t guest_address;
	uint64_t bytes;
	uint64_t user_address;
	uint64_t offset; /* in the file */
};

struct inflight_payload {
	uint64_t bytes;
	uint64_t offset;
	uint16_t queue_count;
	uint16_t queue_size;
	uint32_t padding;
};

_Static_assert(sizeof(struct memory_table) <= VHOST_USER_PAYLOAD_MAX, "memory table");
_Static_assert(sizeof(struct vring_address) == 40, "vring address");
_Static_assert(sizeof(struct inflight_payload) == 24, "inflight description");

#endif
