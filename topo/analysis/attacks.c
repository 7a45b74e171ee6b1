/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attack paths from entrances to assets. All pairs while they are few; else each asset with its
 * nearest entrance, weakest assets first.
 */
#include <stdlib.h>

#include "topo/analysis/parts.h"

struct pair {
	uint32_t entrance;
	uint32_t asset;
	uint32_t falls;
	uint32_t order; /* keeps sorting stable */
};

static int compare_pairs(const void *left, const void *right)
{
	const struct pair *a = left;
	const struct pair *b = right;

	if (a->falls != b->falls) {
		return a->falls < b->falls ? -1 : 1;
	}
	return (a->order > b->order) - (a->order < b->order);
}

static struct pair *all_pairs(const struct analysis *analysis, struct shortest *shortest,
                              size_t *count, struct arena *arena)
{
	struct pair *pairs = NULL;

	for (size_t i = 0; i < analysis->entrances.count; i++) {
		uint32_t entrance = analysis->entrances.vms[i];

		shortest_run(shortest, analysis->graph, &entrance, 1, 1);
		for (size_t j = 0; j < analysis->assets.count; j++) {
			uint32_t asset = analysis->assets.vms[j];
			size_t order = *count;

			*ARENA_ADD(arena, pairs, *count) = (struct pair){
				entrance, asset, shortest->to[asset].falls, (uint32_t)order};
		}
	}
	return pairs;
}

/* The weakest assets, each with the entrance at the other end of a shortest way. */
static struct pair *nearest_pairs(const struct analysis *analysis, struct shortest *shortest,
                                  size_t *count, struct arena *arena)
{
	struct pair *pairs = arena_alloc(arena, (analysis->assets.count + 1) * sizeof(*pairs));

	shortest_run(shortest, analysis->graph, analysis->entrances.vms, analysis->entrances.count,
	             1);
	for (size_t j = 0; j < analysis->assets.count; j++) {
		uint32_t asset = analysis->assets.vms[j];

		pairs[j] = (struct pair){NODE_NONE, asset, shortest->to[asset].falls, (uint32_t)j};
	}
	qsort(pairs, analysis->assets.count, sizeof(*pairs), compare_pairs);
	while (*count < analysis->assets.count && *count < ANALYSIS_ATTACKS_MAX) {
		struct pair *pair = &pairs[*count];
		struct way way = {.count = 0};

		if (shortest_ways(shortest, analysis->reverse, pair->asset, &way, 1, arena) == 0) {
			break;
		}
		pair->entrance = way.vms[0];
		(*count)++;
	}
	return pairs;
}

static void make_attack(struct analysis *analysis, struct shortest *shortest,
                        const struct pair *pair, struct attack *attack)
{
	*attack = (struct attack){
		.entrance = pair->entrance, .asset = pair->asset, .falls = pair->falls};
	shortest_run(shortest, analysis->graph, &pair->entrance, 1, 1);
	attack->way_count = shortest->way_counts[pair->asset];
	attack->ways = arena_alloc(analysis->arena, ANALYSIS_WAYS_MAX * sizeof(*attack->ways));
	attack->listed = shortest_ways(shortest, analysis->reverse, pair->asset, attack->ways,
	                               ANALYSIS_WAYS_MAX, analysis->arena);
	if (attack->listed != 0) {
		attack->chokes =
			choke_points(analysis->graph, pair->entrance, pair->asset, analysis->arena);
		attack->direct = !smallest_cut(analysis->graph, pair->entrance, pair->asset,
		                               &attack->cut, analysis->arena);
	}
}

void analyse_attacks(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	struct shortest *shortest = shortest_new(analysis->graph, scratch);
	bool whole = analysis->model->vm_count <= ANALYSIS_WHOLE_VMS;
	size_t count = 0;
	struct pair *pairs = whole ? all_pairs(analysis, shortest, &count, scratch)
	                           : nearest_pairs(analysis, shortest, &count, scratch);
	size_t most = whole ? count : ANALYSIS_ATTACKS_MAX;

	if (count != 0) {
		qsort(pairs, count, sizeof(*pairs), compare_pairs);
	}
	analysis->attack_total = analysis->entrances.count * analysis->assets.count;
	analysis->attack_count = count < most ? count : most;
	analysis->attacks = arena_alloc(analysis->arena,
	                                (analysis->attack_count + 1) * sizeof(*analysis->attacks));
	for (size_t i = 0; i < analysis->attack_count; i++) {
		make_attack(analysis, shortest, &pairs[i], &analysis->attacks[i]);
	}
	arena_free(scratch);
}
