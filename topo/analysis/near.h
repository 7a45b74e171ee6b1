/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What at most two falls reach: the VM that is searched from, and one more. A search looks only at
 * the edges around its beginning, so that thousands of them are affordable where one of
 * topo/analysis/shortest.h from each VM is not.
 */
#ifndef TOPO_ANALYSIS_NEAR_H
#define TOPO_ANALYSIS_NEAR_H

#include "topo/analysis/graph.h"

#define NEAR_FALLS 2U /* the most that a search finds, that of its beginning included */

struct near {
	const struct graph *graph;
	const uint32_t *free_first; /* edges that take no fall, as first and edges of a graph */
	const uint32_t *free_to;
	uint32_t *run_of;  /* of each node: the search that last reached it */
	uint32_t run;      /* the search last run, from 1 */
	uint32_t *reached; /* nodes, the beginning first */
	uint32_t count;
	uint32_t count_one; /* so many of them at one fall, those behind at two */
	uint64_t looked;    /* edges looked at, in all searches */
};

/** Prepare to search in @graph; all of it comes from @arena. */
struct near *near_new(const struct graph *graph, struct arena *arena);

/** Search from @source, fewer than 2^32 times. */
void near_run(struct near *near, uint32_t source);

#endif
