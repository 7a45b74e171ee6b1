/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every VM claims what it holds, by name; what two VMs claim is shared. Names are put in order, so
 * the cost is that of sorting.
 */
#include "topo/analysis/shared.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/strmap.h"
#include "topo/model/board.h"
#include "topo/model/hardware.h"
#include "topo/model/medium.h"
#include "topo/model/pci.h"

struct claim {
	const char *name;
	uint32_t vm;
	bool suffers;
	bool free;
};

struct claimer {
	const struct model *model;
	struct arena *arena;   /* of names that are found */
	struct arena *scratch; /* of the rest */
	struct claim *claims;
	size_t count;
	struct strmap given; /* nodes that some VM was given */
	bool bridge_held;    /* by some VM: then it has the functions of all */
	unsigned int powers; /* bits of what some VM decides for the others */
};

static void claim(struct claimer *claimer, uint32_t vm, const char *name, bool free)
{
	*ARENA_ADD(claimer->scratch, claimer->claims, claimer->count) =
		(struct claim){name, vm, false, free};
}

static void claim_irq(struct claimer *claimer, uint32_t vm, uint32_t irq)
{
	if (irq != 0) {
		claim(claimer, vm, arena_printf(claimer->arena, "interrupt %u", irq), false);
	}
}

static void claim_function(struct claimer *claimer, uint32_t vm,
                           const struct pci_function *function)
{
	claim(claimer, vm,
	      arena_printf(claimer->arena, "PCI function %u:%u.%u", function->bus, function->device,
	                   function->function),
	      true);
}

/* Functions, and all of them where somebody holds a bridge. */
static void claim_pci(struct claimer *claimer, uint32_t vm)
{
	const struct vm *row = &claimer->model->vms[vm];
	const struct board *board = claimer->model->board;
	struct pci_function function;
	struct pci_holding holding;
	bool bridge = pci_holds_bridge(claimer->model, row, &holding);

	for (size_t i = 0; i < row->pci_count; i++) {
		claim_function(claimer, vm, &row->pci[i]);
		claim_irq(claimer, vm, row->pci[i].irq);
	}
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		if (pci_function_of_node(claimer->model, row->dtb_nodes[i], &function)) {
			claim_function(claimer, vm, &function);
		}
	}
	if (claimer->bridge_held && (bridge || pci_has_functions(claimer->model, row))) {
		claim(claimer, vm, "what lies behind the PCI host bridge", true);
	}
	for (uint32_t i = 0; bridge && board->pci_irq != 0 && i < PCI_LINES; i++) {
		claim_irq(claimer, vm, board->pci_irq + i);
	}
}

/* The registers and interrupts of the board that it was given, by nodes or as ranges. */
static void claim_devices(struct claimer *claimer, uint32_t vm)
{
	const struct vm *row = &claimer->model->vms[vm];
	const struct board *board = claimer->model->board;

	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];
		enum hardware_way way = hardware_holds(claimer->model, row, device);

		if (way == HARDWARE_NOT_HELD || hardware_is_common(device)) {
			continue;
		}
		claim(claimer, vm, device->path, device->dma);
		if (way == HARDWARE_BY_NODE) {
			claim_irq(claimer, vm, device->irq);
		}
	}
	for (size_t i = 0; i < row->irq_count; i++) {
		claim_irq(claimer, vm, row->irqs[i]);
	}
}

/* Nodes, and those above them that somebody was given: with these comes what lies below. */
static void claim_nodes(struct claimer *claimer, uint32_t vm)
{
	const struct model *model = claimer->model;
	const struct vm *row = &model->vms[vm];

	for (size_t i = 0; i < row->dtb_node_count; i++) {
		const char *path = row->dtb_nodes[i];
		enum dma dma = hardware_node_dma(model, path);

		if (hardware_is_common_node(model->board, path)) {
			continue;
		}
		for (size_t bytes = strlen(path); bytes > 0; bytes--) {
			const char *above = strmap_find(&claimer->given, path, bytes);
			char end = path[bytes];

			if (above != NULL && (end == '\0' || end == '/' || bytes == 1)) {
				claim(claimer, vm, above, dma != DMA_NONE);
			}
		}
	}
}

static unsigned int powers_of(const struct model *model, const struct vm *vm)
{
	const struct board *board = model->board;
	unsigned int powers = 0;

	for (size_t i = 0; i < board->device_count; i++) {
		for (size_t j = 0; j < board->controller_count; j++) {
			const struct board_controller *controller = &board->controllers[j];

			if (strcmp(controller->path, board->devices[i].path) == 0 &&
			    hardware_holds(model, vm, &board->devices[i]) != HARDWARE_NOT_HELD) {
				powers |= controller->powers;
			}
		}
	}
	return powers;
}

/* Who holds a controller acts on the devices of all others. */
static void claim_powers(struct claimer *claimer, uint32_t vm)
{
	const struct vm *row = &claimer->model->vms[vm];
	unsigned int own = powers_of(claimer->model, row);

	for (unsigned int power = 1; power < 1U << BOARD_POWERS; power <<= 1) {
		if ((claimer->powers & power) == 0 || !vm_has_hardware(row)) {
			continue;
		}
		claim(claimer, vm, board_power_name((enum board_power)power), false);
		claimer->claims[claimer->count - 1].suffers = (own & power) == 0;
	}
}

struct owned {
	struct range range;
	uint32_t vm;
};

static int compare_owned(const void *left, const void *right)
{
	const struct owned *a = left;
	const struct owned *b = right;

	return (a->range.base > b->range.base) - (a->range.base < b->range.base);
}

