/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choke points along one way: take any way p[0] to p[k]. A VM p[i] is on every way exactly if no
 * detour that leaves the way before p[i] comes back behind it. So explore from p[0] without
 * stepping on the way; the farthest p[j] that is touched is the next place where a new detour can
 * begin, and when all detours from before p[i] end at p[i] itself, it is a choke point.
 */
#include "topo/analysis/cut.h"

struct exploration {
	const struct graph *graph;
	uint32_t *position; /* on the way, counted from 1; 0 = not on it */
	bool *seen;
	uint32_t *stack;
	size_t stack_count;
	uint32_t farthest; /* position */
};

/* Any way, as predecessors: breadth first. Returns its length in nodes, 0 if there is none. */
static uint32_t find_way(const struct graph *graph, uint32_t from, uint32_t to, uint32_t *before,
                         uint32_t *queue)
{
	uint32_t head = 0;
	uint32_t tail = 0;

	for (uint32_t node = 0; node < graph->node_count; node++) {
		before[node] = NODE_NONE;
	}
	before[from] = from;
	queue[tail++] = from;
	while (head < tail && before[to] == NODE_NONE) {
		uint32_t node = queue[head++];

		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			uint32_t next = graph->edges[e].to;

			if (before[next] == NODE_NONE) {
				before[next] = node;
				queue[tail++] = next;
			}
		}
	}
	if (before[to] == NODE_NONE) {
		return 0;
	}
	uint32_t length = 1;

	for (uint32_t node = to; node != from; node = before[node]) {
		length++;
	}
	return length;
}

/* Look at all that can be reached from @node without stepping on the way. */
static void explore(struct exploration *x, uint32_t start)
{
	x->stack[x->stack_count++] = start;
	while (x->stack_count > 0) {
		uint32_t node = x->stack[--x->stack_count];

		for (uint32_t e = x->graph->first[node]; e < x->graph->first[node + 1]; e++) {
			uint32_t next = x->graph->edges[e].to;

			if (x->position[next] > x->farthest) {
				x->farthest = x->position[next];
			}
			if (x->position[next] == 0 && !x->seen[next]) {
				x->seen[next] = true;
				x->stack[x->stack_count++] = next;
			}
		}
	}
}

struct vm_list choke_points(const struct graph *graph, uint32_t from, uint32_t to,
                            struct arena *arena)
{
	size_t nodes = graph->node_count;
	struct exploration x = {
		.graph = graph,
		.position = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.seen = arena_alloc(arena, nodes * sizeof(bool)),
		.stack = arena_alloc(arena, nodes * sizeof(uint32_t)),
	};
	uint32_t *before = arena_alloc(arena, nodes * sizeof(*before));
	uint32_t length = from == to ? 0 : find_way(graph, from, to, before, x.stack);
	uint32_t *way = arena_alloc(arena, ((size_t)length + 1) * sizeof(*way));
	struct vm_list chokes = {arena_alloc(arena, ((size_t)length + 1) * sizeof(uint32_t)), 0};
	uint32_t node = to;

	for (uint32_t i = length; i > 0; i--) {
		way[i - 1] = node;
		x.position[node] = i;
		node = before[node];
	}
	x.farthest = 1;
	for (uint32_t i = 1; i < length; i++) {
		/* All detours from before p[i] end here, and it is not an end itself. */
		if (i > 1 && x.farthest == i && way[i - 1] < graph->vm_count) {
			chokes.vms[chokes.count++] = way[i - 1];
		}
		explore(&x, way[i - 1]);
	}
	return chokes;
}
