/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is so, before anything is asked: roles, hardware, memory that is shared; where attackers
 * come in and what they want.
 */
#include <string.h>

#include "topo/analysis/parts.h"
#include "topo/model/pci.h"

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
	}
}

static uint64_t memory_of(const struct analysis *analysis, uint32_t vm)
{
	return analysis->model->vms[vm].ram_bytes + analysis->vms[vm].pool_bytes;
}

static uint32_t root_of(uint32_t *parents, uint32_t vm)
{
	while (parents[vm] != vm) {
		parents[vm] = parents[parents[vm]];
		vm = parents[vm];
	}
	return vm;
}

/* VMs that come with each other since they share what moves data by itself. */
static void find_circles(struct analysis *analysis)
{
	const struct shared *shared = &analysis->links.shared;
	uint32_t count = (uint32_t)analysis->model->vm_count;
	uint32_t *parents = arena_alloc(analysis->arena, ((size_t)count + 1) * sizeof(*parents));
	struct vm_list *circles = arena_alloc(analysis->arena, (count + 1) * sizeof(*circles));

	for (uint32_t vm = 0; vm < count; vm++) {
		parents[vm] = vm;
	}
	for (size_t i = 0; i < shared->count; i++) {
		const struct shared_thing *thing = &shared->things[i];
		const struct shared_holder *holders = &shared->holders[thing->first];

		for (size_t j = 1; j < thing->count && thing->free; j++) {
			uint32_t first = root_of(parents, holders[0].vm);

			parents[root_of(parents, holders[j].vm)] = first;
		}
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		uint32_t root = root_of(parents, vm);

		parents[vm] = root;
		vm_list_add(&circles[root], vm, analysis->arena);
		analysis->vms[vm].circle = &circles[root];
	}
}

/* What others of a circle have of a VM, and it of them: everything. */
static void open_circles(struct analysis *analysis)
{
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];
		uint64_t foreign = 0;

		if (row->circle->count < 2) {
			continue;
		}
		for (size_t i = 0; i < row->circle->count; i++) {
			foreign += row->circle->vms[i] == vm
			                   ? 0
			                   : memory_of(analysis, row->circle->vms[i]);
		}
		for (size_t i = 0; i < row->served_count; i++) {
			const struct connection *connection =
				&analysis->model->connections[row->served[i]];

			if (analysis->vms[connection->driver_vm].circle != row->circle) {
				foreign += connection->swiotlb
				                   ? connection->pool_bytes
				                   : analysis->model->vms[connection->driver_vm]
				                             .ram_bytes;
			}
		}
		row->exposed_bytes = memory_of(analysis, vm);
		row->foreign_bytes = foreign;
	}
}

/* What VMs that have all memory open: everything of every other VM. */
static void open_all(struct analysis *analysis, const bool *has_all)
{
	uint32_t count = (uint32_t)analysis->model->vm_count;
	uint64_t all = 0;
	size_t holders = 0;

	for (uint32_t vm = 0; vm < count; vm++) {
		all += memory_of(analysis, vm);
		holders += has_all[vm] ? 1 : 0;
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		if (has_all[vm]) {
			row->foreign_bytes = all - memory_of(analysis, vm);
		}
		if (holders > (has_all[vm] ? 1U : 0U)) {
			row->exposed_bytes = memory_of(analysis, vm);
		}
	}
}

/* Bytes that others have, first as they would be if all DMA were confined. */
static void open_memory(struct analysis *analysis, const bool *has_kernel, const bool *dma_open)
{
	find_circles(analysis);
	open_circles(analysis);
	open_all(analysis, has_kernel);
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		row->exposed_confined = row->exposed_bytes;
		row->foreign_confined = row->foreign_bytes;
	}
	open_all(analysis, dma_open);
}

static void make_graphs(struct analysis *analysis, const bool *has_kernel)
{
	struct arena *arena = analysis->arena;

	analysis->graph = links_graph(&analysis->links, arena);
	analysis->reverse = graph_reverse(analysis->graph, arena);
	if (analysis->dma_open.count != 0) {
		struct links confined = links_copy(&analysis->links, 0, arena);

		memcpy(confined.dma_open, has_kernel, analysis->model->vm_count * sizeof(bool));
		analysis->confined = links_graph(&confined, arena);
		analysis->confined_reverse = graph_reverse(analysis->confined, arena);
	}
}

/* Each of them has a segment, which is the only one of its owner. */
static void list_unknown_forwarders(struct analysis *analysis)
{
	const struct packets *packets = &analysis->links.packets;
	/* The build host may be an owner too. */
	bool *owns = arena_alloc(analysis->arena, analysis->model->vm_count + 1);

	for (size_t i = 0; i < packets->segment_count; i++) {
		owns[packets->segments[i].owner] = true;
	}
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		if (owns[vm] && packets_unknown(&analysis->model->vms[vm])) {
			vm_list_add(&analysis->forwards_assumed, vm, analysis->arena);
		}
	}
}

