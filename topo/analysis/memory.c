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

static bool is_given(const struct vm *vm, uint64_t base, uint64_t bytes)
{
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (vm->mmios[i].base < base + bytes &&
		    base < vm->mmios[i].base + vm->mmios[i].bytes) {
			return true;
		}
	}
	return false;
}

/* The ranges that were given, and registers that come with a node and with no range. */
static void show_registers(const struct mapper *mapper, uint32_t vm)
{
	const struct hardware *hardware = &mapper->analysis->vms[vm].hardware;
	const struct model *model = mapper->analysis->model;
	const struct vm *row = &model->vms[vm];
	struct vm_list alone = {&vm, 1};

	for (size_t i = 0; i < row->mmio_count; i++) {
		const struct range *range = &row->mmios[i];

		show(mapper, (struct memory_range){
				     MEMORY_REGISTERS, vm, NODE_NONE, range->base, range->bytes,
				     hardware_registers_name(model, range->base, range->bytes,
		                                             mapper->arena),
				     alone, alone});
	}
	for (size_t i = 0; i < hardware->count; i++) {
		const struct hardware_unit *unit = &hardware->units[i];

		if (unit->bytes != 0 && !is_given(row, unit->base, unit->bytes)) {
			show(mapper,
			     (struct memory_range){MEMORY_REGISTERS, vm, NODE_NONE, unit->base,
			                           unit->bytes, unit->name, alone, alone});
		}
	}
}

void memory_each(const struct analysis *analysis, uint32_t vm,
                 void (*visit)(const struct memory_range *range, void *context), void *context)
{
	struct mapper mapper = {analysis, visit, context, arena_new()};
	const struct vm_analysis *row = &analysis->vms[vm];

	show_ram(&mapper, vm);
	for (size_t i = 0; i < row->used_count; i++) {
		show_connection(&mapper, row->used[i]);
	}
	show_registers(&mapper, vm);
	arena_free(mapper.arena);
}
