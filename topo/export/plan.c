/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers, addresses and file names of an export. The deployed form gives every address, so those
 * that a topology leaves to topo are chosen here: RAM of all VMs one behind the other, then the
 * shared memory of the connections, each at an address that is free in every VM.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/units.h"
#include "topo/export/export.h"
#include "topo/model/board.h"
#include "topo/model/topology.h"

#define FIRST_ADDRESS MIB(1024) /* below it guests have their devices */
#define RAM_ALIGN MIB(16)       /* of seL4's objects that RAM is made of */
#define DATA_ALIGN MIB(2)
#define CTRL_STEP (2ULL * PV_PAGE_BYTES) /* what one connection takes of a control region */
#define SMALL_PIECE 0x10000U             /* below that, ranges go by pages */

/* What is taken already, in order; a search goes on where the one before ended. */
struct space {
	struct range *taken;
	size_t count;
	size_t next; /* of taken: all before it end below the cursor */
	uint64_t cursor;
};

bool export_has_hardware(const struct vm *vm)
{
	return vm->pci_count + vm->dtb_node_count + vm->mmio_count + vm->irq_count != 0;
}

size_t export_way_back(const struct model *model, size_t index)
{
	const struct connection *connection = &model->connections[index];
	const struct vm_origin *driver = &topology_of(model)->vm_origins[connection->driver_vm];

	for (size_t i = 0; i < driver->served_count; i++) {
		if (model->connections[driver->served[i]].driver_vm == connection->device_vm) {
			return driver->served[i];
		}
	}
	return SIZE_MAX;
}

bool export_by_pages(const struct range *range)
{
	return range->bytes < SMALL_PIECE || range->base % PV_PAGE_BYTES != 0 ||
	       range->bytes % PV_PAGE_BYTES != 0;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left;
	const struct range *b = right;

	return a->base < b->base ? -1 : a->base > b->base ? 1 : 0;
}

static void take(struct space *space, struct arena *arena, uint64_t base, uint64_t bytes)
{
	*ARENA_ADD(arena, space->taken, space->count) = (struct range){base, bytes, {0}};
}

/* All that has an address already: what the topology gives, and the devices of the board. */
static void collect_space(struct space *space, const struct model *model, struct arena *arena)
{
	const struct topology *topology = topology_of(model);

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		if (vm_given(&topology->vm_origins[i], VM_RAM_BASE)) {
			take(space, arena, vm->ram_base, vm->ram_bytes);
		}
		for (size_t j = 0; j < vm->mmio_count; j++) {
			take(space, arena, vm->mmios[j].base, vm->mmios[j].bytes);
		}
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (connection->device_data_base != 0) {
			take(space, arena, connection->device_data_base, connection->pool_bytes);
		}
		if (connection->driver_data_base != 0) {
			take(space, arena, connection->driver_data_base, connection->pool_bytes);
		}
		if (connection->device_ctrl_base != 0) {
			take(space, arena, connection->device_ctrl_base, EXPORT_CTRL_BYTES);
		}
	}
	for (size_t i = 0; i < model->board->device_count; i++) {
		take(space, arena, model->board->devices[i].base, model->board->devices[i].bytes);
	}
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(model->board, i, &reserved); i++) {
		take(space, arena, reserved.base, reserved.bytes);
	}
	if (space->count != 0) {
		qsort(space->taken, space->count, sizeof(*space->taken), compare_ranges);
	}
	space->cursor =
		model->board->ram_base > FIRST_ADDRESS ? model->board->ram_base : FIRST_ADDRESS;
}

/* The next free @bytes. Ranges overlap each other at most a few deep, so looking back from the
 * next one is not needed: all that end above the cursor are from `next` on or were stepped over. */
static uint64_t find_room(struct space *space, uint64_t bytes, uint64_t align)
{
	uint64_t base = (space->cursor + align - 1) & ~(align - 1);

	while (space->next < space->count && space->taken[space->next].base < base + bytes) {
		const struct range *range = &space->taken[space->next++];

		if (range->base + range->bytes > base) {
			base = (range->base + range->bytes + align - 1) & ~(align - 1);
		}
	}
	space->cursor = base + bytes;
	return base;
}