/* Nothing tells who has written an MSI: every VM with functions that write some can write all. */
static void list_forgeable(struct analysis *analysis)
{
	const struct model *model = analysis->model;

	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		if (pci_forges_messages(model, &model->vms[vm])) {
			vm_list_add(&analysis->forgeable, vm, analysis->arena);
		}
	}
}

void analyse_facts(struct analysis *analysis)
{
	const struct model *model = analysis->model;
	bool *dma_open = arena_alloc(analysis->arena, model->vm_count + 1);
	bool *has_kernel = arena_alloc(analysis->arena, model->vm_count + 1);

	analysis->vms =
		arena_alloc(analysis->arena, (model->vm_count + 1) * sizeof(*analysis->vms));
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		struct vm_analysis *row = &analysis->vms[vm];

		row->hardware = hardware_of(model, vm, analysis->arena);
		has_kernel[vm] = row->hardware.kernel;
		dma_open[vm] = hardware_has_all(&row->hardware);
		if (dma_open[vm]) {
			vm_list_add(&analysis->dma_open, vm, analysis->arena);
			analysis->dma_assumed_count +=
				row->hardware.dma_known || row->hardware.kernel ? 0 : 1;
		}
		analysis->kinds |= row->hardware.kinds;
	}
	index_connections(analysis);
	share_memory(analysis);
	analysis->links = links_from_model(model, dma_open, analysis->arena);
	list_unknown_forwarders(analysis);
	list_forgeable(analysis);
	open_memory(analysis, has_kernel, dma_open);
	make_graphs(analysis, has_kernel);
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

/* An entrance that may forward anything is on the segment as a driver VM. */
static bool comes_from_below(const struct analysis *analysis, const struct segment *segment)
{
	for (size_t i = 0; i < segment->driver_count; i++) {
		uint32_t vm = segment->driver_vms[i];

		if (analysis->vms[vm].entrance && packets_unknown(&analysis->model->vms[vm])) {
			return true;
		}
	}
	return false;
}

/* Returns true if it was none. */
static bool make_entrance(struct analysis *analysis, uint32_t vm)
{
	bool was_one = analysis->vms[vm].entrance;

	analysis->vms[vm].entrance = true;
	return !was_one;
}

/* An entrance that may forward anything has outsiders' packets get to all that its own get to. */
static bool enter_forwarded_to(struct analysis *analysis, bool *sent)
{
	const struct packets *packets = &analysis->links.packets;
	bool more = false;

	for (size_t i = 0; i < packets->reach_count; i++) {
		const struct reach *reach = &packets->reaches[i];

		sent[reach->group] |= reach->sends && analysis->vms[reach->vm].entrance &&
		                      packets_unknown(&analysis->model->vms[reach->vm]);
	}
	for (size_t i = 0; i < packets->reach_count; i++) {
		const struct reach *reach = &packets->reaches[i];

		if (!reach->sends && sent[reach->group]) {
			more |= make_entrance(analysis, reach->vm);
		}
	}
	return more;
}

/* Outsiders' packets get through an entrance into what it routes to, and on. */
static void enter_behind(struct analysis *analysis)
{
	const struct packets *packets = &analysis->links.packets;
	bool *sent = arena_alloc(analysis->arena, packets->group_count + 1);
	bool more = analysis->entrance_rule <= ENTRANCES_HARDWARE;

	while (more) {
		more = enter_forwarded_to(analysis, sent);
		for (size_t i = 0; i < packets->segment_count; i++) {
			const struct segment *segment = &packets->segments[i];
			bool below = comes_from_below(analysis, segment);
			bool open = !segment->is_host && segment->open &&
			            analysis->vms[segment->owner].entrance;

			for (size_t j = 0; (open || below) && j < segment->driver_count; j++) {
				more |= make_entrance(analysis, segment->driver_vms[j]);
			}
			more |= below && !segment->is_host &&
			        make_entrance(analysis, segment->owner);
		}
		analysis->entrances_behind |= more;
	}
}

/* Where a port of the build host leads, whatever is marked. */
static void enter_forwarded(struct analysis *analysis)
{
	const struct model *model = analysis->model;

	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		if (pci_outside(model, &model->vms[vm]) == PCI_FORWARDED) {
			analysis->entrances_behind |= make_entrance(analysis, vm);
		}
	}
}

/* By that rule; false if it finds none. */
static bool find_entrances(struct analysis *analysis, enum entrance_rule rule)
{
	bool found = false;

	analysis->entrance_rule = rule;
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		analysis->vms[vm].entrance = may_enter(analysis, vm, rule);
		found |= analysis->vms[vm].entrance;
	}
	if (found) {
		enter_forwarded(analysis);
		enter_behind(analysis);
	}
	return found;
}

/* The first rule that finds any VM. */
void analyse_ends(struct analysis *analysis)
{
	uint32_t count = (uint32_t)analysis->model->vm_count;

	for (int rule = ENTRANCES_MARKED; rule <= ENTRANCES_ALL; rule++) {
		if (find_entrances(analysis, (enum entrance_rule)rule)) {
			break;
		}
	}
	for (uint32_t vm = 0; vm < count; vm++) {
		if (analysis->vms[vm].entrance) {
			vm_list_add(&analysis->entrances, vm, analysis->arena);
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
