/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one change that improves the weakest answer most: changes are made to a copy of the links
 * where they could matter, on the shortest ways to the weakest assets, and scored.
 */
#include "topo/analysis/blocks.h"
#include "topo/analysis/parts.h"
#include "topo/base/units.h"

#define POOL_BYTES MIB(8)
#define WORK_MAX 300000U /* VMs and connections looked at, over all trials */
#define TRIALS_LEAST 8U
#define TRIALS_MOST 96U
#define WEAKEST_ASSETS_MAX 8U

/* Cheapest first: of two that help as much, the earlier is proposed. */
enum change_kind {
	CHANGE_POOL,
	CHANGE_CONFINE,
	CHANGE_BRIDGE,
	CHANGE_REMOVE,
	CHANGE_SPLIT,
	CHANGE_INSERT,
	CHANGE_KIND_COUNT
};

struct trial {
	enum change_kind kind;
	uint32_t at; /* connection, VM or bridge */
};

struct improver {
	struct analysis *analysis;
	struct arena *arena; /* of what lives through all trials */
	struct blocks blocks;
	uint32_t *on_way; /* connections on the shortest ways to the weakest assets */
	size_t on_way_count;
	bool *listed; /* of connections */
	size_t trials_left;
	struct trial best;
	struct score best_score;
	bool found;
};

static bool is_better(const struct score *a, const struct score *b)
{
	if (a->weakest_falls != b->weakest_falls) {
		return a->weakest_falls > b->weakest_falls;
	}
	if (a->weakest_count != b->weakest_count && a->weakest_falls != FALLS_NEVER) {
		return a->weakest_count < b->weakest_count;
	}
	return a->exposed_bytes < b->exposed_bytes;
}

/* Pool of link @id, which may be one that a change made. */
static uint64_t pool_of(const struct analysis *analysis, size_t id)
{
	const struct model *model = analysis->model;
	bool given = id < model->connection_count && model->connections[id].swiotlb;

	return given ? model->connections[id].pool_bytes : POOL_BYTES;
}

/* Bytes of all VMs of the model that others can reach, by the rules of facts.c. */
static uint64_t exposed_by(const struct analysis *analysis, const struct links *links,
                           struct arena *arena)
{
	uint32_t count = analysis->graph->vm_count;
	uint64_t *pools = arena_alloc(arena, (links->vm_count + 1) * sizeof(*pools));
	bool *open = arena_alloc(arena, links->vm_count + 1);
	uint32_t dma = 0;
	uint64_t sum = 0;

	for (uint32_t vm = 0; vm < links->vm_count; vm++) {
		dma += links->dma_open[vm] ? 1 : 0;
	}
	for (size_t i = 0; i < links->link_count; i++) {
		const struct link *link = &links->links[i];

		open[link->driver] |= link->whole_ram;
		pools[link->driver] += link->whole_ram ? 0 : pool_of(analysis, i);
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		bool by_dma = dma > (links->dma_open[vm] ? 1U : 0U) ||
		              analysis->vms[vm].circle->count > 1;

		sum += pools[vm] + (open[vm] || by_dma ? analysis->model->vms[vm].ram_bytes : 0);
	}
	return sum;
}

static void add_link(struct links *links, uint32_t device, uint32_t driver)
{
	links->links[links->link_count++] = (struct link){device, driver, false};
}

static void drop_link(struct links *links, uint32_t id)
{
	links->links[id] = links->links[--links->link_count];
}

static void drop_bridge(struct links *links, uint32_t bridge)
{
	size_t kept = 0;

	for (size_t i = 0; i < links->port_count; i++) {
		if (links->ports[i].bridge != bridge) {
			links->ports[kept++] = links->ports[i];
		}
	}
	links->port_count = kept;
}

