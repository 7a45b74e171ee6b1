/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the board each VM is given, from the topology alone, see topo/verify/given.h.
 */
#include "topo/verify/given.h"

#include <inttypes.h>

#include "topo/model/hardware.h"
#include "topo/model/pci.h"

static void add_line(const struct verify *v, struct given *given, uint32_t vm, uint32_t intid)
{
	for (size_t i = 0; i < given->line_count; i++) {
		if (given->lines[i].vm == vm && given->lines[i].intid == intid) {
			return;
		}
	}
	*ARENA_ADD(v->arena, given->lines, given->line_count) =
		(struct given_line){vm, intid, NULL};
}

static void add_registers(const struct verify *v, struct given *given, uint32_t vm,
                          const struct range *range, const struct board_device *node)
{
	uint64_t end = range->base + range->bytes;
	struct given_registers new = {
		.vm = vm,
		.page = range->base / PAGE,
		.pages = end / PAGE + ((end % PAGE) ? 1 : 0) - range->base / PAGE,
		.what = hardware_registers_name(v->model, range->base, range->bytes, v->arena),
		.node = node,
	};

	for (size_t i = 0; i < given->register_count; i++) {
		const struct given_registers *r = &given->registers[i];

		new.inside = new.inside ||
		             (r->vm == vm &&
		              r->page < new.page + new.pages &&new.page < r->page + r->pages);
	}
	*ARENA_ADD(v->arena, given->registers, given->register_count) = new;
}

static void add_function(const struct verify *v, struct given *given, uint32_t vm,
                         const struct pci_function *function)
{
	uint32_t id = function->bus << 8 | function->device << 3 | function->function;
	const struct machine_slot *slot = pci_slot_of(v->model, function);
	bool named = function->name && function->name[0];

	for (size_t i = 0; i < given->function_count; i++) {
		if (given->functions[i].vm == vm && given->functions[i].id == id) {
			return; /* by itself and as a node */
		}
	}
	*ARENA_ADD(v->arena, given->functions, given->function_count) = (struct given_function){
		.vm = vm,
		.id = id,
		.irq = function->irq,
		.model = slot ? slot->model : NULL,
		.leads_out = slot && !slot->restricted,
		.what = arena_printf(v->arena, "function %u:%u.%u%s%s%s", function->bus,
	                             function->device, function->function, named ? " (" : "",
	                             named ? function->name : "", named ? ")" : ""),
		.window = NOT_FOUND,
	};
}

/* The node at @path: a function, or rows of the board. */
static void add_node(const struct verify *v, struct given *given, uint32_t vm, const char *path)
{
	const struct board *board = v->model->board;
	struct pci_function function;

	if (pci_function_of_node(v->model, path, &function)) {
		add_function(v, given, vm, &function);
		return;
	}
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (!hardware_node_gives(board, path, device)) {
			continue;
		}
		if (device->bytes) {
			const struct range range = {.base = device->base, .bytes = device->bytes};

			add_registers(v, given, vm, &range, device);
		}
		if (device->irq) {
			add_line(v, given, vm, device->irq);
		}
	}
}

static void add_vm(const struct verify *v, struct given *given, uint32_t index)
{
	const struct vm *vm = &v->model->vms[index];

	for (size_t i = 0; i < vm->pci_count; i++) {
		add_function(v, given, index, &vm->pci[i]);
	}
	for (size_t i = 0; i < vm->irq_count; i++) {
		add_line(v, given, index, vm->irqs[i]);
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		add_node(v, given, index, vm->dtb_nodes[i]);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		add_registers(v, given, index, &vm->mmios[i], NULL);
	}
}

/* The lines of functions, of which some are given by number too. */
static void add_pins(const struct verify *v, struct given *given)
{
	for (size_t i = 0; i < given->function_count; i++) {
		const struct given_function *function = &given->functions[i];

		if (!function->irq) {
			continue;
		}
		add_line(v, given, function->vm, function->irq);
		for (size_t j = 0; j < given->line_count; j++) {
			struct given_line *line = &given->lines[j];

			if (line->vm == function->vm && line->intid == function->irq &&
			    !line->function) {
				line->function = function;
			}
		}
	}
}

struct given *given_list(const struct verify *v)
{
	struct given *given = arena_alloc(v->arena, sizeof(*given));

	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		add_vm(v, given, i);
	}
	add_pins(v, given);
	return given;
}

uint32_t given_count(const struct verify *v, uint32_t vm)
{
	uint32_t count = 0;

	for (size_t i = 0; i < v->given->function_count; i++) {
		count += v->given->functions[i].vm == vm;
	}
	return count;
}

bool given_has_pin(const struct given_function *function)
{
	return function->irq && !given_has_msis(function) &&
	       (!function->model || function->model->pin);
}

bool given_has_msis(const struct given_function *function)
{
	return function->model ? function->model->vectors != 0 : function->irq == 0;
}

bool given_vm_has_msis(const struct verify *v, uint32_t vm)
{
	for (size_t i = 0; i < v->given->function_count; i++) {
		if (v->given->functions[i].vm == vm && given_has_msis(&v->given->functions[i])) {
			return true;
		}
	}
	return false;
}
