/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches that end after one fall more, see topo/analysis/near.h. */
#include "topo/analysis/near.h"

struct near *near_new(const struct graph *graph, struct arena *arena)
{
	struct near *near = arena_alloc(arena, sizeof(*near));
	uint32_t *first = arena_alloc(arena, ((size_t)graph->node_count + 1) * sizeof(*first));
	uint32_t *to =
		arena_alloc(arena, ((size_t)graph->first[graph->node_count] + 1) * sizeof(*to));
	uint32_t count = 0;

	for (uint32_t node = 0; node < graph->node_count; node++) {
		first[node] = count;
		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			if (graph->edges[e].falls == 0) {
				to[count++] = graph->edges[e].to;
			}
		}
	}
	first[graph->node_count] = count;
	*near = (struct near){
		.graph = graph,
		.free_first = first,
		.free_to = to,
		.run_of = arena_alloc(arena, ((size_t)graph->node_count + 1) * sizeof(uint32_t)),
		.reached = arena_alloc(arena, ((size_t)graph->node_count + 1) * sizeof(uint32_t)),
	};
	return near;
}

static void reach(struct near *near, uint32_t node)
{
	if (near->run_of[node] != near->run) {
		near->run_of[node] = near->run;
		near->reached[near->count++] = node;
	}
}

/* All that those reached from number @from on lead to without a fall. */
static void follow_free(struct near *near, uint32_t from)
{
	for (uint32_t i = from; i < near->count; i++) {
		const uint32_t node = near->reached[i];

		near->looked += near->free_first[node + 1] - near->free_first[node];
		for (uint32_t e = near->free_first[node]; e < near->free_first[node + 1]; e++) {
			reach(near, near->free_to[e]);
		}
	}
}

void near_run(struct near *near, uint32_t source)
{
	const struct graph *graph = near->graph;

	near->run++;
	near->count = 0;
	reach(near, source);
	follow_free(near, 0);
	near->count_one = near->count;
	for (uint32_t i = 0; i < near->count_one; i++) {
		const uint32_t node = near->reached[i];

		near->looked += graph->first[node + 1] - graph->first[node];
		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			reach(near, graph->edges[e].to);
		}
	}
	follow_free(near, near->count_one);
}
