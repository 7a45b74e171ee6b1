/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways that assertions ask for. From an entrance through one VM to another, each fall counted once,
 * is a tree with one branching: an entrance leads to a VM, from which ways lead to both. So three
 * searches give the answer: the sum of what they say is least at the branching.
 */
#include "topo/analysis/parts.h"

uint32_t analysis_falls_between(const struct analysis *analysis, uint32_t from, uint32_t to,
                                struct way *way)
{
	struct shortest *shortest = shortest_new(analysis->graph, analysis->arena);

	*way = (struct way){.count = 0};
	shortest_run(shortest, analysis->graph, &from, 1, 1);
	shortest_ways(shortest, analysis->reverse, to, way, 1, analysis->arena);
	return shortest->to[to].falls;
}

static struct shortest *search_back(const struct analysis *analysis, uint32_t vm)
{
	struct shortest *shortest = shortest_new(analysis->reverse, analysis->arena);

	shortest_run(shortest, analysis->reverse, &vm, 1, 0);
	return shortest;
}

/* Falls above steps, as one number; UINT64_MAX: some way is missing. */
static uint64_t sum_at(const struct shortest *const searches[3], uint32_t vm)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < 3; i++) {
		struct distance distance = searches[i]->to[vm];

		if (distance.falls == FALLS_NEVER) {
			return UINT64_MAX;
		}
		sum += (uint64_t)distance.falls << 32 | distance.steps;
	}
	return sum;
}

/* A shortest way from the entrances that @shortest was run from, or from @from if it is a VM. */
static struct way way_to(const struct analysis *analysis, struct shortest *shortest, uint32_t from,
                         uint32_t to)
{
	struct way way = {.count = 0};

	if (from != NODE_NONE) {
		shortest_run(shortest, analysis->graph, &from, 1, 0);
	}
	shortest_ways(shortest, analysis->reverse, to, &way, 1, analysis->arena);
	return way;
}

static void append_way(const struct analysis *analysis, struct way *way, const struct way *more)
{
	struct way both = {.count = way->count + more->count - 1};

	both.vms = arena_alloc(analysis->arena, both.count * sizeof(*both.vms));
	both.by = arena_alloc(analysis->arena, both.count * sizeof(*both.by));
	both.fell = arena_alloc(analysis->arena, both.count * sizeof(*both.fell));
	for (size_t i = 0; i < both.count; i++) {
		const struct way *from = i < way->count ? way : more;
		size_t at = i < way->count ? i : i - way->count + 1;

		both.vms[i] = from->vms[at];
		both.by[i] = from->by[at];
		both.fell[i] = from->fell[at];
	}
	*way = both;
}

struct passage analysis_passage(const struct analysis *analysis, uint32_t through, uint32_t to)
{
	struct shortest *outside = shortest_new(analysis->graph, analysis->arena);
	struct shortest *searches[3] = {outside, search_back(analysis, through),
	                                search_back(analysis, to)};
	struct passage passage = {.falls = FALLS_NEVER};
	uint32_t branch = through;

	shortest_run(outside, analysis->graph, analysis->entrances.vms, analysis->entrances.count,
	             1);
	if (outside->to[through].falls == FALLS_NEVER) {
		return passage;
	}
	if (searches[2]->to[through].falls == FALLS_NEVER) {
		passage.in = way_to(analysis, outside, NODE_NONE, through);
		passage.never_between = true;
		return passage;
	}
	const struct shortest *const sums[3] = {searches[0], searches[1], searches[2]};

	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		branch = sum_at(sums, vm) < sum_at(sums, branch) ? vm : branch;
	}
	passage.falls = outside->to[branch].falls + searches[1]->to[branch].falls +
	                searches[2]->to[branch].falls;
	passage.in = way_to(analysis, outside, NODE_NONE, branch);
	struct way rest = way_to(analysis, outside, branch, through);

	append_way(analysis, &passage.in, &rest);
	passage.on = way_to(analysis, outside, branch, to);
	return passage;
}
