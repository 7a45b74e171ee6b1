/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of devices that reach memory by themselves, by what the analysis says of each: a device
 * that nobody knows is taken for one that does.
 */
#include "topo/checks/internal.h"
#include "topo/model/hardware.h"

#define NAMES_MAX 8U /* more devices than these are counted only */

static bool is_open(const struct hardware_unit *unit)
{
	return unit->dma == DMA_OPEN || unit->dma == DMA_UNKNOWN;
}

static bool any_open(const struct hardware *hardware)
{
	for (size_t i = 0; i < hardware->count; i++) {
		if (is_open(&hardware->units[i])) {
			return true;
		}
	}
	return false;
}

/* "a, b and 3 more"; in *known whether one of them is known to reach memory. */
static const char *open_names(const struct hardware *hardware, struct arena *arena, bool *known)
{
	const char *names = "";
	size_t count = 0;

	*known = false;
	for (size_t i = 0; i < hardware->count; i++) {
		const struct hardware_unit *unit = &hardware->units[i];

		*known = *known || unit->dma == DMA_OPEN;
		if (is_open(unit) && count++ < NAMES_MAX) {
			names = arena_printf(arena, "%s%s%s", names, count == 1 ? "" : ", ",
			                     unit->name);
		}
	}
	return count <= NAMES_MAX
	               ? names
	               : arena_printf(arena, "%s and %zu more", names, count - NAMES_MAX);
}

/* What the analysis says of one thing that is given to a VM, as if there were no other. */
static struct hardware hardware_alone(const struct topology *topology, const struct vm *alone,
                                      struct arena *arena)
{
	struct vm vm = *alone;
	struct model model = topology->model;

	model.vms = &vm;
	model.vm_count = 1;
	return hardware_of(&model, 0, arena);
}

static bool is_open_alone(const struct topology *topology, const struct vm *alone,
                          struct arena *arena)
{
	struct hardware hardware = hardware_alone(topology, alone, arena);

	return any_open(&hardware);
}

/* Thing number @index that VM @vm is given, as a VM that has nothing else; false behind the last. */
static bool thing_at(const struct topology *topology, size_t vm, size_t index, struct vm *alone,
                     struct place *place)
{
	const struct vm *row = &topology->model.vms[vm];

	if (index < row->pci_count) {
		*alone = (struct vm){.pci = &row->pci[index], .pci_count = 1};
		*place = row->pci[index].place;
		return true;
	}
	index -= row->pci_count;
	if (index < row->dtb_node_count) {
		*alone = (struct vm){.dtb_nodes = &row->dtb_nodes[index], .dtb_node_count = 1};
		*place = topology->vm_origins[vm].node_places[index];
		return true;
	}
	index -= row->dtb_node_count;
	if (index < row->mmio_count) {
		*alone = (struct vm){.mmios = &row->mmios[index], .mmio_count = 1};
		*place = row->mmios[index].place;
		return true;
	}
	return false;
}

/* A place at which the VM is given a device of open DMA: number @skip of them. */
static bool open_place(const struct topology *topology, size_t vm, size_t skip, struct arena *arena,
                       struct place *place)
{
	struct vm alone;
	struct place at;

	for (size_t i = 0; thing_at(topology, vm, i, &alone, &at); i++) {
		if (is_open_alone(topology, &alone, arena) && skip-- == 0) {
			*place = at;
			return true;
		}
	}
	return false;
}

static const char *confinement(const struct board *board)
{
	if (board->unknown) {
		return "is not known to have an SMMU";
	}
	return board->smmu ? "confines that of PCI functions only" : "has no SMMU";
}

static void report_open(struct rules *rules, const struct topology *topology, size_t vm,
                        const struct hardware *hardware, struct arena *arena)
{
	struct place place = check_hardware_place(topology, vm);
	bool known = false;
	const char *names = open_names(hardware, arena, &known);

	open_place(topology, vm, 0, arena, &place);
	if (!rule_report(rules, &rule_dma_open, place,
	                 "'%s' %s reach all memory by the DMA of %s: the board %s %s",
	                 check_suffix(topology, vm), known ? "can" : "may", names,
	                 topology->model.board->name, confinement(topology->model.board))) {
		return;
	}
	for (size_t i = 1; i < NAMES_MAX && open_place(topology, vm, i, arena, &place); i++) {
		diag_note(rules->diag, place, "by this too");
	}
}

void check_dma_open(const struct check_vm *at)
{
	if (!check_has_hardware(at->topology, at->index)) {
		return;
	}
	struct arena *arena = arena_new();
	struct hardware hardware = hardware_of(&at->topology->model, (uint32_t)at->index, arena);

	if (any_open(&hardware)) {
		report_open(at->rules, at->topology, at->index, &hardware, arena);
	}
	arena_free(arena);
}

RULE(dma_open, "dma-open", ADVICE, EACH,
     "A device that reaches memory by itself, or that topo does not know, is given to a VM, and "
     "the board cannot confine it: that VM can reach all memory through the device.");

void check_dma_exposed(const struct check_vm *at)
{
	if (!at->vm->exposed || !check_has_hardware(at->topology, at->index)) {
		return;
	}
	struct arena *arena = arena_new();
	struct place place = check_hardware_place(at->topology, at->index);

	if (open_place(at->topology, at->index, 0, arena, &place)) {
		struct hardware hardware =
			hardware_of(&at->topology->model, (uint32_t)at->index, arena);
		bool known = false;
		const char *names = open_names(&hardware, arena, &known);

		rule_report(at->rules, &rule_dma_exposed, place,
		            "'%s' is exposed, and by the DMA of %s %s all memory", at->vm->suffix,
		            names, known ? "has" : "may have");
	}
	arena_free(arena);
}

RULE(dma_exposed, "dma-exposed", ADVICE, EACH,
     "An exposed VM holds a device whose DMA the board cannot confine: an attack from outside "
     "that takes the VM has all memory.");

void check_dma_unconfined(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	const char *board = topology->model.board->name;
	struct place place;
	struct vm alone;

	for (size_t i = 0; topology->model.board->smmu && i < topology->model.vm_count; i++) {
		for (size_t j = 0; thing_at(topology, i, j, &alone, &place); j++) {
			struct hardware hardware = hardware_alone(topology, &alone, arena);

			/* Of what is the kernel's own other checks speak. */
			if (any_open(&hardware) && !hardware.kernel) {
				rule_report(rules, &rule_dma_unconfined, place,
				            "'%s' is given a device whose DMA the SMMU of %s does "
				            "not see",
				            check_suffix(topology, i), board);
			}
		}
	}
	arena_free(arena);
}

RULE_TO_RUN(dma_unconfined, "dma-unconfined", EACH,
            "The board has an SMMU, and a VM is given a device that reaches memory past it: a "
            "platform device, virtio by MMIO, or a virtio function, which is behind the SMMU only "
            "if the machine was told so (iommu_platform).",
            "that the VM can reach all memory through the device");
