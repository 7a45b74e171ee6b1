/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of nodes of the board's device tree that are given to VMs, by what topo knows of the
 * board (topo/model/board.h), and of devices by which one VM can harm the others.
 */
#include <inttypes.h>
#include <string.h>

#include "topo/checks/internal.h"

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b ? b - a < a_bytes : a - b < b_bytes;
}

void check_node_repeat(struct checks *checks, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			const char *key = arena_printf(arena, "%zu%s", i, vm->dtb_nodes[j]);

			if (strmap_get(&seen, key) != NULL) {
				check_report(checks, CHECK_NODE_REPEAT,
				             topology->vm_origins[i].node_places[j],
				             "'%s' is given node %s twice", vm->suffix,
				             vm->dtb_nodes[j]);
			}
			strmap_set(&seen, key, arena);
		}
	}
	arena_free(arena);
}

typedef void node_visit(struct checks *checks, const struct topology *topology, size_t vm,
                        size_t node, const struct board_device *device);

/* What the board has at a node, or NULL when topo does not know it. */
static const struct board_device *device_at(const struct board *board, const char *path)
{
	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0) {
			return &board->devices[i];
		}
	}
	return NULL;
}

/* Call @visit for each node of a VM that topo knows. */
static void each_node(struct checks *checks, const struct topology *topology, node_visit *visit)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			const struct board_device *device =
				device_at(topology->model.board, vm->dtb_nodes[j]);

			if (device != NULL) {
				visit(checks, topology, i, j, device);
			}
		}
	}
}

static void visit_registers(struct checks *checks, const struct topology *topology, size_t vm,
                            size_t node, const struct board_device *device)
{
	for (size_t i = 0; i < topology->model.vm_count && device->bytes != 0; i++) {
		const struct vm *other = &topology->model.vms[i];

		for (size_t j = 0; j < other->mmio_count && i != vm; j++) {
			const struct range *range = &other->mmios[j];

			if (overlap(range->base, range->bytes, device->base, device->bytes) &&
			    check_report(checks, CHECK_NODE_REGISTERS, range->place,
			                 "0x%" PRIx64 " with 0x%" PRIx64
			                 " bytes holds registers of %s, which belongs to '%s'",
			                 range->base, range->bytes, device->path,
			                 check_suffix(topology, vm))) {
				diag_note(checks->diag, topology->vm_origins[vm].node_places[node],
				          "given to '%s' here", check_suffix(topology, vm));
			}
		}
	}
}

void check_node_registers(struct checks *checks, const struct topology *topology)
{
	each_node(checks, topology, visit_registers);
}

static void report_irq(struct checks *checks, const struct topology *topology, size_t vm,
                       const struct board_device *device, struct place place)
{
	check_report(checks, CHECK_NODE_IRQ, place,
	             "interrupt %u is that of %s, which belongs to '%s'", device->irq, device->path,
	             check_suffix(topology, vm));
}

static void visit_irq(struct checks *checks, const struct topology *topology, size_t vm,
                      size_t node, const struct board_device *device)
{
	(void)node;
	for (size_t i = 0; i < topology->model.vm_count && device->irq != 0; i++) {
		const struct vm *other = &topology->model.vms[i];

		for (size_t j = 0; j < other->irq_count && i != vm; j++) {
			if (other->irqs[j] == device->irq) {
				report_irq(checks, topology, vm, device,
				           topology->vm_origins[i].irq_places[j]);
			}
		}
		for (size_t j = 0; j < other->pci_count && i != vm; j++) {
			if (other->pci[j].irq == device->irq) {
				report_irq(checks, topology, vm, device, other->pci[j].place);
			}
		}
	}
}

void check_node_irq(struct checks *checks, const struct topology *topology)
{
	each_node(checks, topology, visit_irq);
}

static void visit_kernel(struct checks *checks, const struct topology *topology, size_t vm,
                         size_t node, const struct board_device *device)
{
	const struct board *board = topology->model.board;
	bool console = device->base != 0 && device->base == board->uart_base;
	const char *what = console ? "the kernel's console" : NULL;

	for (size_t i = 0; i < board->reserved_count && device->bytes != 0 && what == NULL; i++) {
		if (overlap(board->reserved[i].base, board->reserved[i].bytes, device->base,
		            device->bytes)) {
			what = board->reserved[i].name;
		}
	}
	if (what != NULL) {
		check_report(checks, CHECK_NODE_KERNEL, topology->vm_origins[vm].node_places[node],
		             "'%s' is given %s, which is %s and the kernel's own",
		             check_suffix(topology, vm), device->path, what);
	}
}

void check_node_kernel(struct checks *checks, const struct topology *topology)
{
	each_node(checks, topology, visit_kernel);
}

/* Devices on which others depend: clocks, resets, power, pins, firmware. */
static const char *const controllers[] = {
	"/soc/cprman@7e101000",  "/soc/gpio@7e200000",     "/soc/firmware",   "/soc/firmware/reset",
	"/soc/mailbox@7e00b880", "/soc/watchdog@7e100000", "/fw-cfg@9020000",
};

static bool is_controller(const char *path)
{
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (strcmp(controllers[i], path) == 0) {
			return true;
		}
	}
	return false;
}

static void visit_controller(struct checks *checks, const struct topology *topology, size_t vm,
                             size_t node, const struct board_device *device)
{
	size_t i = 0;

	if (!is_controller(device->path)) {
		return;
	}
	while (i < topology->model.vm_count &&
	       (i == vm || !check_has_hardware(&topology->model.vms[i]))) {
		i++;
	}
	if (i < topology->model.vm_count) {
		check_report(checks, CHECK_CONTROLLER_HELD,
		             topology->vm_origins[vm].node_places[node],
		             "by %s '%s' can stop devices of '%s'", device->path,
		             check_suffix(topology, vm), check_suffix(topology, i));
	}
}

void check_controller_held(struct checks *checks, const struct topology *topology)
{
	each_node(checks, topology, visit_controller);
}

void check_dma_exposed(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count && !topology->model.board->smmu; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->exposed && vm->pci_count != 0) {
			check_report(checks, CHECK_DMA_EXPOSED, vm->pci[0].place,
			             "'%s' is exposed, and by the DMA of a PCI function has all "
			             "memory",
			             vm->suffix);
		}
	}
}
