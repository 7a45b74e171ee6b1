/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seed's best practices, and where a topology does not follow them.
 */
#include "topo/analysis/blocks.h"
#include "topo/analysis/parts.h"
#include "topo/base/units.h"

static void find(struct analysis *analysis, struct practice *practice, const char *finding)
{
	practice->finding_total++;
	if (practice->finding_count < ANALYSIS_FINDINGS_MAX) {
		*ARENA_ADD(analysis->arena, practice->findings, practice->finding_count) = finding;
	}
}

static unsigned count_bits(uint32_t bits)
{
	unsigned count = 0;

	for (; bits != 0; bits &= bits - 1) {
		count++;
	}
	return count;
}

static void minimise_hardware(struct analysis *analysis, struct practice *practice)
{
	practice->title = "Minimise hardware per VM";
	practice->good = "no VM has hardware of more than one kind, and no driver VM has any";
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		const struct vm_analysis *row = &analysis->vms[vm];
		const char *name = vm_name_of(analysis, vm);
		unsigned kinds = count_bits(row->hardware.kinds);

		if (kinds > 1) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s has %u kinds of hardware; give each a VM of its own",
			                  name, kinds));
		}
		if (kinds > 0 && row->role == ROLE_DRIVER) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s is a driver VM and has hardware; let a device VM "
			                  "serve it",
			                  name));
		}
		if (kinds > 0 && row->role == ROLE_ALONE) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s has hardware that serves no other VM", name));
		}
	}
}

static void use_pools(struct analysis *analysis, struct practice *practice)
{
	const struct model *model = analysis->model;

	practice->title = "Use VMSWIOTLB=1";
	practice->idle = model->connection_count == 0;
	practice->good = practice->idle ? "there are no connections"
	                                : "every connection has a pool of its own";
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (!connection->swiotlb) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s reads and writes all %s of %s: VMSWIOTLB=0",
			                  vm_name_of(analysis, connection->device_vm),
			                  size_text(analysis->arena,
			                            model->vms[connection->driver_vm].ram_bytes),
			                  vm_name_of(analysis, connection->driver_vm)));
		}
	}
}

static void keep_from_network(struct analysis *analysis, struct practice *practice)
{
	practice->title = "Air-gap sensitive data";
	practice->good = "every asset is at least three falls from outside";
	if (analysis->entrance_rule == ENTRANCES_ALL) {
		practice->good = "no VM is marked as exposed, so there is no outside to tell apart";
		practice->idle = true;
		return;
	}
	for (size_t i = 0; i < analysis->assets.count; i++) {
		uint32_t vm = analysis->assets.vms[i];
		uint32_t falls = analysis->vms[vm].falls;
		const char *name = vm_name_of(analysis, vm);

		if (analysis->vms[vm].entrance) {
			find(analysis, practice,
			     arena_printf(analysis->arena, "%s is an entrance itself", name));
		} else if (falls <= 2) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s is held after %u %s; put it at the end of a chain",
			                  name, falls, falls == 1 ? "fall" : "falls"));
		}
	}
}

/* A VM of that trust that @vm serves. */
static uint32_t served_with(const struct analysis *analysis, uint32_t vm, enum trust trust)
{
	const struct vm_analysis *row = &analysis->vms[vm];

	for (size_t i = 0; i < row->served_count; i++) {
		uint32_t driver = analysis->model->connections[row->served[i]].driver_vm;

		if (analysis->model->vms[driver].trust == trust) {
			return driver;
		}
	}
	return NODE_NONE;
}

static void separate_trust(struct analysis *analysis, struct practice *practice)
{
	bool any = false;

	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		uint32_t high = served_with(analysis, vm, TRUST_HIGH);
		uint32_t low = served_with(analysis, vm, TRUST_LOW);

		any |= analysis->model->vms[vm].trust != TRUST_NONE;
		if (high != NODE_NONE && low != NODE_NONE) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s serves %s (high trust) and %s (low trust)",
			                  vm_name_of(analysis, vm), vm_name_of(analysis, high),
			                  vm_name_of(analysis, low)));
		}
	}
	practice->idle = !any;
	practice->title = "Separate by trust level";
	practice->good = any ? "no backend serves both high and low trust"
	                     : "no VM has a trust level, so there is nothing to compare";
}

static void audit_connections(struct analysis *analysis, struct practice *practice)
{
	const struct model *model = analysis->model;
	struct blocks blocks = blocks_find(&analysis->links, analysis->arena);

	practice->title = "Audit connections";
	practice->idle = model->connection_count == 0;
	practice->good =
		model->connection_count == 0
			? "there are no connections"
			: arena_printf(analysis->arena,
	                               "%zu connection%s, each listed as an attack path in both "
	                               "directions; without %s VMs would be cut off",
	                               model->connection_count,
	                               model->connection_count == 1 ? "" : "s",
	                               model->connection_count == 1 ? "it" : "any of them");
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (blocks.block_of_link[i] != BLOCK_NONE) {
			find(analysis, practice,
			     arena_printf(analysis->arena,
			                  "%s to %s is one of several ways between the two: is it "
			                  "needed?",
			                  vm_name_of(analysis, connection->device_vm),
			                  vm_name_of(analysis, connection->driver_vm)));
		}
	}
}

void analyse_practices(struct analysis *analysis)
{
	static void (*const look[ANALYSIS_PRACTICES])(struct analysis * analysis,
	                                              struct practice * practice) = {
		minimise_hardware, use_pools, keep_from_network, separate_trust, audit_connections,
	};

	for (size_t i = 0; i < ANALYSIS_PRACTICES; i++) {
		look[i](analysis, &analysis->practices[i]);
	}
}
