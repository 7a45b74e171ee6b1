/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which patterns of the seed a topology is made of: a single host, meshes, chains outside of
 * meshes, and around each VM those that serve it and those that it serves.
 */
#include <stdlib.h>

#include "topo/analysis/blocks.h"
#include "topo/analysis/pattern_answers.h"
#include "topo/analysis/strong.h"

#define KIND_MAX 16U /* patterns of one kind that are kept */
#define KIND_MAX_LARGE 6U

/* Two VMs that are connected; connections in opposite directions are one tie. */
struct tie {
	uint32_t device;
	uint32_t driver;
	uint32_t link; /* one of those between them */
	bool both_ways;
	bool peers; /* nothing but vsock between them: streams that either may open */
	bool in_mesh;
};

struct finder {
	struct analysis *analysis;
	struct pattern_questions questions;
	struct arena *arena;
	struct tie *ties;
	size_t tie_count;
	uint32_t *partners; /* of each VM */
	uint32_t *root;     /* of the VM's tree: union-find */
	bool *serves;       /* of each VM; peers serve each other */
	bool *is_served;
	uint32_t host; /* NODE_NONE: there is no single host */
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

static bool carries_vsock_only(const struct connection *connection)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (connection->devices[i].type != DEVICE_VSOCK) {
			return false;
		}
	}
	return connection->device_count != 0;
}

static void collect_ties(struct finder *finder)
{
	const struct model *model = finder->analysis->model;
	struct tie *ties =
		arena_alloc(finder->arena, (model->connection_count + 1) * sizeof(*ties));
	size_t kept = 0;

	for (uint32_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		ties[i] = (struct tie){.device = connection->device_vm,
		                       .driver = connection->driver_vm,
		                       .link = i,
		                       .peers = carries_vsock_only(connection)};
	}
	qsort(ties, model->connection_count, sizeof(*ties), compare_ties);
	for (size_t i = 0; i < model->connection_count; i++) {
		if (kept > 0 && compare_ties(&ties[i], &ties[kept - 1]) == 0) {
			ties[kept - 1].both_ways |= ties[i].device != ties[kept - 1].device;
			ties[kept - 1].peers &= ties[i].peers;
			continue;
		}
		ties[kept++] = ties[i];
	}
	for (size_t i = 0; i < kept; i++) {
		bool mutual = ties[i].both_ways || ties[i].peers;

		finder->partners[ties[i].device]++;
		finder->partners[ties[i].driver]++;
		finder->serves[ties[i].device] = true;
		finder->is_served[ties[i].driver] = true;
		finder->serves[ties[i].driver] |= mutual;
		finder->is_served[ties[i].device] |= mutual;
	}
	finder->ties = ties;
	finder->tie_count = kept;
}

/* Count the pattern, and keep and answer it while there is room. */
static void add_pattern(struct finder *finder, enum pattern_kind kind, struct vm_list members)
{
	struct analysis *analysis = finder->analysis;
	bool whole = analysis->graph->vm_count <= ANALYSIS_WHOLE_VMS;
	size_t most = whole ? KIND_MAX : KIND_MAX_LARGE;

	analysis->pattern_total++;
	if (analysis->pattern_totals[kind]++ >= most) {
		return;
	}
	struct pattern *pattern =
		ARENA_ADD(analysis->arena, analysis->patterns, analysis->pattern_count);

	pattern->kind = kind;
	pattern->members = members;
	pattern_answer(&finder->questions, pattern);
}

static struct vm_list list_of(struct finder *finder, const uint32_t *vms, size_t count)
{
	struct vm_list list = {NULL, 0};

	for (size_t i = 0; i < count; i++) {
		vm_list_add(&list, vms[i], finder->analysis->arena);
	}
	return list;
}

/* Whether @host serves all others with their whole RAM, and no other has any hardware. */
static bool is_host(const struct analysis *analysis, uint32_t host, bool *open)
{
	const struct vm_analysis *row = &analysis->vms[host];
	uint32_t served = 0;

	for (size_t i = 0; i < row->served_count; i++) {
		const struct connection *connection = &analysis->model->connections[row->served[i]];

		if (!connection->swiotlb && !open[connection->driver_vm]) {
			open[connection->driver_vm] = true;
			served++;
		}
	}
	return served + 1 == analysis->graph->vm_count;
}

static void find_host(struct finder *finder)
{
	const struct analysis *analysis = finder->analysis;
	uint32_t count = analysis->graph->vm_count;
	uint32_t owner = NODE_NONE;
	struct vm_list members = {NULL, 0};

	finder->host = NODE_NONE;
	for (uint32_t vm = 0; vm < count; vm++) {
		if (vm_has_hardware(&analysis->model->vms[vm])) {
			if (owner != NODE_NONE) {
				return;
			}
			owner = vm;
		}
	}
	if (owner == NODE_NONE || count < 2 ||
	    !is_host(analysis, owner, arena_alloc(finder->arena, (size_t)count + 1))) {
		return;
	}
	finder->host = owner;
	vm_list_add(&members, owner, finder->analysis->arena);
	for (uint32_t vm = 0; vm < count; vm++) {
		if (vm != owner) {
			vm_list_add(&members, vm, finder->analysis->arena);
		}
	}
	add_pattern(finder, PATTERN_HOST, members);
}