static void change(struct links *links, struct trial trial)
{
	uint32_t added = links->vm_count;
	struct link link = links->links[trial.kind == CHANGE_CONFINE || trial.kind == CHANGE_BRIDGE
	                                        ? 0
	                                        : trial.at];

	switch (trial.kind) {
	case CHANGE_POOL:
		links->links[trial.at].whole_ram = false;
		break;
	case CHANGE_CONFINE:
		links->dma_open[trial.at] = false;
		break;
	case CHANGE_BRIDGE:
		drop_bridge(links, trial.at);
		break;
	case CHANGE_REMOVE:
		drop_link(links, trial.at);
		break;
	case CHANGE_SPLIT:
		links->vm_count++;
		links->links[trial.at].device = added;
		break;
	case CHANGE_INSERT:
		links->vm_count++;
		links->links[trial.at].driver = added;
		links->links[trial.at].whole_ram = false;
		add_link(links, added, link.driver);
		break;
	case CHANGE_KIND_COUNT:
	default:
		break;
	}
}

static void try_change(struct improver *improver, enum change_kind kind, uint32_t at)
{
	struct analysis *analysis = improver->analysis;
	struct trial trial = {kind, at};

	if (improver->trials_left == 0) {
		return;
	}
	improver->trials_left--;
	struct arena *scratch = arena_new();
	struct links links = links_copy(&analysis->links, 2, scratch);

	change(&links, trial);
	const struct graph *graph = links_graph(&links, scratch);
	struct score score =
		score_of(analysis, graph, &analysis->entrances, shortest_new(graph, scratch));

	score.exposed_bytes = exposed_by(analysis, &links, scratch);
	if (is_better(&score, &improver->best_score)) {
		improver->best = trial;
		improver->best_score = score;
		improver->found = true;
	}
	arena_free(scratch);
}

static void note_way(struct improver *improver, const struct way *way)
{
	for (size_t i = 1; i < way->count; i++) {
		uint32_t id = way->by[i];

		if (id < improver->analysis->model->connection_count && !improver->listed[id]) {
			improver->listed[id] = true;
			*ARENA_ADD(improver->arena, improver->on_way, improver->on_way_count) = id;
		}
	}
}

/* Connections by which an asset is entered directly. */
static void note_steps(struct improver *improver, uint32_t vm)
{
	const struct graph *reverse = improver->analysis->reverse;

	for (uint32_t e = reverse->first[vm]; e < reverse->first[vm + 1]; e++) {
		uint32_t from = reverse->edges[e].to;
		uint32_t by = reverse->edges[e].by;
		struct way way = {(uint32_t[]){from, vm}, (uint32_t[]){0, by}, NULL, 2};

		note_way(improver, &way);
	}
}

static void note_ways(struct improver *improver)
{
	const struct analysis *analysis = improver->analysis;
	struct shortest *shortest = shortest_new(analysis->graph, improver->arena);
	struct way ways[ANALYSIS_WAYS_MAX];
	size_t assets = 0;

	shortest_run(shortest, analysis->graph, analysis->entrances.vms, analysis->entrances.count,
	             1);
	for (size_t i = 0; i < analysis->assets.count && assets < WEAKEST_ASSETS_MAX; i++) {
		uint32_t vm = analysis->assets.vms[i];

		if (analysis->entrance_rule == ENTRANCES_ALL) {
			note_steps(improver, vm);
			assets++;
			continue;
		}
		if (shortest->to[vm].falls != analysis->score.weakest_falls) {
			continue;
		}
		size_t count = shortest_ways(shortest, analysis->reverse, vm, ways,
		                             ANALYSIS_WAYS_MAX, improver->arena);

		for (size_t j = 0; j < count; j++) {
			note_way(improver, &ways[j]);
		}
		assets++;
	}
}

static bool carries_network(const struct connection *connection)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (connection->devices[i].type == DEVICE_NET ||
		    connection->devices[i].type == DEVICE_VSOCK) {
			return true;
		}
	}
	return false;
}

/* A backend of its own can do without what the old one is served, and without its network. */
static bool can_split(const struct analysis *analysis, uint32_t id)
{
	const struct connection *connection = &analysis->model->connections[id];
	const struct vm_analysis *device = &analysis->vms[connection->device_vm];
	bool leaf = !device->entrance && device->used_count == 0;

	return device->served_count > 1 && (leaf || !carries_network(connection)) &&
	       connection->swiotlb;
}

