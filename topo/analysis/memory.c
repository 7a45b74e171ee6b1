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

static bool is_in(const struct vm_list *list, uint32_t vm)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->vms[i] == vm) {
			return true;
		}
	}
	return false;
}

/* A device that a VM shares with others acts on its memory for these too. */
static void add_circle(const struct mapper *mapper, struct memory_range *range, size_t most)
{
	const struct analysis *analysis = mapper->analysis;

	for (size_t i = 0; i < range->readers.count; i++) {
		const struct vm_list *circle = analysis->vms[range->readers.vms[i]].circle;

		for (size_t j = 0; j < circle->count && circle->count > 1; j++) {
			uint32_t vm = circle->vms[j];
			bool known = hardware_has_all(&analysis->vms[vm].hardware) ||
			             (is_in(&range->readers, vm) && is_in(&range->writers, vm)) ||
			             is_in(&range->dma, vm);

			range->dma_total += known ? 0 : 1;
			if (!known && range->dma.count < most) {
				vm_list_add(&range->dma, vm, mapper->arena);
			}
		}
	}
}

/* Add those that have it by DMA and not by a mapping, and hand it to the visitor. */
static void show(const struct mapper *mapper, struct memory_range range)
{
	const struct analysis *analysis = mapper->analysis;
	bool whole = analysis->graph->vm_count <= ANALYSIS_WHOLE_VMS;
	size_t most = whole ? MEMORY_DMA_MAX : MEMORY_DMA_MAX_LARGE;

	if (range.kind == MEMORY_DOORBELL) {
		mapper->visit(&range, mapper->context); /* no memory: stores to it trap */
		return;
	}
	range.dma_total = analysis->dma_open.count;
	for (size_t i = 0; i < analysis->dma_open.count && range.dma.count < most; i++) {
		uint32_t vm = analysis->dma_open.vms[i];

		if (!is_in(&range.readers, vm) || !is_in(&range.writers, vm)) {
			vm_list_add(&range.dma, vm, mapper->arena);
		}
	}
	for (size_t i = 0; i < range.readers.count; i++) {
		uint32_t vm = range.readers.vms[i];

		if (hardware_has_all(&analysis->vms[vm].hardware) && is_in(&range.writers, vm)) {
			range.dma_total--;
		}
	}
	add_circle(mapper, &range, most);
	mapper->visit(&range, mapper->context);
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
	show(mapper, (struct memory_range){.kind = MEMORY_RAM,
	                                   .owner = vm,
	                                   .connection = NODE_NONE,
	                                   .base = model_vm->ram_base,
	                                   .bytes = model_vm->ram_bytes,
	                                   .name = "RAM",
	                                   .readers = list,
	                                   .writers = list});
}

/* Where layout puts it, else where the topology wants it. */
static struct memory_place place_of(const struct analysis *analysis, uint32_t id)
{
	const struct connection *connection = &analysis->model->connections[id];

	if (analysis->places != NULL) {
		return analysis->places[id];
	}
	return (struct memory_place){
		.pool = {connection->device_data_base, connection->driver_data_base},
		.control = connection->device_ctrl_base,
	};
}

/* What is the same of all ranges of a connection. */
static struct memory_range range_of(const struct mapper *mapper, uint32_t id, enum memory_kind kind,
                                    const char *what)
{
	const struct connection *connection = &mapper->analysis->model->connections[id];

	return (struct memory_range){
		.kind = kind,
		.owner = connection->driver_vm,
		.connection = id,
		.bytes = PV_PAGE_BYTES,
		.name = arena_printf(mapper->arena, "%s %s", what,
	                             vm_name_of(mapper->analysis, connection->device_vm)),
	};
}

