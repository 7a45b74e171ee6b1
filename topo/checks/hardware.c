/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of physical devices.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topo/checks/internal.h"
#include "topo/model/pci.h"

#define INTID_SPI_FIRST 32U

static const char *suffix(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].suffix;
}

const struct board_device *check_find_node(const struct board *board, const char *path)
{
	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0) {
			return &board->devices[i];
		}
	}
	return NULL;
}

bool check_is_common_node(const struct board *board, const char *path)
{
	const struct board_device *device = check_find_node(board, path);

	return device != NULL && device->bytes == 0 && !device->dma && !board_is_controller(path);
}

bool check_has_hardware(const struct topology *topology, size_t vm)
{
	const struct vm *row = &topology->model.vms[vm];

	if (row->mmio_count + row->pci_count + row->irq_count != 0 || row->smc) {
		return true;
	}
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		if (!check_is_common_node(topology->model.board, row->dtb_nodes[i])) {
			return true;
		}
	}
	return false;
}

struct place check_hardware_place(const struct topology *topology, size_t vm)
{
	const struct vm *row = &topology->model.vms[vm];

	if (row->pci_count != 0) {
		return row->pci[0].place;
	}
	if (row->mmio_count != 0) {
		return row->mmios[0].place;
	}
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		if (!check_is_common_node(topology->model.board, row->dtb_nodes[i])) {
			return topology->vm_origins[vm].node_places[i];
		}
	}
	if (row->irq_count != 0) {
		return topology->vm_origins[vm].irq_places[0];
	}
	return vm_place(topology, vm, VM_SMC);
}

/* A range of a VM. */
struct owned {
	struct range range;
	size_t vm;
};

static int compare_owned(const void *left, const void *right)
{
	const struct owned *a = left;
	const struct owned *b = right;

	return (a->range.base > b->range.base) - (a->range.base < b->range.base);
}

static struct owned *collect_ranges(const struct topology *topology, size_t *count)
{
	size_t most = 1;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		most += topology->model.vms[i].mmio_count;
	}
	struct owned *list = calloc(most, sizeof(*list));

	*count = 0;
	for (size_t i = 0; list != NULL && i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->mmio_count; j++) {
			list[(*count)++] = (struct owned){vm->mmios[j], i};
		}
	}
	return list;
}

/* Two ranges overlap if one begins in another: it is enough to keep the one that ends last. */
void check_mmio_twice(struct rules *rules, const struct topology *topology)
{
	size_t count = 0;
	struct owned *list = collect_ranges(topology, &count);
	const struct owned *last = list;

	if (list == NULL) {
		return;
	}
	qsort(list, count, sizeof(*list), compare_owned);
	for (size_t i = 1; i < count; i++) {
		const struct owned *now = &list[i];
		bool overlaps = now->range.base - last->range.base < last->range.bytes;

		if (overlaps && now->vm != last->vm &&
		    rule_report(rules, &rule_mmio_twice, now->range.place,
		                "0x%" PRIx64 " with 0x%" PRIx64 " bytes belongs to '%s', and to "
		                "'%s' too",
		                now->range.base, now->range.bytes, suffix(topology, now->vm),
		                suffix(topology, last->vm))) {
			diag_note(rules->diag, last->range.place, "given to '%s' here",
			          suffix(topology, last->vm));
		}
		if (now->range.base + now->range.bytes >= last->range.base + last->range.bytes) {
			last = now;
		}
	}
	free(list);
}

RULE(mmio_twice, "mmio-twice", ERROR, EACH,
     "Two VMs are given the same physical registers. A device belongs to one VM at most.");

static void check_range(struct rules *rules, const struct topology *topology,
                        const struct range *range)
{
	const struct board *board = topology->model.board;
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(board, i, &reserved); i++) {
		if (check_overlap(range->base, range->bytes, reserved.base, reserved.bytes)) {
			rule_report(rules, &rule_mmio_kernel, range->place,
			            "this range holds %s at 0x%" PRIx64 ", which is %s",
			            reserved.name, reserved.base, reserved.whose);
		}
	}
	if (check_overlap(range->base, range->bytes, board->ram_base, board->ram_bytes_max) &&
	    rule_report(rules, &rule_mmio_kernel, range->place,
	                "this range holds RAM of the board %s", board->name)) {
		diag_help(rules->diag, "only a VM's own RAM, where vm_address_config says that it "
		                       "lies, may be named here");
	}
}

void check_mmio_kernel(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->mmio_count; j++) {
		check_range(at->rules, at->topology, &at->vm->mmios[j]);
	}
}

RULE(mmio_kernel, "mmio-kernel", ERROR, EACH,
     "A VM is given a range that holds memory, the interrupt controller or another part of the "
     "kernel's own.");

/* Who had a key before. */
struct owner {
	size_t vm;
	struct place place;
};

/* The owner of @key if it is another VM, NULL otherwise; the first one is remembered. */
static const struct owner *claim(struct strmap *owners, const char *key, size_t vm,
                                 struct place place)
{
	void **slot = strmap_slot(owners, key, strlen(key));
	struct owner *owner = *slot;

