/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings as words.
 */
#include "topo/report/words.h"

#include <inttypes.h>

#include "topo/analysis/parts.h"
#include "topo/base/units.h"
#include "topo/model/board.h"

#define NAMES_MAX 8U
#define WAY_MAX 12U /* VMs of a way that are named */

const char *words_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

const char *words_falls(uint32_t falls, struct arena *arena)
{
	return falls == FALLS_NEVER ? "never" : arena_printf(arena, "%u", falls);
}

const char *words_range(struct falls_range range, struct arena *arena)
{
	if (range.least == range.most) {
		return words_falls(range.least, arena);
	}
	return arena_printf(arena, "%s to %s", words_falls(range.least, arena),
	                    words_falls(range.most, arena));
}

const char *words_answer(const struct pattern *pattern, struct arena *arena)
{
	const char *text = words_range(pattern->falls, arena);

	if (pattern->falls.least == pattern->falls_confined.least &&
	    pattern->falls.most == pattern->falls_confined.most) {
		return text;
	}
	return arena_printf(arena, "%s (%s if DMA were confined)", text,
	                    words_range(pattern->falls_confined, arena));
}

size_t words_rows(const struct analysis *analysis)
{
	size_t count = analysis->model->vm_count;

	return count < ANALYSIS_WHOLE_VMS ? count : ANALYSIS_WHOLE_VMS;
}

const char *words_weakest(const struct analysis *analysis, struct arena *arena)
{
	uint32_t falls = analysis->score.weakest_falls;
	uint32_t asset = analysis->weakest_asset;

	if (asset == NODE_NONE) {
		return "no asset can be reached from any entrance";
	}
	const char *what = analysis->model->vms[asset].asset;
	const char *others = analysis->score.weakest_count == 1
	                             ? ""
	                             : arena_printf(arena, "; %u assets are as weak",
	                                            analysis->score.weakest_count);

	return arena_printf(arena, "%s%s%s%s is held when %u VM%s ha%s fallen, from %s%s",
	                    vm_name_of(analysis, asset), what == NULL ? "" : " (",
	                    what == NULL ? "" : what, what == NULL ? "" : ")", falls,
	                    words_plural(falls), falls == 1 ? "s" : "ve",
	                    vm_name_of(analysis, analysis->weakest_entrance), others);
}

const char *words_single_points(const struct analysis *analysis, struct arena *arena)
{
	if (analysis->single_points.count == 0) {
		return "no single VM gives all assets";
	}
	if (analysis->single_points.count == 1 && analysis->assets.count == 1) {
		return "none but the asset itself";
	}
	return arena_printf(arena, "%s: who holds %s holds all assets",
	                    vm_list_text(analysis, &analysis->single_points, NAMES_MAX),
	                    analysis->single_points.count == 1 ? "it" : "one of them");
}

const char *words_shared(const struct analysis *analysis, struct arena *arena)
{
	size_t open = 0;

	for (size_t vm = 0; vm < analysis->model->vm_count; vm++) {
		open += analysis->vms[vm].ram_open ? 1 : 0;
	}
	return arena_printf(arena, "%s in %zu pool%s; %s", size_text(arena, analysis->pool_bytes),
	                    analysis->pool_count, words_plural(analysis->pool_count),
	                    open == 0 ? "no VM's private RAM is shared"
	                              : arena_printf(arena, "whole RAM of %zu VM%s (VMSWIOTLB=0)",
	                                             open, words_plural(open)));
}

const char *words_dma(const struct analysis *analysis, struct arena *arena)
{
	if (analysis->kinds == 0) {
		return "no VM has physical devices";
	}
	if (analysis->dma_open.count == 0) {
		return "no VM has DMA that is not confined";
	}
	const char *assumed =
		analysis->dma_assumed_count == 0
			? ""
			: arena_printf(
				  arena,
				  "; of %s it is assumed, since %s devices that are not "
				  "known to be confined",
				  analysis->dma_assumed_count == analysis->dma_open.count
					  ? (analysis->dma_open.count == 1 ? "it" : "them")
					  : arena_printf(arena, "%u", analysis->dma_assumed_count),
				  analysis->dma_assumed_count == 1 ? "it has" : "they have");

	return arena_printf(arena, "%zu VM%s can reach all memory: %s cannot confine %s%s",
	                    analysis->dma_open.count, words_plural(analysis->dma_open.count),
	                    analysis->model->board->name,
	                    analysis->dma_open.count == 1 ? "its DMA" : "their DMA", assumed);
}

