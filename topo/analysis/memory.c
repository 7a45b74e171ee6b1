/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: whose ranges there are, and which VMs have them mapped. Computed as it is asked
 * for, since it is the longest table and read once.
 */
#include "topo/analysis/parts.h"

struct mapper {
	const struct analysis *analysis;
	void (*visit)(const struct memory_range *range, void *context);
	void *context;
	struct arena *arena;
};

static void show(const struct mapper *mapper, struct memory_range range)
{
	mapper->visit(&range, mapper->context);
}

static struct vm_list both(const struct mapper *mapper, uint32_t a, uint32_t b)
{
	struct vm_list list = {NULL, 0};

	vm_list_add(&list, a, mapper->arena);
	vm_list_add(&list, b, mapper->arena);
	return list;
}

static void show_ram(const struct mapper *mapper, uint32_t vm)
{
	const struct vm_analysis *row = &mapper->analysis->vms[vm];
	const struct vm *model_vm = &mapper->analysis->model->vms[vm];
	struct vm_list list = {NULL, 0};

	vm_list_add(&list, vm, mapper->arena);
	for (size_t i = 0; i < row->used_count; i++) {
		const struct connection *connection =
			&mapper->analysis->model->connections[row->used[i]];

		if (!connection->swiotlb) {
			vm_list_add(&list, connection->device_vm, mapper->arena);
		}
	}
	show(mapper, (struct memory_range){MEMORY_RAM, vm, NODE_NONE, model_vm->ram_base,
	                                   model_vm->ram_bytes, "RAM", list, list});
}

static void show_connection(const struct mapper *mapper, uint32_t id)
{
	const struct connection *connection = &mapper->analysis->model->connections[id];
	uint32_t driver = connection->driver_vm;
	uint32_t device = connection->device_vm;
	const char *peer = vm_name_of(mapper->analysis, device);
	struct vm_list all = both(mapper, driver, device);
	struct vm_list one = {&all.vms[0], 1};
	struct vm_list other = {&all.vms[1], 1};

	if (connection->swiotlb) {
		show(mapper,
		     (struct memory_range){MEMORY_POOL, driver, id, connection->driver_data_base,
		                           connection->pool_bytes,
		                           arena_printf(mapper->arena, "pool shared with %s", peer),
		                           all, all});
	}
	show(mapper, (struct memory_range){MEMORY_IOBUF_OUT, driver, id, 0, 4096,
	                                   arena_printf(mapper->arena, "control page to %s", peer),
	                                   all, one});
	show(mapper,
	     (struct memory_range){MEMORY_IOBUF_IN, driver, id, 0, 4096,
	                           arena_printf(mapper->arena, "control page from %s", peer), all,
	                           other});
}

void memory_each(const struct analysis *analysis, uint32_t vm,
                 void (*visit)(const struct memory_range *range, void *context), void *context)
{
	struct mapper mapper = {analysis, visit, context, arena_new()};
	const struct vm_analysis *row = &analysis->vms[vm];
	struct vm_list alone = {&vm, 1};

	show_ram(&mapper, vm);
	for (size_t i = 0; i < row->used_count; i++) {
		show_connection(&mapper, row->used[i]);
	}
	for (size_t i = 0; i < row->hardware.count; i++) {
		const struct hardware_unit *unit = &row->hardware.units[i];

		if (unit->bytes != 0) {
			show(&mapper,
			     (struct memory_range){MEMORY_REGISTERS, vm, NODE_NONE, unit->base,
			                           unit->bytes, unit->name, alone, alone});
		}
	}
	arena_free(mapper.arena);
}
