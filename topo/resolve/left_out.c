/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaving out physical devices, for who asks for a system without them.
 */
#include <inttypes.h>

#include "topo/model/device_options.h"
#include "topo/model/hardware.h"
#include "topo/model/medium.h"
#include "topo/resolve/read_rules.h"
#include "topo/resolve/resolve.h"

static void leave_out(struct rules *rules, const struct vm *vm, struct place place,
                      const char *what)
{
	rule_report(rules, &rule_hardware_left_out, place, "'%s' goes without %s", vm->suffix,
	            what);
}

static void leave_out_nodes(struct rules *rules, struct topology *topology, size_t index)
{
	struct vm *vm = &topology->model.vms[index];

	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (!hardware_is_common_node(topology->model.board, vm->dtb_nodes[i])) {
			leave_out(rules, vm, topology->vm_origins[index].node_places[i],
			          arena_printf(topology->arena, "the node %s", vm->dtb_nodes[i]));
		}
	}
	vm->dtb_node_count = 0;
}

static void leave_out_functions(struct rules *rules, struct topology *topology, struct vm *vm)
{
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *pci = &vm->pci[i];

		leave_out(rules, vm, pci->place,
		          arena_printf(topology->arena, "PCI function %u:%u.%u%s%s", pci->bus,
		                       pci->device, pci->function, pci->name[0] == '\0' ? "" : ", ",
		                       pci->name));
	}
	vm->pci_count = 0;
	topology->model.slot_count = 0;
}

static void leave_out_registers(struct rules *rules, struct topology *topology, struct vm *vm)
{
	for (size_t i = 0; i < vm->mmio_count; i++) {
		leave_out(rules, vm, vm->mmios[i].place,
		          arena_printf(topology->arena,
		                       "the registers at 0x%" PRIx64 " with 0x%" PRIx64 " bytes",
		                       vm->mmios[i].base, vm->mmios[i].bytes));
	}
	vm->mmio_count = 0;
}

void resolve_leave_out_media(struct rules *rules, struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			struct device *device = &connection->devices[j];

			if (device_medium(device) != NULL) {
				leave_out(rules, &topology->model.vms[connection->device_vm],
				          device_place(device, "disk"),
				          arena_printf(topology->arena,
				                       "%s: this disk is an empty one",
				                       device->disk));
				device->disk = NULL;
				device->offset = 0;
			}
		}
	}
}

void resolve_leave_out_hardware(struct rules *rules, struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		struct vm *vm = &topology->model.vms[i];

		leave_out_nodes(rules, topology, i);
		leave_out_functions(rules, topology, vm);
		leave_out_registers(rules, topology, vm);
		for (size_t j = 0; j < vm->irq_count; j++) {
			leave_out(rules, vm, topology->vm_origins[i].irq_places[j],
			          arena_printf(topology->arena, "interrupt %u", vm->irqs[j]));
		}
		vm->irq_count = 0;
		if (vm->smc) {
			leave_out(rules, vm, vm_place(topology, i, VM_SMC),
			          "calls of the secure firmware");
		}
		vm->smc = false;
	}
}