const char *words_forwarding(const struct analysis *analysis, struct arena *arena)
{
	if (analysis->forwards_assumed.count == 0) {
		return NULL;
	}
	return arena_printf(
		arena,
		"%s may forward anything between all their networks: it is assumed, since "
		"root file system, kernel, device tree or command line are not the project's",
		vm_list_text(analysis, &analysis->forwards_assumed, NAMES_MAX));
}

const char *words_forgeable(const struct analysis *analysis, struct arena *arena)
{
	if (analysis->forgeable.count == 0) {
		return NULL;
	}
	return arena_printf(arena,
	                    "%s can forge MSIs of each other, by which nothing is read or written: "
	                    "%s has no ITS",
	                    vm_list_text(analysis, &analysis->forgeable, NAMES_MAX),
	                    analysis->model->board->name);
}

struct vm_list words_forgers(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	const struct vm_list *all = &analysis->forgeable;
	struct vm_list others = {NULL, 0};
	bool forges = false;

	for (size_t i = 0; i < all->count; i++) {
		forges |= all->vms[i] == vm;
	}
	for (size_t i = 0; forges && i < all->count; i++) {
		if (all->vms[i] != vm) {
			vm_list_add(&others, all->vms[i], arena);
		}
	}
	return others;
}

const char *words_shared_things(const struct analysis *analysis, struct arena *arena)
{
	const struct shared *shared = &analysis->links.shared;
	const char *text = NULL;
	size_t shown = shared->count <= NAMES_MAX ? shared->count : NAMES_MAX - 1;

	for (size_t i = 0; i < shown; i++) {
		const struct shared_thing *thing = &shared->things[i];
		struct vm_list vms = {NULL, 0};

		for (size_t j = 0; j < thing->count; j++) {
			vm_list_add(&vms, shared->holders[thing->first + j].vm, arena);
		}
		text = arena_printf(arena, "%s%s%s by %s", i == 0 ? "" : text, i == 0 ? "" : "; ",
		                    thing->name, vm_list_text(analysis, &vms, NAMES_MAX));
	}
	return shown == shared->count
	               ? text
	               : arena_printf(arena, "%s; and %zu more", text, shared->count - shown);
}

const char *words_improvement(const struct analysis *analysis, struct arena *arena)
{
	const struct improvement *improvement = &analysis->improvement;
	const struct score *before = &analysis->score;
	const struct score *after = &improvement->after;
	const char *effect;

	if (!improvement->found) {
		return "none of the changes that are tried helps";
	}
	if (after->weakest_falls != before->weakest_falls) {
		effect = after->weakest_falls == FALLS_NEVER
		                 ? "then no asset can be reached any more"
		                 : arena_printf(
					   arena,
					   "the weakest asset then takes %u falls instead of %u",
					   after->weakest_falls, before->weakest_falls);
	} else if (after->weakest_count != before->weakest_count) {
		effect = arena_printf(arena, "then %u instead of %u assets are that weak",
		                      after->weakest_count, before->weakest_count);
	} else {
		effect = arena_printf(arena, "then %s instead of %s are exposed",
		                      size_text(arena, after->exposed_bytes),
		                      size_text(arena, before->exposed_bytes));
	}
	return arena_printf(arena, "%s; %s", improvement->change, effect);
}

const char *words_pattern(const struct pattern *pattern, struct arena *arena)
{
	size_t count = pattern->members.count;

	switch (pattern->kind) {
	case PATTERN_CHAIN:
	case PATTERN_MESH:
		return arena_printf(arena, "%s of %zu", pattern_name(pattern->kind), count);
	case PATTERN_BACKENDS:
	case PATTERN_SHARED:
		return arena_printf(arena, "%s%s, N = %zu", pattern_name(pattern->kind),
		                    pattern->kind == PATTERN_SHARED && count > 3 ? " (hub)" : "",
		                    count - 1);
	case PATTERN_HOST:
	case PATTERN_PAIR:
	case PATTERN_KIND_COUNT:
	default:
		return pattern_name(pattern->kind);
	}
}