	if (owner == NULL) {
		owner = arena_alloc(owners->arena, sizeof(*owner));
		*owner = (struct owner){vm, place};
		*slot = owner;
		return NULL;
	}
	return owner->vm == vm ? NULL : owner;
}

static void claim_irq(struct rules *rules, const struct topology *topology, struct strmap *owners,
                      uint32_t irq, size_t vm, struct place place)
{
	const struct owner *owner = NULL;

	if (irq != 0) {
		owner = claim(owners, arena_printf(owners->arena, "%u", irq), vm, place);
	}
	if (owner != NULL && rule_report(rules, &rule_irq_twice, place,
	                                 "interrupt %u belongs to '%s', and to '%s' too", irq,
	                                 suffix(topology, vm), suffix(topology, owner->vm))) {
		diag_note(rules->diag, owner->place, "given to '%s' here",
		          suffix(topology, owner->vm));
	}
}

void check_irq_twice(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap owners;

	strmap_init(&owners, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->irq_count; j++) {
			claim_irq(rules, topology, &owners, vm->irqs[j], i,
			          topology->vm_origins[i].irq_places[j]);
		}
		for (size_t j = 0; j < vm->pci_count; j++) {
			claim_irq(rules, topology, &owners, vm->pci[j].irq, i,
			          topology->vm_origins[i].pci_places[j].irq);
		}
	}
	arena_free(arena);
}

RULE(irq_twice, "irq-twice", ERROR, EACH, "Two VMs are given the same physical interrupt.");

static void check_irq(struct rules *rules, const struct topology *topology, uint32_t irq,
                      struct place place)
{
	const struct board *board = topology->model.board;
	uint32_t first;
	uint32_t count = board_msis(board, &first);

	if (irq >= first && irq - first < count) {
		if (rule_report(rules, &rule_irq_range, place,
		                "interrupt %u is raised by messages of PCI functions", irq)) {
			diag_help(rules->diag, "a function that has messages needs no irq");
		}
	} else if (irq >= INTID_SPI_FIRST && board_kernel_irq(board, irq) != NULL) {
		rule_report(rules, &rule_irq_range, place, "interrupt %u is that of %s", irq,
		            board_kernel_irq(board, irq));
	} else if (irq < INTID_SPI_FIRST || irq - INTID_SPI_FIRST >= board->spi_count) {
		if (rule_report(rules, &rule_irq_range, place,
		                "the board %s has no interrupt %u for a VM", board->name, irq)) {
			diag_help(rules->diag, "its shared interrupts are %u to %u",
			          INTID_SPI_FIRST, INTID_SPI_FIRST + board->spi_count - 1);
		}
	}
}

void check_irq_range(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->irq_count; j++) {
		check_irq(at->rules, at->topology, at->vm->irqs[j], at->origin->irq_places[j]);
	}
	for (size_t j = 0; j < at->vm->pci_count; j++) {
		if (at->vm->pci[j].irq != 0) {
			check_irq(at->rules, at->topology, at->vm->pci[j].irq,
			          at->origin->pci_places[j].irq);
		}
	}
}

RULE(irq_range, "irq-range", ERROR, EACH,
     "An interrupt is not one of the board's, is the kernel's own, or is one that functions raise by "
     "messages (MSIs), which no line is. Numbers are those of the "
     "GIC (INTID): the first shared one is 32.");

/* A function of a VM: given by itself, or by its node. */
static void claim_function(struct rules *rules, const struct topology *topology,
                           struct strmap *owners, const struct pci_function *function, size_t vm)
{
	const char *key = arena_printf(owners->arena, "%u:%u.%u", function->bus, function->device,
	                               function->function);
	const struct owner *owner = claim(owners, key, vm, function->place);

	if (owner != NULL && rule_report(rules, &rule_pci_twice, function->place,
	                                 "PCI function %s belongs to '%s', and to '%s' too", key,
	                                 suffix(topology, vm), suffix(topology, owner->vm))) {
		diag_note(rules->diag, owner->place, "given to '%s' here",
		          suffix(topology, owner->vm));
	}
}

void check_pci_twice(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap owners;
	struct pci_function function;

	strmap_init(&owners, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->pci_count; j++) {
			claim_function(rules, topology, &owners, &vm->pci[j], i);
		}
		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			if (pci_function_of_node(&topology->model, vm->dtb_nodes[j], &function)) {
				function.place = topology->vm_origins[i].node_places[j];
				claim_function(rules, topology, &owners, &function, i);
			}
		}
	}
	arena_free(arena);
}

RULE(pci_twice, "pci-twice", ERROR, EACH, "Two VMs are given the same PCI function.");

