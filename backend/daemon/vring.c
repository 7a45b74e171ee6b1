/* SPDX-License-Identifier: BSD-2-Clause */
/* See vring.h. */
#include "backend/daemon/vring.h"

#include <endian.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/range.h"

/* virtio 1.2, 2.7.5 to 2.7.8: flags, and where things lie in the two rings. */
#define DESC_NEXT 1U
#define DESC_WRITE 2U
#define DESC_INDIRECT 4U
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

/* Where a chain of descriptors is: in the ring, or in a table of its own. */
struct table {
	uint64_t address;
	uint64_t count;
};

void vring_open(struct vring *ring, const struct ring_memory *memory,
                const struct pv_ctl_queue *queue, uint64_t features)
{
	uint16_t used = ring_used_index(memory, queue);

	*ring = (struct vring){
		.memory = memory,
		.queue = *queue,
		.next = used,
		.judged = used,
		.indirect = (features & VRING_FEATURE_INDIRECT) != 0,
		.event_index = (features & VRING_FEATURE_EVENT_INDEX) != 0,
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
static struct descriptor read_descriptor(const struct vring *ring, const struct table *table,
                                         uint16_t index)
{
	struct descriptor raw;
	const volatile struct descriptor *from =
		ring_pointer(ring->memory, table->address + (uint64_t)index * sizeof(raw));

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
static bool read_chain(const struct vring *ring, const struct table *table, uint16_t index,
                       struct vring_request *request)
{
	struct descriptor descriptor;

	do {
		if (index >= table->count) {
			return false;
		}
		descriptor = read_descriptor(ring, table, index);
		if (!add_segment(ring, &descriptor, request)) {
			return false;
		}
		index = descriptor.next;
	} while ((descriptor.flags & DESC_NEXT) != 0);
	return true;
}

/* The whole request is in a table of its own, if @table allows. */
static bool is_indirect(const struct vring *ring, uint16_t head, struct table *table)
{
	if (!ring->indirect || head >= table->count) {
		return false;
	}
	struct descriptor descriptor = read_descriptor(ring, table, head);

	if (descriptor.flags != DESC_INDIRECT ||
	    !is_aligned(descriptor.address, _Alignof(struct descriptor)) ||
	    !range_inside(descriptor.address, descriptor.bytes, ring->memory->driver_address,
	                  ring->memory->bytes)) {
		return false;
	}
	*table = (struct table){descriptor.address, descriptor.bytes / sizeof(descriptor)};
	return true;
}

static bool read_request(const struct vring *ring, struct vring_request *request)
{
	struct table table = {ring->queue.desc, ring->queue.size};
	uint16_t first = is_indirect(ring, request->head, &table) ? 0 : request->head;

	return read_chain(ring, &table, first, request);
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
	return read_request(ring, request) ? VRING_TAKEN : VRING_BROKEN;
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

bool vring_wants_call(struct vring *ring)
{
	uint16_t given = (uint16_t)(ring->next - ring->judged);

	/* The index must be there before the driver's word is looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ring->judged = ring->next;
	if (!ring->event_index) {
		return (read_u16(ring, ring->queue.driver) & AVAILABLE_NO_INTERRUPT) == 0;
	}
	/* 2.7.7: behind the entries of the available ring, the answer that the driver waits for. */
	uint16_t event =
		read_u16(ring, ring->queue.driver + RING_ENTRIES + (uint64_t)2 * ring->queue.size);
	return (uint16_t)(ring->next - event - 1) < given;
}

bool vring_listen(struct vring *ring)
{
	/* 2.7.10: behind the entries of the used ring. */
	uint16_t *event =
		ring_pointer(ring->memory, ring->queue.device + RING_ENTRIES +
	                                           (uint64_t)USED_ENTRY_BYTES * ring->queue.size);

	if (ring->event_index) {
		__atomic_store_n(event, htole16(ring->next), __ATOMIC_RELAXED);
	}
	/* The driver reads it after it has shown a request, we the other way around. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_available_index(ring->memory, &ring->queue) != ring->next;
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