/* Ranges with a page in common: there may be more in it than topo knows. */
static void claim_ranges(struct claimer *claimer)
{
	struct owned *list = NULL;
	size_t count = 0;

	for (uint32_t vm = 0; vm < claimer->model->vm_count; vm++) {
		const struct vm *row = &claimer->model->vms[vm];

		for (size_t i = 0; i < row->mmio_count; i++) {
			*ARENA_ADD(claimer->scratch, list, count) =
				(struct owned){row->mmios[i], vm};
		}
	}
	if (count > 1) {
		qsort(list, count, sizeof(*list), compare_owned);
	}
	for (size_t i = 1, last = 0; i < count; i++) {
		const struct range *now = &list[i].range;
		const struct range *before = &list[last].range;

		if (list[i].vm != list[last].vm &&
		    ranges_share_page(now->base, now->bytes, before->base, before->bytes)) {
			const char *name = arena_printf(claimer->arena, "registers 0x%" PRIx64,
			                                now->base & ~(uint64_t)(PV_PAGE_BYTES - 1));
			bool known = hardware_range_is_known(claimer->model->board, now) ||
			             hardware_range_is_known(claimer->model->board, before);

			claim(claimer, list[i].vm, name, !known);
			claim(claimer, list[last].vm, name, !known);
		}
		last = now->base + now->bytes >= before->base + before->bytes ? i : last;
	}
}

/*
 * A disk image that is written, block devices on which disks overlap or may change places, a tap or a
 * CID: what is meant for one driver VM comes to another.
 */
static void claim_served(struct claimer *claimer, const struct connection *connection)
{
	struct arena *arena = claimer->arena;

	for (size_t i = 0; i < connection->device_count; i++) {
		const struct device *device = &connection->devices[i];
		const char *name = NULL;

		if (device->type == DEVICE_BLK && device_image(device) != NULL) {
			name = arena_printf(arena, "disk image %s", device->disk);
		} else if (medium_is_shared(claimer->model, connection, device)) {
			name = arena_printf(arena, "block devices %.*s... of %s",
			                    (int)medium_kind_bytes(device->disk), device->disk,
			                    claimer->model->vms[connection->device_vm].name);
		} else if (device->type == DEVICE_NET && device->tap != NULL) {
			name = arena_printf(arena, "tap %s of %s", device->tap,
			                    claimer->model->vms[connection->device_vm].name);
		} else if (device->type == DEVICE_VSOCK) {
			name = arena_printf(arena, "CID %" PRIu64 " of %s", device->cid,
			                    claimer->model->vms[connection->device_vm].name);
		}
		if (name != NULL) {
			claim(claimer, connection->driver_vm, name, false);
			claimer->claims[claimer->count - 1].suffers = device->readonly;
		}
	}
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left;
	const struct claim *b = right;
	int names = strcmp(a->name, b->name);

	if (names != 0 || a->vm != b->vm) {
		return names != 0 ? names : (a->vm > b->vm) - (a->vm < b->vm);
	}
	return (int)a->suffers - (int)b->suffers;
}

/* The claims of one name as a thing, unless all are of one VM or nobody has a hand on it. */
static void add_thing(struct shared *shared, const struct claim *claims, size_t count,
                      struct arena *arena)
{
	struct shared_thing thing = {.name = claims[0].name, .first = shared->holder_count};
	size_t holding = 0;

	if (claims[0].vm == claims[count - 1].vm) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		thing.free |= claims[i].free;
		if (i == 0 || claims[i].vm != claims[i - 1].vm) {
			*ARENA_ADD(arena, shared->holders, shared->holder_count) =
				(struct shared_holder){claims[i].vm, claims[i].suffers};
			holding += claims[i].suffers ? 0 : 1;
		}
	}
	thing.count = shared->holder_count - thing.first;
	if (holding == 0) {
		shared->holder_count = thing.first;
		return;
	}
	*ARENA_ADD(arena, shared->things, shared->count) = thing;
}

static void look_ahead(struct claimer *claimer)
{
	const struct model *model = claimer->model;
	struct pci_holding holding;

	strmap_init(&claimer->given, claimer->scratch);
	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			strmap_set(&claimer->given, vm->dtb_nodes[j],
			           (void *)(uintptr_t)vm->dtb_nodes[j]);
		}
		if (vm_has_hardware(vm)) {
			claimer->bridge_held |= pci_holds_bridge(model, vm, &holding);
			claimer->powers |= powers_of(model, vm);
		}
	}
}

struct shared shared_find(const struct model *model, struct arena *arena)
{
	struct claimer claimer = {.model = model, .arena = arena, .scratch = arena_new()};
	struct shared shared = {.count = 0};

	look_ahead(&claimer);
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		if (vm_has_hardware(&model->vms[vm])) {
			claim_pci(&claimer, vm);
			claim_devices(&claimer, vm);
			claim_nodes(&claimer, vm);
			claim_powers(&claimer, vm);
		}
	}
	claim_ranges(&claimer);
	for (size_t i = 0; i < model->connection_count; i++) {
		claim_served(&claimer, &model->connections[i]);
	}
	if (claimer.count != 0) {
		qsort(claimer.claims, claimer.count, sizeof(*claimer.claims), compare_claims);
	}
	for (size_t begin = 0, end = 0; begin < claimer.count; begin = end) {
		while (end < claimer.count &&
		       strcmp(claimer.claims[begin].name, claimer.claims[end].name) == 0) {
			end++;
		}
		add_thing(&shared, &claimer.claims[begin], end - begin, arena);
	}
	arena_free(claimer.scratch);
	return shared;
}