static void claim_node(struct rules *rules, const struct topology *topology, struct strmap *owners,
                       size_t vm, size_t node)
{
	const char *path = topology->model.vms[vm].dtb_nodes[node];
	struct place place = topology->vm_origins[vm].node_places[node];
	const struct owner *owner = NULL;
	size_t bytes = strlen(path);

	/* The node itself, and every node above it that somebody else has. */
	owner = claim(owners, path, vm, place);
	while (owner == NULL && bytes > 1) {
		bytes--;
		if (path[bytes] == '/') {
			owner = strmap_find(owners, path, bytes);
			owner = owner != NULL && owner->vm == vm ? NULL : owner;
		}
	}
	if (owner != NULL &&
	    rule_report(rules, &rule_node_twice, place, "node %s belongs to '%s', and to '%s' too",
	                path, suffix(topology, vm), suffix(topology, owner->vm))) {
		diag_note(rules->diag, owner->place, "given to '%s' here",
		          suffix(topology, owner->vm));
	}
}

/* All nodes of a VM that stand for a device. */
static void claim_nodes(struct rules *rules, const struct topology *topology, struct strmap *owners,
                        size_t vm)
{
	const struct vm *row = &topology->model.vms[vm];

	for (size_t i = 0; i < row->dtb_node_count; i++) {
		if (!check_is_common_node(topology->model.board, row->dtb_nodes[i])) {
			claim_node(rules, topology, owners, vm, i);
		}
	}
}

void check_node_twice(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap owners;

	strmap_init(&owners, arena);
	/* Twice, so that a node is found whether it comes before or after the one above it. */
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < topology->model.vm_count; i++) {
			claim_nodes(rules, topology, &owners, i);
		}
	}
	arena_free(arena);
}

RULE(node_twice, "node-twice", ERROR, EACH,
     "Two VMs are given the same node of the board's device tree, or a node and one below it.");

void check_node_unknown(struct rules *rules, const struct topology *topology)
{
	const struct board *board = topology->model.board;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		for (size_t j = 0; j < topology->model.vms[i].dtb_node_count; j++) {
			const char *path = topology->model.vms[i].dtb_nodes[j];

			if (!board->unknown && check_find_node(board, path) == NULL) {
				rule_report(rules, &rule_node_unknown,
				            topology->vm_origins[i].node_places[j],
				            "the board %s has no node %s", board->name, path);
			}
		}
	}
}

RULE(node_unknown, "node-unknown", WARNING, EACH,
     "The board's device tree, as topo knows it, has no such node.");

/* What the board has at the node can be given as registers, or every VM has a virtual one. */
static bool node_runs(const struct board *board, const char *path)
{
	const struct board_device *device = check_find_node(board, path);

	return check_is_common_node(board, path) || (device != NULL && device->bytes != 0);
}

static void check_functions_run(struct rules *rules, const struct topology *topology, size_t vm)
{
	const struct vm *row = &topology->model.vms[vm];

	for (size_t i = 0; i < row->pci_count; i++) {
		const struct pci_function *function = &row->pci[i];

		if (pci_slot_of(&topology->model, function) == NULL &&
		    rule_report_runs(rules, &rule_hardware_runs, function->place,
		                     "'%s' is given PCI function %u:%u.%u, where the machine has "
		                     "nothing",
		                     suffix(topology, vm), function->bus, function->device,
		                     function->function)) {
			diag_help(rules->diag, "system.machine says what is in its slots");
		}
	}
}

void check_hardware_runs(struct rules *rules, const struct topology *topology)
{
	const struct board *board = topology->model.board;

	for (size_t i = 0; board->runs && i < topology->model.vm_count; i++) {
		const struct vm *row = &topology->model.vms[i];

		check_functions_run(rules, topology, i);
		for (size_t j = 0; j < row->dtb_node_count; j++) {
			if (!node_runs(board, row->dtb_nodes[j])) {
				rule_report_runs(
					rules, &rule_hardware_runs,
					topology->vm_origins[i].node_places[j],
					"'%s' is given the node %s, which has no registers "
					"for it",
					suffix(topology, i), row->dtb_nodes[j]);
			}
		}
		if (row->smc) {
			rule_report_runs(rules, &rule_hardware_runs, vm_place(topology, i, VM_SMC),
			                 "'%s' is given calls of the secure firmware, which the "
			                 "kernel passes to nobody",
			                 suffix(topology, i));
		}
	}
}

RULE(hardware_runs, "hardware-runs", WARNING, EACH,
     "A VM is given hardware that a system on this board cannot give: a PCI function where the "
     "machine has nothing, a node without registers, calls of the secure firmware. `topo build` and "
     "`topo run` refuse the topology, unless they are told to leave the devices out.");

void check_driver_hardware(const struct check_vm *at)
{
	if (at->origin->used_count != 0 && at->origin->served_count == 0 &&
	    check_has_hardware(at->topology, at->index)) {
		rule_report(at->rules, &rule_driver_hardware,
		            check_hardware_place(at->topology, at->index),
		            "'%s' is a driver VM and has hardware of its own",
		            suffix(at->topology, at->index));
	}
}

RULE(driver_hardware, "driver-hardware", ADVICE, EACH,
     "A VM that is only served, and serves nobody, has hardware. Minimise hardware per VM: a "
     "driver VM can get its devices from a device VM.");
