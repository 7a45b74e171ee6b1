/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directed graph of what an attacker can do next: nodes are VMs, and behind them helper nodes
 * (all memory, a bridge, a network) that stand for many steps between VMs at once, so that the graph stays
 * sparse. Each edge says how many VMs fall by it, 0 or 1. Graphs are built once from a draft and
 * then constant; between two nodes there is at most one edge in each direction, the cheapest.
 */
#ifndef TOPO_ANALYSIS_GRAPH_H
#define TOPO_ANALYSIS_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"

#define NODE_NONE UINT32_MAX

/* What an edge goes through, when it is not a connection (then it is its index). */
#define BY_DMA UINT32_MAX
#define BY_BRIDGE (UINT32_MAX - 1)
#define BY_SHARED (UINT32_MAX - 2)
#define BY_FORWARD (UINT32_MAX - 3)

struct edge {
	uint32_t to;
	uint32_t falls; /* 0 or 1 */
	uint32_t by;    /* index of a connection, or BY_* */
};

struct graph {
	uint32_t vm_count;     /* nodes below it are VMs */
	uint32_t node_count;   /* helper nodes included */
	const uint32_t *first; /* edges of node n: first[n] to first[n + 1] */
	const struct edge *edges;
};

struct draft_edge {
	uint32_t from;
	struct edge edge;
};

/* A graph in the making. */
struct graph_draft {
	struct arena *arena;
	uint32_t vm_count;
	uint32_t node_count;
	struct draft_edge *edges;
	size_t edge_count;
};

/** Start a graph of @vm_count VMs and no helper node; it lives in @arena. */
void graph_draft_init(struct graph_draft *draft, struct arena *arena, uint32_t vm_count);

/** A new helper node. */
uint32_t graph_draft_helper(struct graph_draft *draft);

/** An edge; when there are several between two nodes, the one with fewest falls stays. */
void graph_draft_edge(struct graph_draft *draft, uint32_t from, struct edge edge);

/** The finished graph, in the draft's arena. Cost: O(n + m log d), d the largest degree. */
const struct graph *graph_finish(const struct graph_draft *draft);

/** @graph with every edge turned round. */
const struct graph *graph_reverse(const struct graph *graph, struct arena *arena);

/** The edge from @from to @to, NULL if there is none. */
const struct edge *graph_find_edge(const struct graph *graph, uint32_t from, uint32_t to);

#endif