static void show_connection(const struct mapper *mapper, uint32_t id)
{
	const struct connection *connection = &mapper->analysis->model->connections[id];
	struct memory_place place = place_of(mapper->analysis, id);
	struct vm_list all = {(uint32_t[]){connection->driver_vm, connection->device_vm}, 2};
	struct vm_list driver = {&all.vms[0], 1};
	struct vm_list device = {&all.vms[1], 1};

	if (connection->swiotlb) {
		struct memory_range pool = range_of(mapper, id, MEMORY_POOL, "pool shared with");

		pool.bytes = connection->pool_bytes;
		pool.base = place.pool[1];
		pool.peer_base = place.pool[0];
		pool.readers = all;
		pool.writers = all;
		show(mapper, pool);
	}
	struct memory_range out = range_of(mapper, id, MEMORY_IOBUF_OUT, "control page to");

	out.peer_base = place.control;
	out.readers = all;
	out.writers = driver;
	show(mapper, out);
	struct memory_range in = range_of(mapper, id, MEMORY_IOBUF_IN, "control page from");

	in.peer_base = place.control == 0 ? 0 : place.control + PV_PAGE_BYTES;
	in.readers = all;
	in.writers = device;
	show(mapper, in);
	struct memory_range ring = range_of(mapper, id, MEMORY_DOORBELL, "doorbell to");

	ring.bytes = connection->device_count * (uint64_t)PV_PAGE_BYTES;
	ring.base = place.doorbell[1];
	ring.writers = driver;
	show(mapper, ring);
	struct memory_range back = range_of(mapper, id, MEMORY_DOORBELL, "doorbell from");

	back.peer_base = place.doorbell[0];
	back.writers = device;
	show(mapper, back);
}

/* It stands at the device VM, which alone has it. How large it is says layout. */
static void show_inflight(const struct mapper *mapper, uint32_t id)
{
	const struct connection *connection = &mapper->analysis->model->connections[id];
	struct memory_place place = place_of(mapper->analysis, id);
	struct vm_list device = {(uint32_t[]){connection->device_vm}, 1};

	if (place.inflight_bytes == 0) {
		return;
	}
	show(mapper,
	     (struct memory_range){
		     .kind = MEMORY_INFLIGHT,
		     .owner = connection->device_vm,
		     .connection = id,
		     .base = place.inflight,
		     .bytes = place.inflight_bytes,
		     .name = arena_printf(mapper->arena, "requests in flight of %s",
	                                  vm_name_of(mapper->analysis, connection->driver_vm)),
		     .readers = device,
		     .writers = device,
	     });
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

static void show_one(const struct mapper *mapper, uint32_t vm, uint64_t base, uint64_t bytes,
                     const char *name)
{
	struct vm_list alone = {&vm, 1};

	show(mapper, (struct memory_range){.kind = MEMORY_REGISTERS,
	                                   .owner = vm,
	                                   .connection = NODE_NONE,
	                                   .base = base,
	                                   .bytes = bytes,
	                                   .name = name,
	                                   .readers = alone,
	                                   .writers = alone});
}

/* The ranges that were given, and registers that come with a node and with no range. */
static void show_registers(const struct mapper *mapper, uint32_t vm)
{
	const struct hardware *hardware = &mapper->analysis->vms[vm].hardware;
	const struct model *model = mapper->analysis->model;
	const struct vm *row = &model->vms[vm];

	for (size_t i = 0; i < row->mmio_count; i++) {
		const struct range *range = &row->mmios[i];

		show_one(mapper, vm, range->base, range->bytes,
		         hardware_registers_name(model, range->base, range->bytes, mapper->arena));
	}
	for (size_t i = 0; i < hardware->count; i++) {
		const struct hardware_unit *unit = &hardware->units[i];

		if (unit->bytes != 0 && !is_given(row, unit->base, unit->bytes)) {
			show_one(mapper, vm, unit->base, unit->bytes, unit->name);
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
	for (size_t i = 0; i < row->served_count; i++) {
		show_inflight(&mapper, row->served[i]);
	}
	show_registers(&mapper, vm);
	arena_free(mapper.arena);
}
