/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building graphs: edges are sorted by their source by counting, and by target within each row.
 */
#include "topo/analysis/graph.h"

#include <stdlib.h>

#define SHORT_ROW 16U

void graph_draft_init(struct graph_draft *draft, struct arena *arena, uint32_t vm_count)
{
	*draft = (struct graph_draft){.arena = arena, .vm_count = vm_count, .node_count = vm_count};
}

uint32_t graph_draft_helper(struct graph_draft *draft)
{
	return draft->node_count++;
}

void graph_draft_edge(struct graph_draft *draft, uint32_t from, struct edge edge)
{
	*ARENA_ADD(draft->arena, draft->edges, draft->edge_count) = (struct draft_edge){from, edge};
}

static int compare_edges(const void *left, const void *right)
{
	const struct edge *a = left;
	const struct edge *b = right;

	if (a->to != b->to) {
		return a->to < b->to ? -1 : 1;
	}
	if (a->falls != b->falls) {
		return a->falls < b->falls ? -1 : 1;
	}
	return (a->by > b->by) - (a->by < b->by);
}

/* Most rows are short: sorted by hand they cost a fraction of what a call of qsort does. */
static void sort_row(struct edge *edges, uint32_t count)
{
	if (count > SHORT_ROW) {
		qsort(edges, count, sizeof(*edges), compare_edges);
		return;
	}
	for (uint32_t i = 1; i < count; i++) {
		struct edge edge = edges[i];
		uint32_t at = i;

		for (; at > 0 && compare_edges(&edges[at - 1], &edge) > 0; at--) {
			edges[at] = edges[at - 1];
		}
		edges[at] = edge;
	}
}

/* Sort each row and keep the first edge to each target. */
static void tidy_rows(uint32_t *first, struct edge *edges, uint32_t node_count)
{
	uint32_t kept = 0;

	for (uint32_t node = 0; node < node_count; node++) {
		uint32_t begin = first[node];
		uint32_t end = first[node + 1];

		sort_row(&edges[begin], end - begin);
		first[node] = kept;
		for (uint32_t i = begin; i < end; i++) {
			if (i == begin || edges[i].to != edges[kept - 1].to) {
				edges[kept++] = edges[i];
			}
		}
	}
	first[node_count] = kept;
}

const struct graph *graph_finish(const struct graph_draft *draft)
{
	struct graph *graph = arena_alloc(draft->arena, sizeof(*graph));
	uint32_t nodes = draft->node_count;
	uint32_t *first = arena_alloc(draft->arena, (nodes + 2) * sizeof(*first));
	struct edge *edges = arena_alloc(draft->arena, (draft->edge_count + 1) * sizeof(*edges));

	/* first[n + 2] counts the edges of n, then first[n + 1] is where its next one goes. */
	for (size_t i = 0; i < draft->edge_count; i++) {
		first[draft->edges[i].from + 2]++;
	}
	for (uint32_t node = 0; node < nodes; node++) {
		first[node + 2] += first[node + 1];
	}
	for (size_t i = 0; i < draft->edge_count; i++) {
		edges[first[draft->edges[i].from + 1]++] = draft->edges[i].edge;
	}
	tidy_rows(first, edges, nodes);
	*graph = (struct graph){draft->vm_count, nodes, first, edges};
	return graph;
}

const struct graph *graph_reverse(const struct graph *graph, struct arena *arena)
{
	struct graph_draft draft;

	graph_draft_init(&draft, arena, graph->vm_count);
	draft.node_count = graph->node_count;
	draft.edge_count = graph->first[graph->node_count];
	draft.edges = arena_alloc(arena, (draft.edge_count + 1) * sizeof(*draft.edges));
	for (uint32_t node = 0; node < graph->node_count; node++) {
		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
			draft.edges[i].from = graph->edges[i].to;
			draft.edges[i].edge = graph->edges[i];
			draft.edges[i].edge.to = node;
		}
	}
	return graph_finish(&draft);
}

const struct edge *graph_find_edge(const struct graph *graph, uint32_t from, uint32_t to)
{
	uint32_t low = graph->first[from];
	uint32_t high = graph->first[from + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (graph->edges[middle].to < to) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < graph->first[from + 1] && graph->edges[low].to == to ? &graph->edges[low]
	                                                                  : NULL;
}
