/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of the parts, words for enumerations, and questions that assertions ask.
 */
#include "topo/analysis/analysis.h"

#include <inttypes.h>
#include <string.h>

#include "topo/analysis/parts.h"

struct analysis *analysis_new(const struct model *model)
{
	struct arena *arena = arena_new();
	struct analysis *analysis = arena_alloc(arena, sizeof(*analysis));

	analysis->model = model;
	analysis->arena = arena;
	analyse_facts(analysis);
	analyse_ends(analysis);
	analyse_falls(analysis);
	analyse_single_points(analysis);
	analyse_blasts(analysis);
	analyse_attacks(analysis);
	analyse_patterns(analysis);
	analyse_practices(analysis);
	analyse_improvement(analysis);
	return analysis;
}

void analysis_free(struct analysis *analysis)
{
	if (analysis != NULL) {
		arena_free(analysis->arena);
	}
}

const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_ALONE] = "alone",
		[ROLE_DEVICE] = "device",
		[ROLE_DRIVER] = "driver",
		[ROLE_HYBRID] = "hybrid",
	};

	return names[role];
}

const char *pattern_name(enum pattern_kind kind)
{
	static const char *const names[] = {
		[PATTERN_HOST] = "single host",      [PATTERN_PAIR] = "simple pair",
		[PATTERN_BACKENDS] = "N:1 backends", [PATTERN_SHARED] = "1:N shared",
		[PATTERN_CHAIN] = "chain",           [PATTERN_MESH] = "mesh",
	};

	return names[kind];
}

const char *entrance_rule_text(const struct analysis *analysis)
{
	/* By rule, then whether there are others behind those that it finds. */
	static const char *const texts[][2] = {
		[ENTRANCES_MARKED] = {"marked as exposed",
	                              "marked as exposed, routed to by one that is, or where a "
	                              "port of the build host leads"},
		[ENTRANCES_NIC] = {"have a network controller; none is marked as exposed",
	                           "have a network controller, are routed to by one that has, or "
	                           "are where a port of the build host leads; none is marked as "
	                           "exposed"},
		[ENTRANCES_HARDWARE] =
			{"have hardware; none is marked as exposed",
	                 "have hardware, are routed to by one that has, or are where "
	                 "a port of the build host leads; none is marked as exposed"},
		[ENTRANCES_ROOTS] =
			{"serve others and are served by nobody; none is marked as exposed", NULL},
		[ENTRANCES_ALL] = {"every VM; none is marked as exposed", NULL},
	};

	return texts[analysis->entrance_rule][analysis->entrances_behind];
}

const char *asset_rule_text(enum asset_rule rule)
{
	static const char *const texts[] = {
		[ASSETS_MARKED] = "marked with an asset",
		[ASSETS_WORKLOADS] = "driver VMs that serve nobody; none is marked with an asset",
		[ASSETS_INSIDE] = "all that are no entrance; none is marked with an asset",
		[ASSETS_ALL] = "every VM; none is marked with an asset",
	};

	return texts[rule];
}

const char *vm_name_of(const struct analysis *analysis, uint32_t vm)
{
	const struct vm *row = &analysis->model->vms[vm];

	return row->name[strspn(row->name, "0123456789")] == '\0' ? row->instance : row->name;
}

void vm_list_add(struct vm_list *list, uint32_t vm, struct arena *arena)
{
	*ARENA_ADD(arena, list->vms, list->count) = vm;
}

const char *vm_list_text(const struct analysis *analysis, const struct vm_list *list, size_t limit)
{
	const char *text = "";
	size_t shown = list->count <= limit ? list->count : limit - 1;

	for (size_t i = 0; i < shown; i++) {
		bool last = i + 1 == list->count;

		text = arena_printf(analysis->arena, "%s%s%s", text,
		                    i == 0 ? ""
		                    : last ? " and "
		                           : ", ",
		                    vm_name_of(analysis, list->vms[i]));
	}
	if (shown < list->count) {
		text = arena_printf(analysis->arena, "%s and %zu more", text, list->count - shown);
	}
	return text;
}

uint64_t analysis_exposure_to(const struct analysis *analysis, uint32_t vm, uint32_t peer)
{
	const struct vm_analysis *row = &analysis->vms[vm];
	uint64_t ram = analysis->model->vms[vm].ram_bytes;
	uint64_t sum = 0;
	bool whole = false;

	if (vm == peer) {
		return 0;
	}
	if (hardware_has_all(&analysis->vms[peer].hardware) ||
	    analysis->vms[peer].circle == row->circle) {
		return ram + row->pool_bytes;
	}
	for (size_t i = 0; i < row->used_count; i++) {
		const struct connection *connection = &analysis->model->connections[row->used[i]];

		if (connection->device_vm == peer) {
			sum += connection->swiotlb ? connection->pool_bytes : 0;
			whole |= !connection->swiotlb;
		}
	}
	return sum + (whole ? ram : 0);
}
