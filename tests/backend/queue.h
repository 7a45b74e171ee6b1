/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue from the driver's side (virtio 1.2, 2.7), in memdev. Each chain takes three
 * descriptors: request i owns 3i, 3i + 1 and 3i + 2, and an answer to a request that is not out is
 * an error that the caller sees.
 */
#ifndef TESTS_BACKEND_QUEUE_H
#define TESTS_BACKEND_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/backend/peer.h"

#define QUEUE_SIZE 64U
#define QUEUE_REQUESTS (QUEUE_SIZE / 3U)
#define QUEUE_BYTES 8192U /* of memdev that the rings of one queue take */

struct queue {
	struct peer *peer;
	uint32_t line;
	uint64_t offset; /* of the rings in memdev */
	uint16_t available;
	uint16_t used;
	bool out[QUEUE_REQUESTS];
	uint32_t out_count;
};

struct queue_part {
	uint64_t offset; /* in memdev */
	uint32_t bytes;
	bool device_writes;
};

/** Clear the rings at @offset of memdev and begin anew. */
void queue_open(struct queue *queue, struct peer *peer, uint32_t line, uint64_t offset);

/** The message that tells of the queue. */
struct pv_ctl_queue queue_message(const struct queue *queue, uint32_t number);

/** Make request @request of @count parts (1 to 3) available; kick follows. */
void queue_add(struct queue *queue, uint32_t request, const struct queue_part *parts,
               uint32_t count);

/** Take the next answered request, if there is one. -1: none; -2: one that was not out. */
int queue_take(struct queue *queue, uint32_t *bytes);

#endif
