/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of an address space being laid out, see topo/image/span.h. A few dozen ranges for each VM,
 * so an unsorted array and a linear search do.
 */
#include "topo/image/span.h"

#include <stddef.h>

const struct span *span_find(const struct span_map *map, uint64_t base, uint64_t bytes)
{
	for (uint32_t i = 0; i < map->count; i++) {
		const struct span *taken = &map->spans[i];

		if (base < taken->base + taken->bytes && taken->base < base + bytes) {
			return taken;
		}
	}
	return NULL;
}

const struct span *span_claim(struct span_map *map, const struct span *span)
{
	const struct span *taken = span_find(map, span->base, span->bytes);

	if (taken) {
		return taken;
	}
	if (map->count == SPANS_MAX) {
		return &map->spans[SPANS_MAX - 1];
	}
	map->spans[map->count] = *span;
	map->count++;
	return NULL;
}

/* The lowest aligned address >= base, 0 when there is none. */
static uint64_t align_up(uint64_t base, uint64_t align)
{
	uint64_t up = base + (align - 1);

	return up < base ? 0 : up & ~(align - 1);
}

bool span_place(struct span_map *map, const struct span_zone *zone, struct span *span)
{
	uint64_t base = align_up(zone->floor, zone->align);

	/* Each turn but the last goes past one range of the map. */
	for (uint32_t turn = 0; turn <= map->count; turn++) {
		const struct span *taken;

		if (base < zone->floor || base > zone->limit || zone->limit - base < span->bytes) {
			return false;
		}
		taken = span_find(map, base, span->bytes);
		if (!taken) {
			span->base = base;
			return !span_claim(map, span);
		}
		base = align_up(taken->base + taken->bytes, zone->align);
	}
	return false;
}