/* Numbers. */

/* The number of "vm3"; false: this is no such name. */
static bool is_number(const char *suffix, uint32_t *number)
{
	size_t digits = strspn(suffix, "0123456789");

	if (digits == 0 || digits > 6 || suffix[digits] != '\0' ||
	    (suffix[0] == '0' && digits > 1)) {
		return false;
	}
	*number = (uint32_t)strtoul(suffix, NULL, 10);
	return true;
}

/* VMs that have numbers keep them; if one has none, all are counted. */
static void number_vms(struct export_plan *plan)
{
	size_t count = plan->model->vm_count;
	size_t numbered = 0;

	while (numbered < count &&
	       is_number(plan->model->vms[numbered].suffix, &plan->vms[numbered].number)) {
		numbered++;
	}
	for (size_t i = 0; numbered != count && i < count; i++) {
		plan->vms[i].number = (uint32_t)i;
	}
}

/* Addresses. */

/* Where kernel, initrd and device tree go: as deployed systems have it, if there is the room. */
static void place_boot(struct export_vm *to, const struct vm *vm)
{
	bool large = vm->ram_bytes >= MIB(64);
	uint64_t end = to->ram_base + vm->ram_bytes;
	uint64_t dtb_room = large ? MIB(16) : vm->ram_bytes / 8;

	to->dtb = vm->dtb_addr != 0 ? vm->dtb_addr : (end - dtb_room) & ~(PV_PAGE_BYTES - 1ULL);
	to->initrd = vm->initrd_addr != 0 ? vm->initrd_addr
	             : large              ? to->ram_base + MIB(32)
	                                  : to->ram_base + vm->ram_bytes / 2;
	to->entry = vm->kernel_entry != 0 ? vm->kernel_entry : large ? to->ram_base + MIB(2) : 0;
}

static bool is_ram(const struct board *board, uint64_t base, uint64_t bytes)
{
	return base >= board->ram_base && bytes <= board->ram_bytes_max &&
	       base - board->ram_base <= board->ram_bytes_max - bytes;
}

static bool is_taken(const struct export_plan *plan, uint64_t base, uint64_t bytes)
{
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		uint64_t other = plan->vms[i].ram_paddr;
		uint64_t other_bytes = plan->model->vms[i].ram_bytes;

		if (other != 0 &&
		    (base < other ? other - base < bytes : base - other < other_bytes)) {
			return true;
		}
	}
	return false;
}

/* Two VMs may have their RAM at one guest-physical address, and not at one of the board's. */
static void place_physical(struct export_plan *plan, struct space *space, size_t index, bool given)
{
	struct export_vm *to = &plan->vms[index];
	uint64_t bytes = plan->model->vms[index].ram_bytes;
	uint64_t base = to->ram_base;

	if (given && (!is_ram(plan->model->board, base, bytes) || is_taken(plan, base, bytes))) {
		base = find_room(space, bytes, RAM_ALIGN);
	}
	to->ram_paddr = is_ram(plan->model->board, base, bytes) ? base : 0;
}

/* Those whose devices do DMA first: their RAM must lie in the board's. */
static void place_vms(struct export_plan *plan, struct space *space)
{
	const struct model *model = plan->model;

	for (size_t i = 0; i < 2 * model->vm_count; i++) {
		size_t index = i % model->vm_count;
		const struct vm *vm = &model->vms[index];
		struct export_vm *to = &plan->vms[index];

		if (export_has_hardware(vm) != (i < model->vm_count)) {
			continue;
		}
		bool given = vm_given(&topology_of(model)->vm_origins[index], VM_RAM_BASE);

		to->ram_base = given ? vm->ram_base : find_room(space, vm->ram_bytes, RAM_ALIGN);
		place_physical(plan, space, index, given);
		to->one_to_one = export_has_hardware(vm) && to->ram_paddr == to->ram_base;
		place_boot(to, vm);
	}
}

