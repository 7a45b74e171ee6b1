/* SPDX-License-Identifier: BSD-2-Clause */
/* See ring.h. */
#include "backend/daemon/ring.h"

#include <endian.h>

#include "lib/bits.h"
#include "lib/range.h"

/* virtio 1.2, 2.7: sizes of the parts, with the event index that VIRTIO_F_EVENT_IDX adds. */
#define DESCRIPTOR_BYTES 16U
#define AVAILABLE_BYTES(size) (6U + 2U * (uint64_t)(size))
#define USED_BYTES(size) (6U + 8U * (uint64_t)(size))
#define INDEX_OFFSET 2U /* of idx, in both rings */

err_t ring_check(const struct ring_memory *memory, const struct pv_ctl_queue *queue)
{
	const struct {
		uint64_t address;
		uint64_t bytes;
		uint64_t align;
	} parts[] = {
		{queue->desc, DESCRIPTOR_BYTES * (uint64_t)queue->size, 16},
		{queue->driver, AVAILABLE_BYTES(queue->size), 2},
		{queue->device, USED_BYTES(queue->size), 4},
	};

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		if (!is_aligned(parts[i].address, parts[i].align) ||
		    !range_inside(parts[i].address, parts[i].bytes, memory->driver_address,
		                  memory->bytes)) {
			return ERR_RANGE;
		}
	}
	return OK;
}

void *ring_pointer(const struct ring_memory *memory, uint64_t address)
{
	return (char *)memory->base + (address - memory->driver_address);
}

static uint16_t read_index(const struct ring_memory *memory, uint64_t ring)
{
	const uint16_t *index = (const uint16_t *)ring_pointer(memory, ring + INDEX_OFFSET);

	return le16toh(__atomic_load_n(index, __ATOMIC_ACQUIRE));
}

uint16_t ring_used_index(const struct ring_memory *memory, const struct pv_ctl_queue *queue)
{
	return read_index(memory, queue->device);
}

uint16_t ring_available_index(const struct ring_memory *memory, const struct pv_ctl_queue *queue)
{
	return read_index(memory, queue->driver);
}
