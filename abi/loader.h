/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader of a VM is told: a page of the VM's ROM, whose address is in x0. The one at
 * pv_domain.entry_arg is for the first start, the one behind it for each later one. The loader is the
 * first code that a VM runs, at each start: it goes through loads[], which cover the VM's RAM in
 * ascending order without a gap, but for what is known to be zeros at the first start. Then it jumps
 * to `entry` as the arm64 boot protocol wants it (Linux, Documentation/arch/arm64/booting.rst): at
 * EL1, MMU and caches off, RAM clean to the point of coherency. Where the kernel looks for a seed (/chosen/kaslr-seed of its device tree) it puts 64
 * random bits of the VMM's before it jumps (DEN 0098, TRNG_RND64); if there are none, what was loaded
 * there stays.
 */
#ifndef ABI_LOADER_H
#define ABI_LOADER_H

#include <stdint.h>

#include "abi/limits.h"

/* A stretch of RAM and what goes there. All three are multiples of PV_PAGE_BYTES. */
struct pv_load {
	uint64_t to;
	uint64_t from; /* in the ROM; 0 = zeros */
	uint64_t bytes;
};

struct pv_loads {
	uint64_t entry;
	uint64_t entry_arg; /* in x0; x1 to x3 are 0 */
	uint64_t count;     /* of loads that follow, > 0 */
	uint64_t seed;      /* where in RAM 8 random bytes go, on a multiple of 4; 0 = nowhere */
};

#define PV_LOADS_MAX ((PV_PAGE_BYTES - sizeof(struct pv_loads)) / sizeof(struct pv_load))

/* Where the page for later starts is, from the one for the first. */
#define PV_LOADS_AGAIN PV_PAGE_BYTES

_Static_assert(sizeof(struct pv_load) == 24, "load");
_Static_assert(sizeof(struct pv_loads) == 32, "loads");

#endif
