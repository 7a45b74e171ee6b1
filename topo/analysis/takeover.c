/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First the goals are thinned out: one that comes with another at no cost need not be asked for.
 * When every goal left can be entered from outside and none comes at no cost from anywhere, each
 * takes its own fall and that is the answer. Else the algorithm of Dreyfus and Wagner: cost[S][v]
 * is the least number of falls of a tree from v that holds the goals in S; a tree splits at v into
 * two, or goes over an edge. With too many goals for that, bounds.
 */
#include "topo/analysis/takeover.h"

#include <string.h>

#define EXACT_GOALS_MAX 8U
#define EXACT_CELLS_MAX ((size_t)1 << 21) /* of the table: sets of goals x nodes */

struct problem {
	const struct graph *graph;
	const struct graph *reverse;
	struct vm_list entrances;
	struct vm_list goals; /* thinned out */
	bool *entrance;       /* of each node */
	struct arena *arena;
};

static uint32_t add_falls(uint32_t a, uint32_t b)
{
	return a == FALLS_NEVER || b == FALLS_NEVER ? FALLS_NEVER : a + b;
}

/* Mark what comes with @start at no cost, other than itself. */
static void mark_free(const struct graph *graph, uint32_t start, uint32_t mark, uint32_t *marks,
                      uint32_t *stack)
{
	size_t count = 1;

	stack[0] = start;
	while (count > 0) {
		uint32_t node = stack[--count];

		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			const struct edge *edge = &graph->edges[e];

			if (edge->falls == 0 && marks[edge->to] != mark) {
				marks[edge->to] = mark;
				stack[count++] = edge->to;
			}
		}
	}
}

/* Goals that come with no other goal that stays. Of goals that come with each other, one stays. */
static struct vm_list thin_out(const struct problem *problem, struct vm_list goals)
{
	uint32_t nodes = problem->graph->node_count;
	uint32_t *marks = arena_alloc(problem->arena, ((size_t)nodes + 1) * sizeof(*marks));
	uint32_t *stack = arena_alloc(problem->arena, ((size_t)nodes + 1) * sizeof(*stack));
	bool *dropped = arena_alloc(problem->arena, ((size_t)nodes + 1) * sizeof(*dropped));
	struct vm_list kept = {arena_alloc(problem->arena, (goals.count + 1) * sizeof(*kept.vms)),
	                       0};

	for (size_t i = 0; i < goals.count; i++) {
		uint32_t mark = (uint32_t)i + 1;

		if (dropped[goals.vms[i]]) {
			continue;
		}
		mark_free(problem->graph, goals.vms[i], mark, marks, stack);
		for (size_t j = 0; j < goals.count; j++) {
			dropped[goals.vms[j]] |= j != i && marks[goals.vms[j]] == mark;
		}
	}
	for (size_t i = 0; i < goals.count; i++) {
		if (!dropped[goals.vms[i]]) {
			kept.vms[kept.count++] = goals.vms[i];
		}
	}
	return kept;
}

/* Goals that nobody gets at no cost: each takes a fall of its own. */
static uint32_t own_falls(const struct problem *problem)
{
	uint32_t count = 0;

	for (size_t i = 0; i < problem->goals.count; i++) {
		uint32_t goal = problem->goals.vms[i];
		bool free = false;

		for (uint32_t e = problem->reverse->first[goal];
		     e < problem->reverse->first[goal + 1]; e++) {
			uint32_t from = problem->reverse->edges[e].to;
			bool from_itself =
				from >= problem->graph->vm_count &&
				problem->reverse->first[from + 1] - problem->reverse->first[from] ==
					1 &&
				problem->reverse->edges[problem->reverse->first[from]].to == goal;

			free |= problem->reverse->edges[e].falls == 0 && !from_itself;
		}
		count += free ? 0 : 1;
	}
	return count;
}

/*
 * Let trees grow over edges: cost[v] = min(cost[v], falls of v -> w + cost[w]). As with a search
 * from many sources at different distances, nearest first.
 */
static void spread(const struct problem *problem, uint32_t *cost, struct shortest_queue *queue)
{
	const struct graph *reverse = problem->reverse;

	shortest_queue_clear(queue);
	for (uint32_t node = 0; node < reverse->node_count; node++) {
		if (cost[node] != FALLS_NEVER) {
			shortest_queue_push(queue, cost[node], node);
		}
	}
	while (queue->count != 0) {
		uint64_t key;
		uint32_t node = shortest_queue_pop(queue, &key);

		for (uint32_t e = reverse->first[node];
		     key == cost[node] && e < reverse->first[node + 1]; e++) {
			uint32_t before = reverse->edges[e].to;
			uint32_t through = cost[node] + reverse->edges[e].falls;

			if (through < cost[before]) {
				cost[before] = through;
				shortest_queue_push(queue, through, before);
			}
		}
	}
}

