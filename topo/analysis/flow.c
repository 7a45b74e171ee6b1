/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Smallest vertex cuts as a maximum flow (Dinic): every node becomes an entry and an exit, joined
 * by an arc that one unit can pass if the node is a VM, or any number if it is a helper node or an
 * end. The edges of the graph take any number. The VMs whose entry can still be reached when no
 * more can flow, but whose exit cannot, are the cut.
 */
#include <string.h>

#include "topo/analysis/cut.h"

#define ANY 0x40000000

/* Arc 2k and its opposite 2k + 1. */
struct arc {
	uint32_t to;
	int32_t room;
};

struct flow {
	struct arc *arcs;
	uint32_t *first; /* rows of arc_ids */
	uint32_t *arc_ids;
	uint32_t *level; /* 0 = not reached, the source is 1 */
	uint32_t *next;
	uint32_t *queue;
	uint32_t *trail; /* arcs of the way being built */
	uint32_t node_count;
	uint32_t source;
	uint32_t sink;
};

static uint32_t entry_of(uint32_t node)
{
	return 2 * node;
}

static uint32_t exit_of(uint32_t node)
{
	return 2 * node + 1;
}

static void add_arc(struct flow *flow, uint32_t *count, uint32_t from, uint32_t to, int32_t room)
{
	flow->arcs[*count] = (struct arc){to, room};
	flow->arcs[*count + 1] = (struct arc){from, 0};
	flow->first[from + 1]++;
	flow->first[to + 1]++;
	*count += 2;
}

static void build_arcs(struct flow *flow, const struct graph *graph, uint32_t from, uint32_t to)
{
	uint32_t count = 0;

	for (uint32_t node = 0; node < graph->node_count; node++) {
		bool passes_one = node < graph->vm_count && node != from && node != to;

		add_arc(flow, &count, entry_of(node), exit_of(node), passes_one ? 1 : ANY);
		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			add_arc(flow, &count, exit_of(node), entry_of(graph->edges[e].to), ANY);
		}
	}
	for (uint32_t i = 0; i < flow->node_count; i++) {
		flow->first[i + 1] += flow->first[i];
		flow->next[i] = flow->first[i];
	}
	for (uint32_t arc = 0; arc < count; arc++) {
		uint32_t owner = flow->arcs[arc ^ 1U].to;

		flow->arc_ids[flow->next[owner]++] = arc;
	}
}

static struct flow flow_new(const struct graph *graph, uint32_t from, uint32_t to,
                            struct arena *arena)
{
	uint32_t nodes = 2 * graph->node_count;
	size_t arcs = 2 * ((size_t)graph->node_count + graph->first[graph->node_count]);
	struct flow flow = {
		.arcs = arena_alloc(arena, arcs * sizeof(struct arc)),
		.first = arena_alloc(arena, ((size_t)nodes + 1) * sizeof(uint32_t)),
		.arc_ids = arena_alloc(arena, arcs * sizeof(uint32_t)),
		.level = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.next = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.queue = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.trail = arena_alloc(arena, nodes * sizeof(uint32_t)),
		.node_count = nodes,
		.source = exit_of(from),
		.sink = entry_of(to),
	};

	build_arcs(&flow, graph, from, to);
	return flow;
}

/* Number the nodes by their distance from the source; whether the sink can still be reached. */
static bool find_levels(struct flow *flow)
{
	uint32_t head = 0;
	uint32_t tail = 0;

	memset(flow->level, 0, flow->node_count * sizeof(*flow->level));
	flow->level[flow->source] = 1;
	flow->queue[tail++] = flow->source;
	while (head < tail) {
		uint32_t node = flow->queue[head++];

		for (uint32_t i = flow->first[node]; i < flow->first[node + 1]; i++) {
			const struct arc *arc = &flow->arcs[flow->arc_ids[i]];

			if (arc->room > 0 && flow->level[arc->to] == 0) {
				flow->level[arc->to] = flow->level[node] + 1;
				flow->queue[tail++] = arc->to;
			}
		}
	}
	return flow->level[flow->sink] != 0;
}

/* The next arc of @node that leads one level on, or the end of its row. */
static uint32_t next_arc(struct flow *flow, uint32_t node)
{
	while (flow->next[node] < flow->first[node + 1]) {
		uint32_t id = flow->arc_ids[flow->next[node]];
		const struct arc *arc = &flow->arcs[id];

		if (arc->room > 0 && flow->level[arc->to] == flow->level[node] + 1) {
			return id;
		}
		flow->next[node]++;
	}
	return UINT32_MAX;
}

/* Send one unit along each way of the levels that has room, depth first without recursion. */
static void fill_levels(struct flow *flow)
{
	uint32_t depth = 0;
	uint32_t node = flow->source;

	memcpy(flow->next, flow->first, flow->node_count * sizeof(*flow->next));
	for (;;) {
		if (node == flow->sink) {
			for (uint32_t i = 0; i < depth; i++) {
				flow->arcs[flow->trail[i]].room--;
				flow->arcs[flow->trail[i] ^ 1U].room++;
			}
			depth = 0;
			node = flow->source;
		}
		uint32_t id = next_arc(flow, node);

		if (id != UINT32_MAX) {
			flow->trail[depth++] = id;
			node = flow->arcs[id].to;
		} else if (depth == 0) {
			return;
		} else {
			/* A dead end: back, and never into it again. */
			node = flow->arcs[flow->trail[--depth] ^ 1U].to;
			flow->next[node]++;
		}
	}
}

/* Whether a way leads from @from to @to over helper nodes only. */
static bool joined_directly(const struct graph *graph, uint32_t from, uint32_t to)
{
	for (uint32_t e = graph->first[from]; e < graph->first[from + 1]; e++) {
		uint32_t next = graph->edges[e].to;

		/* Helper nodes lead to VMs only. */
		if (next == to ||
		    (next >= graph->vm_count && graph_find_edge(graph, next, to) != NULL)) {
			return true;
		}
	}
	return false;
}

bool smallest_cut(const struct graph *graph, uint32_t from, uint32_t to, struct vm_list *cut,
                  struct arena *arena)
{
	*cut = (struct vm_list){NULL, 0};
	if (from == to || joined_directly(graph, from, to)) {
		return false;
	}
	struct arena *scratch = arena_new();
	struct flow flow = flow_new(graph, from, to, scratch);

	while (find_levels(&flow)) {
		fill_levels(&flow);
	}
	cut->vms = arena_alloc(arena, (graph->vm_count + 1) * sizeof(*cut->vms));
	for (uint32_t vm = 0; vm < graph->vm_count; vm++) {
		if (flow.level[entry_of(vm)] != 0 && flow.level[exit_of(vm)] == 0 && vm != to) {
			cut->vms[cut->count++] = vm;
		}
	}
	arena_free(scratch);
	return true;
}