/* Who serves whom as a graph, peers both ways. */
static const struct graph *service_graph(const struct finder *finder)
{
	struct graph_draft draft;

	graph_draft_init(&draft, finder->arena, finder->analysis->graph->vm_count);
	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];

		graph_draft_edge(&draft, tie->device, (struct edge){tie->driver, 1, tie->link});
		if (tie->both_ways || tie->peers) {
			graph_draft_edge(&draft, tie->driver,
			                 (struct edge){tie->device, 1, tie->link});
		}
	}
	return graph_finish(&draft);
}

struct member {
	uint32_t vm;
	uint32_t component;
};

static int compare_members(const void *left, const void *right)
{
	const struct member *a = left;
	const struct member *b = right;

	if (a->component != b->component) {
		return a->component < b->component ? -1 : 1;
	}
	return (a->vm > b->vm) - (a->vm < b->vm);
}

/* Of one block: the VMs that lie on directed cycles together. */
static void find_cycles(struct finder *finder, const struct vm_list *block,
                        const uint32_t *components)
{
	struct member *members = arena_alloc(finder->arena, block->count * sizeof(*members));
	size_t end = 0;

	for (size_t i = 0; i < block->count; i++) {
		members[i] = (struct member){block->vms[i], components[block->vms[i]]};
	}
	qsort(members, block->count, sizeof(*members), compare_members);
	for (size_t begin = 0; begin < block->count; begin = end) {
		struct vm_list mesh = {NULL, 0};

		for (end = begin;
		     end < block->count && members[end].component == members[begin].component;
		     end++) {
			vm_list_add(&mesh, members[end].vm, finder->arena);
		}
		if (mesh.count >= 3) {
			add_pattern(finder, PATTERN_MESH, list_of(finder, mesh.vms, mesh.count));
		}
	}
}

/*
 * A mesh is a part in which VMs serve each other in circles, or in which every VM is served by
 * others and serves others. Either lies in one block.
 */
static void find_meshes(struct finder *finder)
{
	struct blocks blocks = blocks_find(&finder->analysis->links, finder->arena);
	const uint32_t *components = strong_components(service_graph(finder), finder->arena);
	bool *whole = arena_alloc(finder->arena, blocks.part_count + 1);

	for (size_t i = 0; i < blocks.part_count; i++) {
		const struct vm_list *block = &blocks.parts[i];

		whole[i] = true;
		for (size_t j = 0; j < block->count; j++) {
			whole[i] &=
				finder->serves[block->vms[j]] && finder->is_served[block->vms[j]];
		}
		if (whole[i]) {
			add_pattern(finder, PATTERN_MESH,
			            list_of(finder, block->vms, block->count));
		} else {
			find_cycles(finder, block, components);
		}
	}
	for (size_t i = 0; i < finder->tie_count; i++) {
		struct tie *tie = &finder->ties[i];
		uint32_t block = blocks.block_of_link[tie->link];

		tie->in_mesh = block != BLOCK_NONE &&
		               (whole[block] || components[tie->device] == components[tie->driver]);
	}
}

static void find_pairs(struct finder *finder)
{
	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];
		const uint32_t vms[2] = {tie->device, tie->driver};

		if (finder->partners[tie->device] == 1 && finder->partners[tie->driver] == 1 &&
		    finder->host == NODE_NONE) {
			add_pattern(finder, PATTERN_PAIR, list_of(finder, vms, 2));
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
		if (stars[vm].count > 2 && (backends || vm != finder->host)) {
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

/* Whether a chain may go over it. */
static bool leads_on(const struct tie *tie)
{
	return !tie->both_ways && !tie->in_mesh;
}

static void index_ties(struct finder *finder, struct chains *chains)
{
	uint32_t count = finder->analysis->graph->vm_count;

	for (size_t i = 0; i < finder->tie_count; i++) {
		chains->first[finder->ties[i].device + 2] += leads_on(&finder->ties[i]) ? 1 : 0;
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		chains->first[vm + 2] += chains->first[vm + 1];
	}
	for (size_t i = 0; i < finder->tie_count; i++) {
		const struct tie *tie = &finder->ties[i];

		if (leads_on(tie)) {
			chains->drivers[chains->first[tie->device + 1]++] = tie->driver;
			chains->waiting[tie->driver]++;
			finder->root[root_of(finder, tie->device)] = root_of(finder, tie->driver);
		}
	}
}

/* Longest runs in the order of service. Outside of meshes is no circle: every VM has its turn. */
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
		.serves = arena_alloc(scratch, (size_t)count + 1),
		.is_served = arena_alloc(scratch, (size_t)count + 1),
	};

	for (uint32_t vm = 0; vm < count; vm++) {
		finder.root[vm] = vm;
	}
	pattern_questions_init(&finder.questions, analysis, scratch);
	collect_ties(&finder);
	find_host(&finder);
	find_meshes(&finder);
	find_chains(&finder);
	find_stars(&finder, true);
	find_stars(&finder, false);
	find_pairs(&finder);
	arena_free(scratch);
}
