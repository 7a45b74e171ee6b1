/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attack paths from entrances to assets. All pairs while they are few; else each asset with its
 * nearest entrance, weakest assets first. Where every VM counts as an entrance, from others only.
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

			if (analysis->entrance_rule == ENTRANCES_ALL && asset == entrance) {
				continue;
			}
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

	bool all = analysis->entrance_rule == ENTRANCES_ALL;

	shortest_run(shortest, analysis->graph, analysis->entrances.vms, analysis->entrances.count,
	             1);
	for (size_t j = 0; j < analysis->assets.count; j++) {
		uint32_t asset = analysis->assets.vms[j];
		uint32_t from = NODE_NONE;
		uint32_t falls = all ? falls_from_others(analysis->reverse, asset, &from)
		                     : shortest->to[asset].falls;

		pairs[j] = (struct pair){from, asset, falls, (uint32_t)j};
	}
	qsort(pairs, analysis->assets.count, sizeof(*pairs), compare_pairs);
	while (*count < analysis->assets.count && *count < ANALYSIS_ATTACKS_MAX) {
		struct pair *pair = &pairs[*count];
		struct way way = {.count = 0};

		if (pair->falls == FALLS_NEVER) {
			break;
		}
		if (!all) {
			shortest_ways(shortest, analysis->reverse, pair->asset, &way, 1, arena);
			pair->entrance = way.vms[0];
		}
		(*count)++;
	}
	return pairs;
}

struct attacker {
	struct analysis *analysis;
	const struct graph *graph;
	const struct graph *reverse;
	struct shortest *shortest;
};

static void fill_attack(const struct attacker *attacker, struct attack *attack, uint32_t entrance,
                        uint32_t asset)
{
	struct arena *arena = attacker->analysis->arena;

	shortest_run(attacker->shortest, attacker->graph, &entrance, 1, 1);
	*attack = (struct attack){.entrance = entrance,
	                          .asset = asset,
	                          .falls = attacker->shortest->to[asset].falls,
	                          .way_count = attacker->shortest->way_counts[asset]};
	attack->ways = arena_alloc(arena, ANALYSIS_WAYS_MAX * sizeof(*attack->ways));
	attack->listed = shortest_ways(attacker->shortest, attacker->reverse, asset, attack->ways,
	                               ANALYSIS_WAYS_MAX, arena);
	if (attack->listed != 0) {
		attack->chokes = choke_points(attacker->graph, entrance, asset, arena);
		attack->direct =
			!smallest_cut(attacker->graph, entrance, asset, &attack->cut, arena);
	}
}

static void make_attack(const struct attacker *attacker, const struct pair *pair,
                        struct attack *attack)
{
	struct analysis *analysis = attacker->analysis;

	fill_attack(attacker, attack, pair->entrance, pair->asset);
	if (analysis->confined != NULL) {
		struct attacker hypothetical = *attacker;
		struct attack *confined = arena_alloc(analysis->arena, sizeof(*confined));

		hypothetical.graph = analysis->confined;
		hypothetical.reverse = analysis->confined_reverse;
		fill_attack(&hypothetical, confined, pair->entrance, pair->asset);
		attack->confined = confined;
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

	struct attacker attacker = {analysis, analysis->graph, analysis->reverse, shortest};

	if (count != 0) {
		qsort(pairs, count, sizeof(*pairs), compare_pairs);
	}
	analysis->attack_total = analysis->entrances.count * analysis->assets.count;
	if (analysis->entrance_rule == ENTRANCES_ALL) {
		analysis->attack_total -= analysis->assets.count;
	}
	analysis->attack_count = count < most ? count : most;
	analysis->attacks = arena_alloc(analysis->arena,
	                                (analysis->attack_count + 1) * sizeof(*analysis->attacks));
	for (size_t i = 0; i < analysis->attack_count; i++) {
		make_attack(&attacker, &pairs[i], &analysis->attacks[i]);
	}
	arena_free(scratch);
}
