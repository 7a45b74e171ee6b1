/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blast radius: a search from one VM, with the VM itself at no cost.
 */
#include <stdlib.h>

#include "topo/analysis/parts.h"

struct blaster {
	struct analysis *analysis;
	const struct graph *graph;
	struct shortest *shortest;
	uint32_t *marks; /* of VMs: the run in which it was last counted */
	uint32_t run;
};

static bool first_time(struct blaster *blaster, uint32_t vm)
{
	if (blaster->marks[vm] == blaster->run) {
		return false;
	}
	blaster->marks[vm] = blaster->run;
	return true;
}

static int compare_vms(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* VMs in the order of the file, from number @from of the list on. */
static void sort_vms(struct vm_list *list, size_t from)
{
	if (list->count > from + 1) {
		qsort(list->vms + from, list->count - from, sizeof(*list->vms), compare_vms);
	}
}

/* Divide what was reached by the number of exploits that it takes. */
static void collect_waves(struct blaster *blaster, struct blast *blast)
{
	struct analysis *analysis = blaster->analysis;
	const struct shortest *shortest = blaster->shortest;
	uint32_t reached = 0;

	for (uint32_t i = 0; i < shortest->order_count; i++) {
		uint32_t vm = shortest->order[i];
		uint32_t falls = shortest->to[vm].falls;

		if (vm >= blaster->graph->vm_count) {
			continue;
		}
		reached++;
		while (falls > blast->wave_count) {
			ARENA_ADD(analysis->arena, blast->waves, blast->wave_count);
		}
		vm_list_add(falls == 0 ? &blast->held : &blast->waves[falls - 1], vm,
		            analysis->arena);
	}
	sort_vms(&blast->held, 1);
	for (size_t wave = 0; wave < blast->wave_count; wave++) {
		sort_vms(&blast->waves[wave], 0);
	}
	blast->safe_count = blaster->graph->vm_count - reached;
}

static bool is_held(const struct blaster *blaster, uint32_t vm)
{
	return blaster->shortest->to[vm].falls == 0;
}

/* VMs that may_restart of what is held names, itself left out. */
static void collect_restarts(struct blaster *blaster, struct blast *blast)
{
	struct analysis *analysis = blaster->analysis;
	const struct vm *vms = analysis->model->vms;

	blaster->run++;
	first_time(blaster, blast->vm);
	for (size_t i = 0; i < blast->held.count; i++) {
		const struct vm *row = &vms[blast->held.vms[i]];

		for (size_t j = 0; j < row->may_restart_count; j++) {
			uint32_t vm = (uint32_t)(row->may_restart[j] - vms);

			if (first_time(blaster, vm)) {
				vm_list_add(&blast->restarts, vm, analysis->arena);
			}
		}
	}
	sort_vms(&blast->restarts, 0);
}

/* VMs served by those of @list that were not in a list of this run yet. */
static void add_served(struct blaster *blaster, struct blast *blast, const struct vm_list *list)
{
	struct analysis *analysis = blaster->analysis;

	for (size_t i = 0; i < list->count; i++) {
		const struct vm_analysis *row = &analysis->vms[list->vms[i]];

		for (size_t j = 0; j < row->served_count; j++) {
			uint32_t driver = analysis->model->connections[row->served[j]].driver_vm;

			if (first_time(blaster, driver)) {
				vm_list_add(&blast->stops, driver, analysis->arena);
			}
		}
	}
}

/* VMs served by what is held, or may be stopped, itself left out. */
static void collect_stops(struct blaster *blaster, struct blast *blast)
{
	blaster->run++;
	first_time(blaster, blast->vm);
	add_served(blaster, blast, &blast->held);
	add_served(blaster, blast, &blast->restarts);
	sort_vms(&blast->stops, 0);
}

/* Memory of others: all of what is held besides itself, and pools of what is served. */
static void count_bytes(const struct blaster *blaster, struct blast *blast)
{
	const struct analysis *analysis = blaster->analysis;

	for (size_t i = 0; i < blast->held.count; i++) {
		const struct vm_analysis *row = &analysis->vms[blast->held.vms[i]];

		blast->kinds |= row->hardware.kinds;
		if (i != 0) {
			blast->bytes += analysis->model->vms[blast->held.vms[i]].ram_bytes +
			                row->pool_bytes;
		}
		for (size_t j = 0; j < row->served_count; j++) {
			const struct connection *connection =
				&analysis->model->connections[row->served[j]];

			if (!is_held(blaster, connection->driver_vm)) {
				blast->bytes += connection->pool_bytes;
			}
		}
	}
}

static void fill_blast(struct blaster *blaster, struct blast *blast, uint32_t vm)
{
	blast->vm = vm;
	shortest_run(blaster->shortest, blaster->graph, &vm, 1, 0);
	collect_waves(blaster, blast);
	collect_restarts(blaster, blast);
	collect_stops(blaster, blast);
	count_bytes(blaster, blast);
}

static void make_blast(struct blaster *blaster, struct blast *blast, uint32_t vm)
{
	struct analysis *analysis = blaster->analysis;

	fill_blast(blaster, blast, vm);
	if (analysis->confined != NULL) {
		struct blaster hypothetical = *blaster;
		struct blast *confined = arena_alloc(analysis->arena, sizeof(*confined));

		hypothetical.graph = analysis->confined;
		fill_blast(&hypothetical, confined, vm);
		blaster->run = hypothetical.run;
		blast->confined = confined;
	}
}

/* In large topologies: those that hold most memory of others, then those that serve most. */
static int compare_weight(const void *left, const void *right)
{
	const struct vm_analysis *a = *(struct vm_analysis *const *)left;
	const struct vm_analysis *b = *(struct vm_analysis *const *)right;

	if (a->foreign_bytes != b->foreign_bytes) {
		return a->foreign_bytes > b->foreign_bytes ? -1 : 1;
	}
	if (a->served_count != b->served_count) {
		return a->served_count > b->served_count ? -1 : 1;
	}
	return (a > b) - (a < b);
}

static void choose_largest(struct analysis *analysis, struct blaster *blaster,
                           struct arena *scratch)
{
	size_t count = analysis->model->vm_count;
	struct vm_analysis **rows = arena_alloc(scratch, count * sizeof(struct vm_analysis *));

	for (size_t i = 0; i < count; i++) {
		rows[i] = &analysis->vms[i];
	}
	qsort(rows, count, sizeof(*rows), compare_weight);
	for (size_t i = 0; i < ANALYSIS_BLASTS_MAX; i++) {
		make_blast(blaster, &analysis->blasts[i], (uint32_t)(rows[i] - analysis->vms));
	}
}

void analyse_blasts(struct analysis *analysis)
{
	struct arena *scratch = arena_new();
	uint32_t count = (uint32_t)analysis->model->vm_count;
	bool whole = count <= ANALYSIS_WHOLE_VMS;
	struct blaster blaster = {
		.analysis = analysis,
		.graph = analysis->graph,
		.shortest = shortest_new(analysis->graph, scratch),
		.marks = arena_alloc(scratch, ((size_t)count + 1) * sizeof(uint32_t)),
	};

	analysis->blast_count = whole ? count : ANALYSIS_BLASTS_MAX;
	analysis->blasts = arena_alloc(analysis->arena,
	                               (analysis->blast_count + 1) * sizeof(*analysis->blasts));
	if (whole) {
		for (uint32_t vm = 0; vm < count; vm++) {
			make_blast(&blaster, &analysis->blasts[vm], vm);
		}
	} else {
		choose_largest(analysis, &blaster, scratch);
	}
	arena_free(scratch);
}