static void try_all(struct improver *improver)
{
	struct analysis *analysis = improver->analysis;

	for (uint32_t i = 0; i < analysis->model->connection_count; i++) {
		if (!analysis->model->connections[i].swiotlb) {
			try_change(improver, CHANGE_POOL, i);
		}
	}
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		const struct hardware *hardware = &analysis->vms[vm].hardware;

		if (hardware->dma_open && !hardware->kernel) {
			try_change(improver, CHANGE_CONFINE, vm);
		}
	}
	for (uint32_t i = 0; i < analysis->links.bridge_count; i++) {
		try_change(improver, CHANGE_BRIDGE, i);
	}
	if (analysis->score.weakest_falls == FALLS_NEVER) {
		return;
	}
	for (size_t i = 0; i < improver->on_way_count; i++) {
		if (improver->blocks.block_of_link[improver->on_way[i]] != BLOCK_NONE) {
			try_change(improver, CHANGE_REMOVE, improver->on_way[i]);
		}
	}
	for (size_t i = 0; i < improver->on_way_count; i++) {
		if (can_split(analysis, improver->on_way[i])) {
			try_change(improver, CHANGE_SPLIT, improver->on_way[i]);
		}
	}
	for (size_t i = 0; i < improver->on_way_count; i++) {
		try_change(improver, CHANGE_INSERT, improver->on_way[i]);
	}
}

/* What a change of a connection is called: before, between and behind the names of its VMs. */
static const char *const sentences[CHANGE_KIND_COUNT][3] = {
	[CHANGE_POOL] = {"give the connection from ", " to ", " a pool (VMSWIOTLB=1)"},
	[CHANGE_REMOVE] = {"remove the connection from ", " to ",
                           ", if what it serves can be spared"},
	[CHANGE_SPLIT] = {"split ", ", so that ", " has a backend of its own"},
	[CHANGE_INSERT] = {"put a VM between ", " and ",
                           " that is served by the one and serves the other"},
};

static const char *describe(const struct analysis *analysis, struct trial trial)
{
	struct arena *arena = analysis->arena;

	if (trial.kind == CHANGE_CONFINE) {
		return arena_printf(arena,
		                    "confine the DMA of %s: a board with an SMMU, or a device "
		                    "without DMA",
		                    vm_name_of(analysis, trial.at));
	}
	if (trial.kind == CHANGE_BRIDGE && trial.at == analysis->links.host_bridge) {
		return "let one VM alone have network functions of the machine";
	}
	if (trial.kind == CHANGE_BRIDGE) {
		return arena_printf(arena, "give each VM on bridge %s a bridge of its own",
		                    analysis->links.bridge_names[trial.at]);
	}
	const struct connection *connection = &analysis->model->connections[trial.at];
	const char *const *sentence = sentences[trial.kind];

	return arena_printf(arena, "%s%s%s%s%s", sentence[0],
	                    vm_name_of(analysis, connection->device_vm), sentence[1],
	                    vm_name_of(analysis, connection->driver_vm), sentence[2]);
}

void analyse_improvement(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	size_t size = analysis->model->vm_count + analysis->model->connection_count + 1;
	size_t trials = WORK_MAX / size;
	struct improver improver = {
		.analysis = analysis,
		.arena = scratch,
		.blocks = blocks_find(&analysis->links, scratch),
		.listed = arena_alloc(scratch, analysis->model->connection_count + 1),
		.trials_left = trials < TRIALS_LEAST  ? TRIALS_LEAST
	                       : trials > TRIALS_MOST ? TRIALS_MOST
	                                              : trials,
		.best_score = analysis->score,
	};

	note_ways(&improver);
	try_all(&improver);
	analysis->improvement.found = improver.found;
	if (improver.found) {
		analysis->improvement.change = describe(analysis, improver.best);
		analysis->improvement.after = improver.best_score;
	}
	arena_free(scratch);
}