static void place_data(struct export_plan *plan, struct space *space)
{
	for (size_t i = 0; i < plan->model->connection_count; i++) {
		const struct connection *connection = &plan->model->connections[i];
		struct export_link *link = &plan->links[i];

		if (!connection->swiotlb) {
			link->data_base = plan->vms[connection->driver_vm].ram_base;
			link->data_bytes = plan->model->vms[connection->driver_vm].ram_bytes;
			continue;
		}
		link->data_bytes = connection->pool_bytes;
		link->data_base = connection->device_data_base != 0 ? connection->device_data_base
		                                                    : connection->driver_data_base;
		if (link->data_base == 0) {
			link->data_base = find_room(space, link->data_bytes, DATA_ALIGN);
		}
	}
}

/* A control region of a device VM, and what is in use of it. */
struct region {
	uint64_t base;
	uint64_t used;
};

/* Connections of one device VM share a region, each with two pages of it in their order, which is
 * how the form is read. One whose place is given and is not the next of its region begins one. */
static void place_controls(struct export_plan *plan, struct space *space, struct arena *arena)
{
	struct region *regions = arena_alloc(arena, (plan->model->vm_count + 1) * sizeof(*regions));

	for (size_t i = 0; i < plan->model->connection_count; i++) {
		const struct connection *connection = &plan->model->connections[i];
		struct region *region = &regions[connection->device_vm];
		uint64_t given = connection->device_ctrl_base;
		bool full = region->base == 0 || region->used + CTRL_STEP > EXPORT_CTRL_BYTES;

		if (given != 0 && (full || given != region->base + region->used)) {
			*region = (struct region){.base = given};
		} else if (given == 0 && full) {
			*region = (struct region){
				.base = find_room(space, EXPORT_CTRL_BYTES, DATA_ALIGN),
			};
		}
		plan->links[i].ctrl_base = region->base;
		region->used += CTRL_STEP;
	}
}

/* Files. */

static void name_files(struct export_plan *plan, struct arena *arena, bool beside)
{
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		const struct vm_image *image = &plan->model->vms[i].image;
		struct export_vm *vm = &plan->vms[i];
		const struct {
			const char *path;
			const char *kind;
			const char **name;
		} files[] = {
			{image->kernel, "kernel", &vm->kernel_name},
			{image->initrd, "initrd", &vm->initrd_name},
			{image->dtb, "dtb", &vm->dtb_name},
		};

		for (size_t j = 0; j < ARRAY_COUNT(files); j++) {
			if (files[j].path != NULL) {
				*files[j].name = beside ? arena_printf(arena, "vm%u-%s", vm->number,
				                                       files[j].kind)
				                        : files[j].path;
			}
		}
	}
}

static const char *safe_name(const char *name, struct arena *arena)
{
	char *safe = arena_copy(arena, name, strlen(name));
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-.";

	for (size_t i = 0; safe[i] != '\0'; i++) {
		if (strchr(good, safe[i]) == NULL ||
		    (i == 0 && (safe[0] == '.' || safe[0] == '-'))) {
			safe[i] = '_';
		}
	}
	return safe[0] == '\0' ? "topology" : safe;
}

struct export_plan export_plan(const struct model *model, struct arena *arena, bool beside)
{
	struct export_plan plan = {
		.model = model,
		.name = safe_name(model->name, arena),
		.vms = arena_alloc(arena, (model->vm_count + 1) * sizeof(*plan.vms)),
		.links = arena_alloc(arena, (model->connection_count + 1) * sizeof(*plan.links)),
		.swiotlb = true,
	};
	struct space space = {.count = 0};
	size_t without = 0;

	for (size_t i = 0; i < model->connection_count; i++) {
		without += model->connections[i].swiotlb ? 0 : 1;
	}
	plan.swiotlb = without == 0 || without != model->connection_count;
	plan.mixed = without != 0 && plan.swiotlb;
	number_vms(&plan);
	collect_space(&space, model, arena);
	place_vms(&plan, &space);
	place_data(&plan, &space);
	place_controls(&plan, &space, arena);
	name_files(&plan, arena, beside);
	return plan;
}
