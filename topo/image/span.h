/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address space being laid out: the ranges that are taken, each with what lies there and the
 * place in the topology that put it there, if one did. Ranges never overlap. Used for the
 * guest-physical map of a VM and for the inside of its RAM (topo/image/layout_guest.c,
 * topo/image/layout_boot.c).
 */
#ifndef TOPO_IMAGE_SPAN_H
#define TOPO_IMAGE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "topo/model/model.h"

/* More than a VM can need: what the kernel's table of device pages has, and a few for each connection. */
#define SPANS_MAX (PV_DEVICES_MAX + 16U * PV_DOMAINS_MAX)

struct span {
	uint64_t base;
	uint64_t bytes;
	const char *what; /* "RAM", "the memdev" */
	const char *peer; /* name of the VM at the other end of the connection, NULL = of none */
	struct place place;
};

struct span_map {
	struct span spans[SPANS_MAX];
	uint32_t count;
};

/* Where span_place may look: the lowest base that is aligned and has room below limit. */
struct span_zone {
	uint64_t floor;
	uint64_t limit;
	uint64_t align; /* power of two */
};

/** The first range of @map that touches [base, base + bytes), NULL if none does. */
const struct span *span_find(const struct span_map *map, uint64_t base, uint64_t bytes);

/**
 * Take [span->base, +bytes). The range does not wrap around.
 * Returns NULL, or the range that is in the way (then nothing changed). A map that is full says
 * that its last range is in the way.
 */
const struct span *span_claim(struct span_map *map, const struct span *span);

/**
 * Find room for span->bytes in @zone and take it; span->base is set to where.
 * Returns false when there is none (then nothing changed).
 */
bool span_place(struct span_map *map, const struct span_zone *zone, struct span *span);

#endif
