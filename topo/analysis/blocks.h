/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which connections lie on a cycle: the topology, directions left out, is divided into blocks
 * (maximal parts that no single VM's removal divides). A block of three VMs or more has cycles.
 */
#ifndef TOPO_ANALYSIS_BLOCKS_H
#define TOPO_ANALYSIS_BLOCKS_H

#include "topo/analysis/cut.h"
#include "topo/analysis/links.h"

#define BLOCK_NONE UINT32_MAX

struct blocks {
	struct vm_list
		*parts; /* VMs of each block of three or more, in the order of their numbers */
	size_t part_count;
	uint32_t *block_of_link; /* index in parts, BLOCK_NONE: on no cycle */
};

/** Divide @links into blocks; the result lives in @arena. Cost: O((n + m) log n). */
struct blocks blocks_find(const struct links *links, struct arena *arena);

#endif
