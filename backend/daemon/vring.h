/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of a split virtqueue (virtio 1.2, 2.7), for devices that we are ourselves.
 *
 * The driver VM can change everything at any time: what it wrote is read once, checked, and used as
 * it was read. Where buffers overlap or change while they are used it spoils its own data.
 */
#ifndef BACKEND_DAEMON_VRING_H
#define BACKEND_DAEMON_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/iobuf.h"
#include "backend/daemon/ring.h"
#include "lib/bits.h"

#define VRING_SEGMENTS_MAX 128U /* of a request: header, status and 126 of a disk's */

/* virtio 1.2, 6: what a ring can have besides. */
#define VRING_FEATURE_INDIRECT BIT64(28)
#define VRING_FEATURE_EVENT_INDEX BIT64(29)

struct vring {
	const struct ring_memory *memory;
	struct pv_ctl_queue queue; /* checked by ring_check() */
	uint16_t next;             /* index in the available ring of the next request */
	uint16_t judged;           /* up to where vring_wants_call() has looked */
	bool indirect;
	bool event_index;
};

struct vring_segment {
	void *at;
	uint32_t bytes;
};

/* A request: what the driver wrote, then what it wants to be written. */
struct vring_request {
	uint16_t head;
	uint32_t readable_count;
	uint32_t count;
	struct vring_segment segments[VRING_SEGMENTS_MAX];
};

enum vring_answer {
	VRING_EMPTY,
	VRING_TAKEN,
	VRING_BROKEN /* it makes no sense: nothing of this ring can be trusted any more */
};

/** Begin where the used ring ends: what was not answered was not taken. @features: negotiated. */
void vring_open(struct vring *ring, const struct ring_memory *memory,
                const struct pv_ctl_queue *queue, uint64_t features);

/** Look at the next request without taking it. Each that is taken must be given back. */
enum vring_answer vring_peek(const struct vring *ring, struct vring_request *request);

/** Give back the request that vring_peek() showed, with @written bytes of answer in it. */
void vring_answer(struct vring *ring, const struct vring_request *request, uint32_t written);

/** Does the driver want to be called for what it was given since this was asked last? */
bool vring_wants_call(struct vring *ring);

/** Ask to be kicked for the next request. Returns true if it is there already. */
bool vring_listen(struct vring *ring);

/** Copy what the driver wrote, @bytes at most; the count of bytes. */
size_t vring_read(const struct vring_request *request, void *to, size_t bytes);

/** Copy @bytes into what the driver wants to be written, as far as it goes; the count of bytes. */
uint32_t vring_write(const struct vring_request *request, const void *from, size_t bytes);

/** Bytes that the driver wants to be written. */
uint64_t vring_room(const struct vring_request *request);

#endif
