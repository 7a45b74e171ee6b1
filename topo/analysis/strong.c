/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tarjan's algorithm, with a stack of its own instead of recursion, since a chain may have ten
 * thousand VMs.
 */
#include "topo/analysis/strong.h"

struct visit {
	uint32_t node;
	uint32_t next; /* edge that is looked at next */
};

struct finder {
	const struct graph *graph;
	uint32_t *number; /* order of discovery, 0 = not yet */
	uint32_t *low;
	uint32_t *component; /* NODE_NONE: not closed yet */
	uint32_t *stack;     /* nodes of components that are not closed */
	size_t stack_count;
	struct visit *visits;
	size_t visit_count;
	uint32_t numbers;
	uint32_t components;
};

static void enter(struct finder *finder, uint32_t node)
{
	finder->number[node] = ++finder->numbers;
	finder->low[node] = finder->number[node];
	finder->stack[finder->stack_count++] = node;
	finder->visits[finder->visit_count++] = (struct visit){node, finder->graph->first[node]};
}

static void lower(struct finder *finder, uint32_t node, uint32_t low)
{
	finder->low[node] = low < finder->low[node] ? low : finder->low[node];
}

/* Done with a node: close its component if it was entered first, and tell the one before it. */
static void leave(struct finder *finder)
{
	uint32_t node = finder->visits[--finder->visit_count].node;

	if (finder->low[node] == finder->number[node]) {
		uint32_t member;

		do {
			member = finder->stack[--finder->stack_count];
			finder->component[member] = finder->components;
		} while (member != node);
		finder->components++;
	}
	if (finder->visit_count != 0) {
		lower(finder, finder->visits[finder->visit_count - 1].node, finder->low[node]);
	}
}

static void follow(struct finder *finder, struct visit *visit)
{
	uint32_t next = finder->graph->edges[visit->next++].to;

	if (finder->number[next] == 0) {
		enter(finder, next);
	} else if (finder->component[next] == NODE_NONE) {
		lower(finder, visit->node, finder->number[next]);
	}
}

uint32_t *strong_components(const struct graph *graph, struct arena *arena)
{
	struct arena *scratch = arena_new();
	size_t nodes = (size_t)graph->node_count + 1;
	struct finder finder = {
		.graph = graph,
		.number = arena_alloc(scratch, nodes * sizeof(uint32_t)),
		.low = arena_alloc(scratch, nodes * sizeof(uint32_t)),
		.component = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.stack = arena_alloc(scratch, nodes * sizeof(uint32_t)),
		.visits = arena_alloc(scratch, nodes * sizeof(struct visit)),
	};

	for (uint32_t node = 0; node < graph->node_count; node++) {
		finder.component[node] = NODE_NONE;
	}
	for (uint32_t root = 0; root < graph->node_count; root++) {
		if (finder.number[root] != 0) {
			continue;
		}
		enter(&finder, root);
		while (finder.visit_count > 0) {
			struct visit *top = &finder.visits[finder.visit_count - 1];

			if (top->next < graph->first[top->node + 1]) {
				follow(&finder, top);
			} else {
				leave(&finder);
			}
		}
	}
	arena_free(scratch);
	return finder.component;
}
