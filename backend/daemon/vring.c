/* SPDX-License-Identifier: BSD-2-Clause */
/* See vring.h. */
#include "backend/daemon/vring.h"

#include <endian.h>
#include <string.h>

#include "lib/range.h"

/* virtio 1.2, 2.7.5 to 2.7.8: flags, and where things lie in the two rings. */
#define DESC_NEXT 1U
#define DESC_WRITE 2U
#define AVAILABLE_NO_INTERRUPT 1U
#define RING_INDEX 2U
#define RING_ENTRIES 4U
#define USED_ENTRY_BYTES 8U

struct descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

_Static_assert(sizeof(struct descriptor) == 16, "virtio 1.2, 2.7.5");

void vring_open(struct vring *ring, const struct ring_memory *memory,
                const struct pv_ctl_queue *queue)
{
	*ring = (struct vring){
		.memory = memory,
		.queue = *queue,
		.next = ring_used_index(memory, queue),
	};
}

static uint16_t slot_of(const struct vring *ring, uint16_t index)
{
	return (uint16_t)(index & (ring->queue.size - 1));
}

static uint16_t read_u16(const struct vring *ring, uint64_t address)
{
	const uint16_t *at = ring_pointer(ring->memory, address);

	return le16toh(__atomic_load_n(at, __ATOMIC_RELAXED));
}

/* One copy, which is then checked: the driver may write to the original meanwhile. */
static struct descriptor read_descriptor(const struct vring *ring, uint16_t index)
{
	struct descriptor raw;
	uint64_t offset = (uint64_t)index * sizeof(raw);
	const volatile struct descriptor *from =
		ring_pointer(ring->memory, ring->queue.desc + offset);

	raw.address = le64toh(from->address);
	raw.bytes = le32toh(from->bytes);
	raw.flags = le16toh(from->flags);
	raw.next = le16toh(from->next);
	return raw;
}

/* Add a segment; false: it lies outside, or the driver's part comes behind the device's. */
static bool add_segment(const struct vring *ring, const struct descriptor *descriptor,
                        struct vring_request *request)
{
	bool readable = (descriptor->flags & DESC_WRITE) == 0;

	if (request->count == VRING_SEGMENTS_MAX ||
	    (descriptor->flags & ~(DESC_NEXT | DESC_WRITE)) != 0 ||
	    (readable && request->readable_count != request->count) ||
	    !range_inside(descriptor->address, descriptor->bytes, ring->memory->driver_address,
	                  ring->memory->bytes)) {
		return false;
	}
	request->segments[request->count++] = (struct vring_segment){
		.at = ring_pointer(ring->memory, descriptor->address),
		.bytes = descriptor->bytes,
	};
	request->readable_count += readable ? 1 : 0;
	return true;
}

/* A chain that runs in a circle ends at the limit of segments. */
static bool read_chain(const struct vring *ring, struct vring_request *request)
{
	uint16_t index = request->head;
	struct descriptor descriptor;

	do {
		if (index >= ring->queue.size) {
			return false;
		}
		descriptor = read_descriptor(ring, index);
		if (!add_segment(ring, &descriptor, request)) {
			return false;
		}
		index = descriptor.next;
	} while ((descriptor.flags & DESC_NEXT) != 0);
	return true;
}

enum vring_answer vring_peek(const struct vring *ring, struct vring_request *request)
{
	uint16_t available = ring_available_index(ring->memory, &ring->queue);
	uint16_t waiting = (uint16_t)(available - ring->next);

	request->count = 0;
	request->readable_count = 0;
	if (waiting == 0) {
		return VRING_EMPTY;
	}
	if (waiting > ring->queue.size) {
		return VRING_BROKEN;
	}
	request->head = read_u16(ring, ring->queue.driver + RING_ENTRIES +
	                                       (uint64_t)2 * slot_of(ring, ring->next));
	return read_chain(ring, request) ? VRING_TAKEN : VRING_BROKEN;
}

void vring_answer(struct vring *ring, const struct vring_request *request, uint32_t written)
{
	uint64_t entry = ring->queue.device + RING_ENTRIES +
	                 (uint64_t)USED_ENTRY_BYTES * slot_of(ring, ring->next);
	uint32_t *at = ring_pointer(ring->memory, entry);
	uint16_t *index = ring_pointer(ring->memory, ring->queue.device + RING_INDEX);

	at[0] = htole32(request->head);
	at[1] = htole32(written);
	ring->next++;
	__atomic_store_n(index, htole16(ring->next), __ATOMIC_RELEASE);
}

bool vring_wants_call(const struct vring *ring)
{
	/* The index must be there before the driver's word is looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (read_u16(ring, ring->queue.driver) & AVAILABLE_NO_INTERRUPT) == 0;
}

size_t vring_read(const struct vring_request *request, void *to, size_t bytes)
{
	size_t done = 0;

	for (uint32_t i = 0; i < request->readable_count && done < bytes; i++) {
		const struct vring_segment *segment = &request->segments[i];
		size_t count = segment->bytes < bytes - done ? segment->bytes : bytes - done;

		memcpy((char *)to + done, segment->at, count);
		done += count;
	}
	return done;
}

uint32_t vring_write(const struct vring_request *request, const void *from, size_t bytes)
{
	size_t done = 0;

	for (uint32_t i = request->readable_count; i < request->count && done < bytes; i++) {
		const struct vring_segment *segment = &request->segments[i];
		size_t count = segment->bytes < bytes - done ? segment->bytes : bytes - done;

		memcpy(segment->at, (const char *)from + done, count);
		done += count;
	}
	return (uint32_t)done;
}

uint64_t vring_room(const struct vring_request *request)
{
	uint64_t bytes = 0;

	for (uint32_t i = request->readable_count; i < request->count; i++) {
		bytes += request->segments[i].bytes;
	}
	return bytes;
}