const char *words_hardware(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	const struct hardware *hardware = &analysis->vms[vm].hardware;
	const char *text = hardware->count == 0 ? "-" : hardware->units[0].name;

	size_t shown = hardware->count <= NAMES_MAX ? hardware->count : NAMES_MAX - 1;

	for (size_t i = 1; i < shown; i++) {
		text = arena_printf(arena, "%s, %s", text, hardware->units[i].name);
	}
	return shown < hardware->count
	               ? arena_printf(arena, "%s and %zu more", text, hardware->count - shown)
	               : text;
}

const char *words_marks(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	const struct vm *model_vm = &analysis->model->vms[vm];
	const char *entrance = analysis->vms[vm].entrance ? "entrance" : "";
	const char *asset = !analysis->vms[vm].asset ? ""
	                    : model_vm->asset == NULL
	                            ? "asset"
	                            : arena_printf(arena, "asset: %s", model_vm->asset);
	const char *trust = model_vm->trust == TRUST_HIGH  ? "high trust"
	                    : model_vm->trust == TRUST_LOW ? "low trust"
	                                                   : "";
	bool first = entrance[0] == '\0';

	return arena_printf(arena, "%s%s%s%s%s", entrance, first || asset[0] == '\0' ? "" : ", ",
	                    asset, (first && asset[0] == '\0') || trust[0] == '\0' ? "" : ", ",
	                    trust);
}

struct vm_list words_backends(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	const struct vm_analysis *row = &analysis->vms[vm];
	struct vm_list list = {NULL, 0};

	for (size_t i = 0; i < row->used_count; i++) {
		vm_list_add(&list, analysis->model->connections[row->used[i]].device_vm, arena);
	}
	return list;
}

struct vm_list words_served(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	const struct vm_analysis *row = &analysis->vms[vm];
	struct vm_list list = {NULL, 0};

	for (size_t i = 0; i < row->served_count; i++) {
		vm_list_add(&list, analysis->model->connections[row->served[i]].driver_vm, arena);
	}
	return list;
}

uint32_t words_matrix_kinds(const struct analysis *analysis)
{
	uint32_t always = 1U << HARDWARE_NIC | 1U << HARDWARE_STORAGE | 1U << HARDWARE_GPU |
	                  1U << HARDWARE_USB;

	return analysis->kinds | always;
}

bool words_has(const struct analysis *analysis, uint32_t vm, unsigned kind)
{
	return (analysis->vms[vm].hardware.kinds >> kind & 1U) != 0;
}

const char *words_consequence(const struct analysis *analysis, uint32_t vm, struct arena *arena)
{
	uint32_t kinds = analysis->vms[vm].hardware.kinds;
	const char *text = "";

	if (hardware_has_all(&analysis->vms[vm].hardware)) {
		return analysis->vms[vm].hardware.kernel
		               ? "has what is the kernel's own, and so all memory"
		       : analysis->vms[vm].hardware.dma_known
		               ? "can reach all memory by DMA"
		               : "assumed to reach all memory by DMA";
	}
	if (kinds == 0) {
		return "no direct hardware access";
	}
	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) != 0) {
			text = arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ",
			                    hardware_kind_affects((enum hardware_kind)kind));
		}
	}
	const struct vm_list forged = words_forgers(analysis, vm, arena);

	return forged.count == 0 ? arena_printf(arena, "can only affect %s", text)
	                         : arena_printf(arena, "can only affect %s, and forge MSIs of %s",
	                                        text, vm_list_text(analysis, &forged, NAMES_MAX));
}

