/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacks archives of tar, see topo/rootfs/pieces.h. */
#include "topo/rootfs/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "topo/rootfs/root_tree.h"
#include "topo/rootfs/unpack.h"

/* What is unpacked of archives: contents, headers, and what fills their blocks. */
#define PIECES_BYTES_MAX (ROOT_BYTES_MAX + (ROOT_BYTES_MAX >> 1))

/* Bytes that are unpacked, one part behind the other. */
struct heap {
	unsigned char *bytes;
	size_t count, room;
	uint64_t limit;
	bool full;
};

static bool keep(void *owner, const unsigned char *bytes, size_t count)
{
	struct heap *heap = owner;

	if (heap->count + count > heap->limit) {
		heap->full = true;
		return false;
	}
	if (heap->count + count > heap->room) {
		const size_t room = (heap->count + count) * 2;
		unsigned char *more = realloc(heap->bytes, room);

		if (more == NULL) {
			heap->full = true;
			return false;
		}
		heap->bytes = more;
		heap->room = room;
	}
	if (count != 0) {
		memcpy(heap->bytes + heap->count, bytes, count);
	}
	heap->count += count;
	return true;
}

/* The parts of a packed archive, one behind the other; zeros may fill the end. NULL, or why not. */
static const char *unpack(struct arena *arena, const unsigned char *bytes, size_t count,
                          struct heap *heap)
{
	size_t at = 0;

	while (at < count && bytes[at] != 0) {
		const struct packing *packing = packing_find(bytes + at, count - at);
		size_t used = 0;

		if (packing != NULL && packing->unpack == NULL) {
			return arena_printf(arena, "it is packed by %s, which is not unpacked here",
			                    packing->name);
		}
		if (packing != NULL) {
			used = packing->unpack(bytes + at, count - at, keep, heap);
		}
		if (used == 0) {
			return heap->full ? "unpacked it is too large for RAM"
			                  : "what is packed in it ends too early, or makes no "
			                    "sense";
		}
		at += used;
	}
	return NULL;
}

const char *pieces_add(struct arena *arena, struct pieces *pieces, const unsigned char *bytes,
                       size_t count)
{
	struct heap heap = {.limit = PIECES_BYTES_MAX - pieces->bytes};
	/* The name of the first file stands at its beginning, and may look like anything. */
	const bool packed = packing_find(bytes, count) != NULL &&
	                    (count < 262 || memcmp(bytes + 257, "ustar", 5) != 0);
	const char *why = NULL;

	if (packed) {
		why = unpack(arena, bytes, count, &heap);
	} else if (!keep(&heap, bytes, count)) {
		why = "it is too large for RAM";
	}
	if (why != NULL) {
		free(heap.bytes);
		return why;
	}
	*ARENA_ADD(arena, pieces->list, pieces->count) = (struct piece){heap.bytes, heap.count};
	pieces->bytes += heap.count;
	return NULL;
}

void pieces_free(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++) {
		free(pieces->list[i].bytes);
	}
	*pieces = (struct pieces){NULL, 0, 0};
}
