/* SPDX-License-Identifier: BSD-2-Clause */
/* See queue.h. */
#include "tests/backend/queue.h"

#include <string.h>

#define AVAILABLE_OFFSET 2048U
#define USED_OFFSET 4096U
#define DESC_NEXT 1U
#define DESC_WRITE 2U

struct desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[QUEUE_SIZE];
};

struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t bytes;
	} ring[QUEUE_SIZE];
};

_Static_assert(sizeof(struct desc) * QUEUE_SIZE <= AVAILABLE_OFFSET, "descriptor table");
_Static_assert(AVAILABLE_OFFSET + sizeof(struct available) <= USED_OFFSET, "available ring");
_Static_assert(USED_OFFSET + sizeof(struct used) <= QUEUE_BYTES, "used ring");

static volatile void *at(const struct queue *queue, uint32_t offset)
{
	return queue->peer->memory + queue->offset + offset;
}

void queue_open(struct queue *queue, struct peer *peer, uint32_t line, uint64_t offset)
{
	*queue = (struct queue){.peer = peer, .line = line, .offset = offset};
	for (uint32_t i = 0; i < QUEUE_BYTES; i += 8) {
		*(volatile uint64_t *)at(queue, i) = 0;
	}
}

struct pv_ctl_queue queue_message(const struct queue *queue, uint32_t number)
{
	uint64_t base = queue->peer->driver_address + queue->offset;

	return (struct pv_ctl_queue){
		.queue = number,
		.size = QUEUE_SIZE,
		.desc = base,
		.driver = base + AVAILABLE_OFFSET,
		.device = base + USED_OFFSET,
	};
}

void queue_add(struct queue *queue, uint32_t request, const struct queue_part *parts,
               uint32_t count)
{
	volatile struct desc *table = at(queue, 0);
	volatile struct available *available = at(queue, AVAILABLE_OFFSET);
	uint32_t head = 3 * request;

	for (uint32_t i = 0; i < count; i++) {
		volatile struct desc *desc = &table[head + i];
		desc->address = queue->peer->driver_address + parts[i].offset;
		desc->bytes = parts[i].bytes;
		desc->flags = (uint16_t)((parts[i].device_writes ? DESC_WRITE : 0U) |
		                         (i + 1 < count ? DESC_NEXT : 0U));
		desc->next = (uint16_t)(head + i + 1);
	}
	available->ring[queue->available % QUEUE_SIZE] = (uint16_t)head;
	queue->available++;
	queue->out[request] = true;
	queue->out_count++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	available->index = queue->available;
	peer_kick(queue->peer, queue->line);
}

int queue_take(struct queue *queue, uint32_t *bytes)
{
	volatile struct used *used = at(queue, USED_OFFSET);

	if (used->index == queue->used) {
		return -1;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	uint32_t head = used->ring[queue->used % QUEUE_SIZE].id;
	*bytes = used->ring[queue->used % QUEUE_SIZE].bytes;
	queue->used++;
	if (head % 3 != 0 || head / 3 >= QUEUE_REQUESTS || !queue->out[head / 3]) {
		return -2;
	}
	queue->out[head / 3] = false;
	queue->out_count--;
	return (int)(head / 3);
}