static uint32_t from_outside(const struct problem *problem, const uint32_t *cost)
{
	uint32_t best = FALLS_NEVER;

	for (size_t i = 0; i < problem->entrances.count; i++) {
		uint32_t here = add_falls(cost[problem->entrances.vms[i]], 1);

		best = here < best ? here : best;
	}
	return best;
}

/* Join the trees of two halves of @set at each node. */
static void join_halves(uint32_t *const *cost, uint32_t set, uint32_t nodes)
{
	for (uint32_t half = (set - 1) & set; half != 0; half = (half - 1) & set) {
		if (half < (set ^ half)) {
			break; /* the rest are the same pairs, turned round */
		}
		for (uint32_t node = 0; node < nodes; node++) {
			uint32_t both = add_falls(cost[half][node], cost[set ^ half][node]);

			if (both < cost[set][node]) {
				cost[set][node] = both;
			}
		}
	}
}

/*
 * Dreyfus and Wagner, with a node for outside: a tree of several goals may enter by several
 * entrances.
 */
static uint32_t exact(const struct problem *problem)
{
	uint32_t nodes = problem->graph->node_count;
	uint32_t sets = 1U << problem->goals.count;
	uint32_t **cost = arena_alloc(problem->arena, sets * sizeof(*cost));
	struct shortest_queue queue;

	shortest_queue_init(&queue, problem->graph, problem->arena);
	for (uint32_t set = 1; set < sets; set++) {
		cost[set] = arena_alloc(problem->arena, ((size_t)nodes + 1) * sizeof(**cost));
		memset(cost[set], 0xff, ((size_t)nodes + 1) * sizeof(**cost));
		if ((set & (set - 1)) == 0) {
			uint32_t goal = 0;

			while (set >> goal != 1) {
				goal++;
			}
			cost[set][problem->goals.vms[goal]] = 0;
		} else {
			join_halves(cost, set, nodes + 1);
		}
		spread(problem, cost[set], &queue);
		uint32_t outside = from_outside(problem, cost[set]);

		if (outside < cost[set][nodes]) {
			cost[set][nodes] = outside;
		}
	}
	return cost[sets - 1][nodes];
}

/* One way for each goal: no better than that it must be. */
static struct falls_range bounds(const struct problem *problem, uint32_t least)
{
	struct shortest *shortest = shortest_new(problem->graph, problem->arena);
	struct falls_range range = {least, 0};

	shortest_run(shortest, problem->graph, problem->entrances.vms, problem->entrances.count, 1);
	for (size_t i = 0; i < problem->goals.count; i++) {
		uint32_t falls = shortest->to[problem->goals.vms[i]].falls;

		range.most = add_falls(range.most, falls);
		range.least = falls > range.least ? falls : range.least;
	}
	return range.most == FALLS_NEVER ? (struct falls_range){FALLS_NEVER, FALLS_NEVER} : range;
}

static struct falls_range solve(struct problem *problem)
{
	uint32_t least = own_falls(problem);
	size_t entered = 0;

	for (size_t i = 0; i < problem->goals.count; i++) {
		entered += problem->entrance[problem->goals.vms[i]] ? 1 : 0;
	}
	if (entered == problem->goals.count && least == entered) {
		return (struct falls_range){least, least};
	}
	if (problem->goals.count <= EXACT_GOALS_MAX &&
	    ((size_t)problem->graph->node_count << problem->goals.count) <= EXACT_CELLS_MAX) {
		uint32_t falls = exact(problem);

		return (struct falls_range){falls, falls};
	}
	return bounds(problem, least);
}

struct falls_range takeover_falls(const struct graph *graph, struct vm_list entrances,
                                  struct vm_list goals)
{
	struct arena *arena = arena_new();
	struct problem problem = {
		.graph = graph,
		.reverse = graph_reverse(graph, arena),
		.entrances = entrances,
		.entrance = arena_alloc(arena, graph->node_count * sizeof(bool)),
		.arena = arena,
	};

	for (size_t i = 0; i < entrances.count; i++) {
		problem.entrance[entrances.vms[i]] = true;
	}
	problem.goals = thin_out(&problem, goals);
	struct falls_range range = solve(&problem);

	arena_free(arena);
	return range;
}
