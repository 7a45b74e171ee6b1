/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which patterns of the seed a topology is made of: meshes first, then what lies between them,
 * which is a forest: pairs, VMs with several backends, backends of several VMs, chains.
 */
#include <stdlib.h>

#include "topo/analysis/blocks.h"
#include "topo/analysis/pattern_answers.h"

/* A connection outside of meshes; two in opposite directions are one tie. */
struct tie {
	uint32_t device;
	uint32_t driver;
	bool both_ways;
};

struct finder {
	struct analysis *analysis;
	struct pattern_questions questions;
	struct arena *arena;
	struct tie *ties;
	size_t tie_count;
	uint32_t *partners; /* of each VM, in meshes too */
	uint32_t *root;     /* of the VM's tree: union-find */
};

static int compare_ties(const void *left, const void *right)
{
	const struct tie *a = left;
	const struct tie *b = right;
	uint32_t a_low = a->device < a->driver ? a->device : a->driver;
	uint32_t b_low = b->device < b->driver ? b->device : b->driver;
	uint32_t a_high = a->device ^ a->driver ^ a_low;
	uint32_t b_high = b->device ^ b->driver ^ b_low;

	if (a_low != b_low) {
		return a_low < b_low ? -1 : 1;
	}
	return (a_high > b_high) - (a_high < b_high);
}

/* Links outside of meshes, opposite ones merged. */
static void collect_ties(struct finder *finder, const struct blocks *blocks)
{
	const struct links *links = &finder->analysis->links;
	struct tie *ties = arena_alloc(finder->arena, (links->link_count + 1) * sizeof(*ties));
	size_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < links->link_count; i++) {
		if (blocks->mesh_of_link[i] == BLOCK_NONE) {
			ties[count++] =
				(struct tie){links->links[i].device, links->links[i].driver, false};
		} else {
			finder->partners[links->links[i].device]++;
			finder->partners[links->links[i].driver]++;
		}
	}
	qsort(ties, count, sizeof(*ties), compare_ties);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare_ties(&ties[i], &ties[kept - 1]) == 0) {
			ties[kept - 1].both_ways = true;
			continue;
		}
		ties[kept++] = ties[i];
		finder->partners[ties[i].device]++;
		finder->partners[ties[i].driver]++;
	}
	finder->ties = ties;
	finder->tie_count = kept;
}

/* Count the pattern, and keep and answer it while there is room. */
static void add_pattern(struct finder *finder, enum pattern_kind kind, struct vm_list members)
{
	struct analysis *analysis = finder->analysis;

	analysis->pattern_totals[kind]++;
	analysis->pattern_total++;
	if (analysis->pattern_count >= ANALYSIS_PATTERNS_MAX) {
		return;
	}
	struct pattern *pattern =
		ARENA_ADD(analysis->arena, analysis->patterns, analysis->pattern_count);

	pattern->kind = kind;
	pattern->members = members;
	pattern_answer(&finder->questions, pattern);
}

static void find_pairs(struct finder *finder)
{
	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];

		if (finder->partners[tie->device] == 1 && finder->partners[tie->driver] == 1) {
			struct vm_list members = {NULL, 0};

			vm_list_add(&members, tie->device, finder->analysis->arena);
			vm_list_add(&members, tie->driver, finder->analysis->arena);
			add_pattern(finder, PATTERN_PAIR, members);
		}
	}
}

/* Stars around a VM: @backends: those that serve it, else those that it serves. */
static void find_stars(struct finder *finder, bool backends)
{
	uint32_t count = finder->analysis->graph->vm_count;
	struct vm_list *stars = arena_alloc(finder->arena, ((size_t)count + 1) * sizeof(*stars));

	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];
		uint32_t centre = backends ? tie->driver : tie->device;
		uint32_t leaf = backends ? tie->device : tie->driver;

		if (stars[centre].count == 0) {
			vm_list_add(&stars[centre], centre, finder->analysis->arena);
		}
		vm_list_add(&stars[centre], leaf, finder->analysis->arena);
		if (tie->both_ways && stars[leaf].count == 0) {
			vm_list_add(&stars[leaf], leaf, finder->analysis->arena);
		}
		if (tie->both_ways) {
			vm_list_add(&stars[leaf], centre, finder->analysis->arena);
		}
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		if (stars[vm].count > 2) {
			add_pattern(finder, backends ? PATTERN_BACKENDS : PATTERN_SHARED,
			            stars[vm]);
		}
	}
}

static uint32_t root_of(struct finder *finder, uint32_t vm)
{
	while (finder->root[vm] != vm) {
		finder->root[vm] = finder->root[finder->root[vm]];
		vm = finder->root[vm];
	}
	return vm;
}

