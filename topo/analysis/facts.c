/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is so, before anything is asked: roles, hardware, memory that is shared; where attackers
 * come in and what they want.
 */
#include <string.h>

#include "topo/analysis/parts.h"

static void index_connections(struct analysis *analysis)
{
	const struct model *model = analysis->model;

	for (uint32_t i = 0; i < model->connection_count; i++) {
		analysis->vms[model->connections[i].device_vm].served_count++;
		analysis->vms[model->connections[i].driver_vm].used_count++;
	}
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		row->served = arena_alloc(analysis->arena,
		                          (row->served_count + 1) * sizeof(*row->served));
		row->used =
			arena_alloc(analysis->arena, (row->used_count + 1) * sizeof(*row->used));
		row->role = row->served_count != 0
		                    ? (row->used_count != 0 ? ROLE_HYBRID : ROLE_DEVICE)
		                    : (row->used_count != 0 ? ROLE_DRIVER : ROLE_ALONE);
		row->served_count = 0;
		row->used_count = 0;
	}
	for (uint32_t i = 0; i < model->connection_count; i++) {
		struct vm_analysis *device = &analysis->vms[model->connections[i].device_vm];
		struct vm_analysis *driver = &analysis->vms[model->connections[i].driver_vm];

		device->served[device->served_count++] = i;
		driver->used[driver->used_count++] = i;
	}
}

/* Memory that connections share: what of a VM is open, and what a VM gets of others. */
static void share_memory(struct analysis *analysis)
{
	const struct model *model = analysis->model;

	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		for (size_t i = 0; i < row->used_count; i++) {
			const struct connection *connection = &model->connections[row->used[i]];
			struct vm_analysis *device = &analysis->vms[connection->device_vm];
			uint64_t bytes = connection->swiotlb ? connection->pool_bytes
			                                     : model->vms[vm].ram_bytes;

			device->foreign_bytes += bytes;
			if (connection->swiotlb) {
				row->pool_bytes += bytes;
				analysis->pool_bytes += bytes;
				analysis->pool_count++;
			} else {
				row->ram_open = true;
			}
		}
		row->exposed_bytes =
			row->pool_bytes + (row->ram_open ? model->vms[vm].ram_bytes : 0);
		row->exposed_confined = row->exposed_bytes;
	}
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		analysis->vms[vm].foreign_confined = analysis->vms[vm].foreign_bytes;
	}
}

/* DMA that is not confined opens everything of every other VM. */
static void open_by_dma(struct analysis *analysis)
{
	const struct model *model = analysis->model;
	uint64_t all = 0;

	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		all += model->vms[vm].ram_bytes + analysis->vms[vm].pool_bytes;
	}
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];
		uint64_t own = model->vms[vm].ram_bytes + row->pool_bytes;
		size_t others = analysis->dma_open.count - (row->hardware.dma_open ? 1 : 0);

		if (row->hardware.dma_open) {
			row->foreign_bytes = all - own;
		}
		if (others != 0) {
			row->exposed_bytes = own;
		}
	}
}

void analyse_facts(struct analysis *analysis)
{
	const struct model *model = analysis->model;
	bool *dma_open = arena_alloc(analysis->arena, model->vm_count + 1);

	analysis->vms =
		arena_alloc(analysis->arena, (model->vm_count + 1) * sizeof(*analysis->vms));
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		row->hardware = hardware_of(model, vm, analysis->arena);
		dma_open[vm] = row->hardware.dma_open;
		if (row->hardware.dma_open) {
			vm_list_add(&analysis->dma_open, vm, analysis->arena);
		}
		analysis->dma_assumed_count +=
			row->hardware.dma_open && !row->hardware.dma_known ? 1 : 0;
		analysis->kinds |= row->hardware.kinds;
	}
	index_connections(analysis);
	share_memory(analysis);
	open_by_dma(analysis);
	analysis->links = links_from_model(model, dma_open, analysis->arena);
	analysis->graph = links_graph(&analysis->links, analysis->arena);
	analysis->reverse = graph_reverse(analysis->graph, analysis->arena);
	if (analysis->dma_open.count != 0) {
		struct links confined = links_copy(&analysis->links, 0, analysis->arena);

		memset(confined.dma_open, 0, model->vm_count * sizeof(bool));
		analysis->confined = links_graph(&confined, analysis->arena);
		analysis->confined_reverse = graph_reverse(analysis->confined, analysis->arena);
	}
}

static bool may_enter(const struct analysis *analysis, uint32_t vm, enum entrance_rule rule)
{
	const struct vm_analysis *row = &analysis->vms[vm];

	switch (rule) {
	case ENTRANCES_MARKED:
		return analysis->model->vms[vm].exposed;
	case ENTRANCES_NIC:
		return (row->hardware.kinds & 1U << HARDWARE_NIC) != 0;
	case ENTRANCES_HARDWARE:
		return row->hardware.kinds != 0;
	case ENTRANCES_ROOTS:
		return row->role == ROLE_DEVICE;
	case ENTRANCES_ALL:
	default:
		return true;
	}
}

static bool is_asset(const struct analysis *analysis, uint32_t vm, enum asset_rule rule)
{
	const struct vm_analysis *row = &analysis->vms[vm];

	switch (rule) {
	case ASSETS_MARKED:
		return analysis->model->vms[vm].asset != NULL;
	case ASSETS_WORKLOADS:
		return row->role == ROLE_DRIVER;
	case ASSETS_INSIDE:
		return !row->entrance;
	case ASSETS_ALL:
	default:
		return true;
	}
}

/* The first rule that finds any VM. */
void analyse_ends(struct analysis *analysis)
{
	uint32_t count = (uint32_t)analysis->model->vm_count;

	for (int rule = ENTRANCES_MARKED; analysis->entrances.count == 0 && rule <= ENTRANCES_ALL;
	     rule++) {
		analysis->entrance_rule = (enum entrance_rule)rule;
		for (uint32_t vm = 0; vm < count; vm++) {
			if (may_enter(analysis, vm, analysis->entrance_rule)) {
				analysis->vms[vm].entrance = true;
				vm_list_add(&analysis->entrances, vm, analysis->arena);
			}
		}
	}
	for (int rule = ASSETS_MARKED; analysis->assets.count == 0 && rule <= ASSETS_ALL; rule++) {
		analysis->asset_rule = (enum asset_rule)rule;
		for (uint32_t vm = 0; vm < count; vm++) {
			if (is_asset(analysis, vm, analysis->asset_rule)) {
				analysis->vms[vm].asset = true;
				vm_list_add(&analysis->assets, vm, analysis->arena);
			}
		}
	}
}
