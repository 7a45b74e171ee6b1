/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of nodes of the board's device tree that are given to VMs, by what topo knows of the
 * board (topo/model/board.h).
 */
#include <inttypes.h>
#include <string.h>

#include "topo/checks/internal.h"
#include "topo/model/pci.h"

void check_node_repeat(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			const char *key = arena_printf(arena, "%zu%s", i, vm->dtb_nodes[j]);

			if (strmap_get(&seen, key) != NULL) {
				rule_report(rules, &rule_node_repeat,
				            topology->vm_origins[i].node_places[j],
				            "'%s' is given node %s twice", vm->suffix,
				            vm->dtb_nodes[j]);
			}
			strmap_set(&seen, key, arena);
		}
	}
	arena_free(arena);
}

RULE(node_repeat, "node-repeat", ADVICE, EACH,
     "One VM is given the same node of the device tree twice.");

/* What the board has at a node that a VM is given, or below it. */
struct node_at {
	struct rules *rules;
	const struct topology *topology;
	size_t vm;
	struct place place; /* of the node, where it is given */
	const struct board_device *device;
};

typedef void node_visit(const struct node_at *at);

static void each_row(struct rules *rules, const struct topology *topology, size_t vm, size_t node,
                     node_visit *visit)
{
	const struct board *board = topology->model.board;
	const char *path = topology->model.vms[vm].dtb_nodes[node];

	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0 ||
		    path_is_below(board->devices[i].path, path)) {
			visit(&(struct node_at){rules, topology, vm,
			                        topology->vm_origins[vm].node_places[node],
			                        &board->devices[i]});
		}
	}
}

/* The same for all nodes of all VMs. */
static void each_node(struct rules *rules, const struct topology *topology, node_visit *visit)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		for (size_t j = 0; j < topology->model.vms[i].dtb_node_count; j++) {
			each_row(rules, topology, i, j, visit);
		}
	}
}

static void visit_registers(const struct node_at *at)
{
	const struct board_device *device = at->device;

	for (size_t i = 0; i < at->topology->model.vm_count && device->bytes != 0; i++) {
		const struct vm *other = &at->topology->model.vms[i];

		for (size_t j = 0; j < other->mmio_count && i != at->vm; j++) {
			const struct range *range = &other->mmios[j];

			if (check_overlap(range->base, range->bytes, device->base, device->bytes) &&
			    rule_report(at->rules, &rule_node_registers, range->place,
			                "0x%" PRIx64 " with 0x%" PRIx64
			                " bytes holds registers of %s, which belongs to '%s'",
			                range->base, range->bytes, device->path,
			                check_suffix(at->topology, at->vm))) {
				diag_note(at->rules->diag, at->place, "given to '%s' here",
				          check_suffix(at->topology, at->vm));
			}
		}
	}
}

void check_node_registers(struct rules *rules, const struct topology *topology)
{
	each_node(rules, topology, visit_registers);
}

RULE(node_registers, "node-registers", ERROR, EACH,
     "A VM is given a node, and another VM the registers of that node: the device has two "
     "owners.");

/* The host bridge has the four lines of the functions behind it. */
static bool has_irq(const struct board *board, const struct board_device *device, uint32_t irq)
{
	bool host = board->pci_irq != 0 && strcmp(device->path, board->pci_host) == 0;

	return irq != 0 && (irq == device->irq ||
	                    (host && irq >= board->pci_irq && irq - board->pci_irq < PCI_LINES));
}

static void report_irq(const struct node_at *at, uint32_t irq, struct place place)
{
	rule_report(at->rules, &rule_node_irq, place,
	            "interrupt %u is that of %s, which belongs to '%s'", irq, at->device->path,
	            check_suffix(at->topology, at->vm));
}

static void visit_irq(const struct node_at *at)
{
	const struct board *board = at->topology->model.board;

	for (size_t i = 0; i < at->topology->model.vm_count; i++) {
		const struct vm *other = &at->topology->model.vms[i];

		for (size_t j = 0; j < other->irq_count && i != at->vm; j++) {
			if (has_irq(board, at->device, other->irqs[j])) {
				report_irq(at, other->irqs[j],
				           at->topology->vm_origins[i].irq_places[j]);
			}
		}
		for (size_t j = 0; j < other->pci_count && i != at->vm; j++) {
			if (has_irq(board, at->device, other->pci[j].irq)) {
				report_irq(at, other->pci[j].irq,
				           at->topology->vm_origins[i].pci_places[j].irq);
			}
		}
	}
}

void check_node_irq(struct rules *rules, const struct topology *topology)
{
	each_node(rules, topology, visit_irq);
}

RULE(node_irq, "node-irq", ERROR, EACH,
     "A VM is given a node, and another VM the interrupt of that node.");

static void visit_kernel(const struct node_at *at)
{
	const struct board_device *device = at->device;
	const struct board *board = at->topology->model.board;
	struct board_range reserved;

	for (size_t i = 0; device->bytes != 0 && board_reserved_at(board, i, &reserved); i++) {
		if (!reserved.shown &&
		    check_overlap(reserved.base, reserved.bytes, device->base, device->bytes) &&
		    rule_report(at->rules, &rule_node_kernel, at->place,
		                "'%s' is given %s, which is %s and %s",
		                check_suffix(at->topology, at->vm), device->path, reserved.name,
		                reserved.whose)) {
			return;
		}
	}
}

void check_node_kernel(struct rules *rules, const struct topology *topology)
{
	each_node(rules, topology, visit_kernel);
}

RULE_TO_RUN(node_kernel, "node-kernel", EACH,
            "A VM is given the node of a device that is the kernel's own, such as the SMMU.",
            "that the VM has it, and so all memory");

/* A row of a device of which every VM has a virtual one. */
static void visit_virtual(const struct node_at *at)
{
	const struct board_device *device = at->device;
	const struct board *board = at->topology->model.board;
	struct board_range reserved;

	for (size_t i = 0; device->bytes != 0 && board_reserved_at(board, i, &reserved); i++) {
		if (reserved.shown &&
		    check_overlap(reserved.base, reserved.bytes, device->base, device->bytes) &&
		    rule_report(at->rules, &rule_node_virtual, at->place,
		                "'%s' is given %s, which is %s: instead of it there is the virtual "
		                "one that every VM has",
		                check_suffix(at->topology, at->vm), device->path, reserved.name)) {
			return;
		}
	}
}

void check_node_virtual(struct rules *rules, const struct topology *topology)
{
	each_node(rules, topology, visit_virtual);
}

RULE(node_virtual, "node-virtual", ADVICE, EACH,
     "A VM is given the node of the interrupt controller or of the console, which are the "
     "kernel's own. The VM has a virtual one of each, as every VM has, and not what the node names.");