/* Working memory of find_chains: arrays over VMs. */
struct chains {
	uint32_t *length;  /* VMs of the longest run that ends here */
	uint32_t *before;  /* the one before it in that run */
	uint32_t *waiting; /* ties into it that were not yet looked at */
	uint32_t *first;   /* rows of driver VMs */
	uint32_t *drivers;
	uint32_t *queue;
	uint32_t *best; /* of each tree's root: the VM where its longest run ends */
};

static void index_ties(struct finder *finder, struct chains *chains)
{
	uint32_t count = finder->analysis->graph->vm_count;

	for (size_t i = 0; i < finder->tie_count; i++) {
		chains->first[finder->ties[i].device + 2] += finder->ties[i].both_ways ? 0 : 1;
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		chains->first[vm + 2] += chains->first[vm + 1];
	}
	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];

		if (!tie->both_ways) {
			chains->drivers[chains->first[tie->device + 1]++] = tie->driver;
			chains->waiting[tie->driver]++;
			finder->root[root_of(finder, tie->device)] = root_of(finder, tie->driver);
		}
	}
}

/* Longest runs in the order of service. A forest has no circle, so every VM has its turn. */
static void grow_runs(const struct finder *finder, struct chains *chains)
{
	uint32_t count = finder->analysis->graph->vm_count;
	uint32_t tail = 0;

	for (uint32_t vm = 0; vm < count; vm++) {
		chains->length[vm] = 1;
		chains->before[vm] = NODE_NONE;
		chains->best[vm] = NODE_NONE;
		if (chains->waiting[vm] == 0) {
			chains->queue[tail++] = vm;
		}
	}
	for (uint32_t head = 0; head < tail; head++) {
		uint32_t vm = chains->queue[head];

		for (uint32_t i = chains->first[vm]; i < chains->first[vm + 1]; i++) {
			uint32_t driver = chains->drivers[i];

			if (chains->length[vm] + 1 > chains->length[driver]) {
				chains->length[driver] = chains->length[vm] + 1;
				chains->before[driver] = vm;
			}
			if (--chains->waiting[driver] == 0) {
				chains->queue[tail++] = driver;
			}
		}
	}
}

static void keep_chain(struct finder *finder, const struct chains *chains, uint32_t last)
{
	uint32_t length = chains->length[last];
	struct vm_list members = {
		arena_alloc(finder->analysis->arena, length * sizeof(*members.vms)), length};

	for (uint32_t i = length, vm = last; i > 0; i--) {
		members.vms[i - 1] = vm;
		vm = chains->before[vm];
	}
	add_pattern(finder, PATTERN_CHAIN, members);
}

static void find_chains(struct finder *finder)
{
	uint32_t count = finder->analysis->graph->vm_count;
	size_t bytes = ((size_t)count + 2) * sizeof(uint32_t);
	struct chains chains = {
		.length = arena_alloc(finder->arena, bytes),
		.before = arena_alloc(finder->arena, bytes),
		.waiting = arena_alloc(finder->arena, bytes),
		.first = arena_alloc(finder->arena, bytes),
		.drivers = arena_alloc(finder->arena, (finder->tie_count + 1) * sizeof(uint32_t)),
		.queue = arena_alloc(finder->arena, bytes),
		.best = arena_alloc(finder->arena, bytes),
	};

	index_ties(finder, &chains);
	grow_runs(finder, &chains);
	for (uint32_t vm = 0; vm < count; vm++) {
		uint32_t *best = &chains.best[root_of(finder, vm)];

		if (*best == NODE_NONE || chains.length[vm] > chains.length[*best]) {
			*best = vm;
		}
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		if (chains.best[vm] != NODE_NONE && chains.length[chains.best[vm]] >= 3) {
			keep_chain(finder, &chains, chains.best[vm]);
		}
	}
}

void analyse_patterns(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	uint32_t count = analysis->graph->vm_count;
	struct finder finder = {
		.analysis = analysis,
		.arena = scratch,
		.partners = arena_alloc(scratch, ((size_t)count + 1) * sizeof(uint32_t)),
		.root = arena_alloc(scratch, ((size_t)count + 1) * sizeof(uint32_t)),
	};
	struct blocks blocks = blocks_find(&analysis->links, analysis->arena);

	for (uint32_t vm = 0; vm < count; vm++) {
		finder.root[vm] = vm;
	}
	pattern_questions_init(&finder.questions, analysis, scratch);
	collect_ties(&finder, &blocks);
	find_chains(&finder);
	find_stars(&finder, true);
	find_stars(&finder, false);
	find_pairs(&finder);
	for (size_t i = 0; i < blocks.mesh_count; i++) {
		add_pattern(&finder, PATTERN_MESH, blocks.meshes[i]);
	}
	arena_free(scratch);
}
