/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the memory that PCI functions decode lies: each base address register of a VM has an
 * aperture, and those of a VM lie side by side, from the largest to the smallest, with no page of
 * another VM's between them.
 */
#ifndef TOPO_IMAGE_APERTURES_H
#define TOPO_IMAGE_APERTURES_H

#include <stdbool.h>
#include <stdint.h>

struct aperture {
	uint64_t wanted; /* bytes that the register decodes; 0 = it has none */
	uint64_t bytes;  /* the aperture: a power of two, at least a page */
	uint64_t offset; /* from the first one; a multiple of bytes */
};

/* All of a VM. */
struct apertures {
	uint64_t bytes; /* whole pages */
	uint64_t align; /* a power of two, what the first one must be a multiple of */
};

/**
 * Lay out @list, filling in bytes and offset: registers that were larger than others come first, and
 * equal ones in the order of the list.
 */
struct apertures apertures_lay(struct aperture *list, uint32_t count);

#endif