const char *words_blast(const struct blast *blast, struct arena *arena)
{
	size_t others = blast->held.count - 1;
	const char *text = others == 0 ? "holds no other VM"
	                               : arena_printf(arena, "holds %zu other VM%s", others,
	                                              words_plural(others));

	if (blast->bytes != 0) {
		text = arena_printf(arena, "%s, reads and writes %s of others", text,
		                    size_text(arena, blast->bytes));
	}
	if (blast->restarts.count != 0) {
		text = arena_printf(arena, "%s, may restart %zu VM%s", text, blast->restarts.count,
		                    words_plural(blast->restarts.count));
	}
	if (blast->stops.count != 0) {
		text = arena_printf(arena, "%s, stops devices of %zu VM%s", text,
		                    blast->stops.count, words_plural(blast->stops.count));
	}
	return text;
}

const char *words_at_once(const struct analysis *analysis, const struct blast *blast,
                          struct arena *arena)
{
	struct vm_list others = {blast->held.vms + 1, blast->held.count - 1};
	const char *text =
		arena_printf(arena, "its own RAM (%s)",
	                     size_text(arena, analysis->model->vms[blast->vm].ram_bytes));

	if (others.count != 0) {
		text = arena_printf(arena, "%s; %s without a further exploit", text,
		                    vm_list_text(analysis, &others, NAMES_MAX));
	}
	if (blast->bytes != 0) {
		text = arena_printf(arena, "%s; %s of other VMs", text,
		                    size_text(arena, blast->bytes));
	}
	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((blast->kinds >> kind & 1U) != 0) {
			text = arena_printf(arena, "%s; %s hardware", text,
			                    hardware_kind_name((enum hardware_kind)kind));
		}
	}
	return text;
}

const char *words_stops(const struct analysis *analysis, const struct blast *blast,
                        struct arena *arena)
{
	const char *devices =
		blast->stops.count == 0
			? "no other VM's devices"
			: arena_printf(arena, "devices of %s",
	                               vm_list_text(analysis, &blast->stops, NAMES_MAX));

	return blast->restarts.count == 0
	               ? devices
	               : arena_printf(arena, "all of %s, which it may restart; %s",
	                              vm_list_text(analysis, &blast->restarts, NAMES_MAX), devices);
}

const char *words_assumption(const struct analysis *analysis, struct arena *arena)
{
	return analysis->entrance_rule == ENTRANCES_MARKED
	               ? NULL
	               : arena_printf(arena, "outsiders are assumed to come in by %s (%s)",
	                              vm_list_text(analysis, &analysis->entrances, NAMES_MAX),
	                              entrance_rule_text(analysis));
}

const char *words_ways(const struct attack *attack, struct arena *arena)
{
	if (attack->way_count == 1) {
		return "one shortest way";
	}
	if (attack->way_count == UINT64_MAX) {
		return "more shortest ways than can be counted, some of them";
	}
	return arena_printf(arena, "%" PRIu64 " shortest ways%s", attack->way_count,
	                    attack->way_count > attack->listed ? ", some of them" : "");
}

/* How the way enters its VM number @at. */
static const char *arrow(const struct way *way, size_t at)
{
	if (way->by[at] == BY_DMA) {
		return " =DMA=> ";
	}
	if (way->by[at] == BY_BRIDGE) {
		return " -bridge-> ";
	}
	if (way->by[at] == BY_SHARED) {
		return way->fell[at] ? " -shared-> " : " =shared=> ";
	}
	if (way->by[at] == BY_FORWARD) {
		return " -forwarded-> ";
	}
	return way->fell[at] ? " -> " : " => ";
}

const char *words_way(const struct analysis *analysis, const struct way *way, struct arena *arena)
{
	const char *text = vm_name_of(analysis, way->vms[0]);

	for (size_t i = 1; i < way->count; i++) {
		if (way->count > WAY_MAX && i == WAY_MAX / 2) {
			size_t left_out = way->count - WAY_MAX;

			text = arena_printf(arena, "%s -> … %zu more …", text, left_out);
			i += left_out;
		}
		text = arena_printf(arena, "%s%s%s", text, arrow(way, i),
		                    vm_name_of(analysis, way->vms[i]));
	}
	return text;
}

const char *words_cut(const struct analysis *analysis, const struct attack *attack,
                      struct arena *arena)
{
	if (attack->direct) {
		return "nothing lies between";
	}
	return arena_printf(arena, "cut by removing %s",
	                    vm_list_text(analysis, &attack->cut, NAMES_MAX));
}
