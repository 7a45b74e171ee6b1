/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory, as topo verify sees it: things that the topology speaks of, who should reach each, and
 * where the image puts it. topo/verify/memory_things.c makes the list, topo/verify/memory.c holds
 * the mappings of the image against it.
 */
#ifndef TOPO_VERIFY_MEMORY_H
#define TOPO_VERIFY_MEMORY_H

#include "topo/verify/verify.h"

/* Somebody who should reach a thing. */
struct access {
	uint32_t vm;
	uint32_t space;  /* enum pv_space */
	uint32_t rights; /* PV_RIGHT_* */
	uint64_t ipa;    /* IPA_UNKNOWN = anywhere, in one stretch */
	uint64_t pages;  /* found so far */
};

struct thing {
	const char *name; /* "iobuf page 0 of connection a -> b" */
	uint64_t pages;
	struct access *accesses; /* the first one is the anchor */
	size_t access_count;
};

/* Pages [offset, offset + pages) of a thing, at physical page `page`. */
struct piece {
	uint32_t thing;
	uint64_t offset;
	uint64_t page;
	uint64_t pages;
};

struct memory {
	struct verify *v;
	struct thing *things;
	size_t thing_count;
	struct piece *pieces;
	size_t piece_count;
};

/** List all things of the topology and find their pieces in the image. */
void memory_list_things(struct memory *memory);

/** "vm_a", "the VMM of vm_a" or "devices of vm_a" for a space of a domain of the image. */
const char *memory_who(const struct verify *v, uint32_t domain, uint32_t space);

/** The VM of a domain of the image, NULL = it is none of the topology. */
const struct verified_vm *memory_vm(const struct verify *v, uint32_t domain);

#endif
