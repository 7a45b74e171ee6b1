/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many VMs must fall before each VM is held, and which single ones give all assets.
 */
#include "topo/analysis/parts.h"

/* The best step into @node from a VM that is not @vm; *from is that VM. */
static uint32_t best_step(const struct graph *reverse, uint32_t node, uint32_t vm, uint32_t *from)
{
	uint32_t best = FALLS_NEVER;

	for (uint32_t e = reverse->first[node]; e < reverse->first[node + 1]; e++) {
		const struct edge *edge = &reverse->edges[e];

		if (edge->to < reverse->vm_count && edge->to != vm && edge->falls < best) {
			best = edge->falls;
			*from = edge->to;
			if (best == 0) {
				break;
			}
		}
	}
	return best;
}

uint32_t falls_from_others(const struct graph *reverse, uint32_t vm, uint32_t *from)
{
	uint32_t best = best_step(reverse, vm, vm, from);

	for (uint32_t e = reverse->first[vm]; e < reverse->first[vm + 1] && best != 0; e++) {
		const struct edge *edge = &reverse->edges[e];
		uint32_t by = NODE_NONE;

		/* Helper nodes are entered from VMs only, at no cost. */
		if (edge->to >= reverse->vm_count && edge->falls < best &&
		    best_step(reverse, edge->to, vm, &by) != FALLS_NEVER) {
			best = edge->falls;
			*from = by;
		}
	}
	return best == FALLS_NEVER ? FALLS_NEVER : best + 1;
}

/* Fewest falls to asset @vm, from the entrances of the search last run or, if all are, others. */
static uint32_t asset_falls(const struct analysis *analysis, const struct graph *reverse,
                            const struct shortest *shortest, uint32_t vm)
{
	uint32_t from;

	return analysis->entrance_rule == ENTRANCES_ALL ? falls_from_others(reverse, vm, &from)
	                                                : shortest->to[vm].falls;
}

struct score score_of(const struct analysis *analysis, const struct graph *graph,
                      const struct vm_list *entrances, struct shortest *shortest)
{
	struct score score = {FALLS_NEVER, 0, 0};
	struct arena *scratch = arena_new();
	bool all = analysis->entrance_rule == ENTRANCES_ALL;
	const struct graph *reverse = all ? graph_reverse(graph, scratch) : NULL;

	shortest_run(shortest, graph, entrances->vms, entrances->count, 1);
	for (size_t i = 0; i < analysis->assets.count; i++) {
		uint32_t falls = asset_falls(analysis, reverse, shortest, analysis->assets.vms[i]);

		if (falls < score.weakest_falls) {
			score.weakest_falls = falls;
			score.weakest_count = 0;
		}
		score.weakest_count += falls == score.weakest_falls ? 1 : 0;
	}
	arena_free(scratch);
	return score;
}

static void find_weakest(struct analysis *analysis, const struct shortest *shortest)
{
	struct way way = {.count = 0};

	analysis->weakest_entrance = NODE_NONE;
	analysis->weakest_asset = NODE_NONE;
	for (size_t i = 0; i < analysis->assets.count && analysis->weakest_asset == NODE_NONE;
	     i++) {
		uint32_t vm = analysis->assets.vms[i];
		uint32_t falls = asset_falls(analysis, analysis->reverse, shortest, vm);

		if (falls == FALLS_NEVER || falls != analysis->score.weakest_falls) {
			continue;
		}
		analysis->weakest_asset = vm;
		if (analysis->entrance_rule == ENTRANCES_ALL) {
			falls_from_others(analysis->reverse, vm, &analysis->weakest_entrance);
		} else {
			shortest_ways(shortest, analysis->reverse, vm, &way, 1, analysis->arena);
			analysis->weakest_entrance = way.vms[0];
		}
	}
}

void analyse_falls(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	struct shortest *shortest = shortest_new(analysis->graph, scratch);
	uint32_t count = (uint32_t)analysis->model->vm_count;

	analysis->score = score_of(analysis, analysis->graph, &analysis->entrances, shortest);
	find_weakest(analysis, shortest);
	for (uint32_t vm = 0; vm < count; vm++) {
		analysis->vms[vm].falls = shortest->to[vm].falls;
		analysis->vms[vm].falls_confined = shortest->to[vm].falls;
		analysis->score.exposed_bytes += analysis->vms[vm].exposed_bytes;
	}
	if (analysis->confined != NULL) {
		shortest = shortest_new(analysis->confined, scratch);
		shortest_run(shortest, analysis->confined, analysis->entrances.vms,
		             analysis->entrances.count, 1);
		for (uint32_t vm = 0; vm < count; vm++) {
			analysis->vms[vm].falls_confined = shortest->to[vm].falls;
		}
	}
	arena_free(scratch);
}

/* Mark all from which @target comes at no cost, itself included, with @mark where it is mark - 1. */
static uint32_t mark_holders(const struct analysis *analysis, uint32_t target, uint32_t mark,
                             uint32_t *marks, uint32_t *visited, uint32_t *stack)
{
	const struct graph *reverse = analysis->reverse;
	uint32_t count = 1;
	uint32_t marked = 0;

	stack[0] = target;
	visited[target] = mark;
	while (count > 0) {
		uint32_t node = stack[--count];

		if (node < reverse->vm_count && marks[node] == mark - 1) {
			marks[node] = mark;
			marked++;
		}
		for (uint32_t e = reverse->first[node]; e < reverse->first[node + 1]; e++) {
			const struct edge *edge = &reverse->edges[e];

			if (edge->falls == 0 && visited[edge->to] != mark) {
				visited[edge->to] = mark;
				stack[count++] = edge->to;
			}
		}
	}
	return marked;
}

void analyse_single_points(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	size_t nodes = (size_t)analysis->graph->node_count + 1;
	uint32_t *marks = arena_alloc(scratch, nodes * sizeof(*marks));
	uint32_t *visited = arena_alloc(scratch, nodes * sizeof(*visited));
	uint32_t *stack = arena_alloc(scratch, nodes * sizeof(*stack));
	uint32_t left = 1;
	uint32_t mark = 0;

	/* Who holds the first asset, of these who holds the second, and so on. */
	for (size_t i = 0; i < analysis->assets.count && left != 0; i++) {
		left = mark_holders(analysis, analysis->assets.vms[i], ++mark, marks, visited,
		                    stack);
	}
	for (uint32_t vm = 0; left != 0 && mark != 0 && vm < analysis->graph->vm_count; vm++) {
		if (marks[vm] == mark) {
			vm_list_add(&analysis->single_points, vm, analysis->arena);
		}
	}
	arena_free(scratch);
}
