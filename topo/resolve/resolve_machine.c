/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine has in its PCI slots, where QEMU is the machine: system.machine, and what the
 * names of functions imply.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/model/pci.h"
#include "topo/model/pci_models.h"
#include "topo/resolve/resolve_internal.h"

#define DISK_BYTES (UINT64_C(64) << 20)

/* A name by which one can tell whether a file that is to be made is another one. */
static const char *name_to_be(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t bytes = slash == NULL ? 0 : (size_t)(slash - path);
	char *real = realpath(slash == NULL ? "." : arena_printf(arena, "%.*s/", (int)bytes, path),
	                      NULL);

	if (real != NULL) {
		path = arena_printf(arena, "%s/%s", real, slash == NULL ? path : slash + 1);
		free(real);
	}
	return path;
}

/* What its disk is kept in, if anything is. */
static bool find_file(struct resolver *resolver, struct machine_slot *slot)
{
	struct stat status;

	if (slot->file != NULL && (slot->file_bytes == 0 ||
	                           (stat(slot->file, &status) == 0 && !S_ISREG(status.st_mode)))) {
		return resolve_file_exists(resolver, slot->file, "disk", slot->place,
		                           "with a size a file that is not there is made");
	}
	if (slot->file != NULL) {
		slot->file = name_to_be(resolver->arena, slot->file);
	}
	if (slot->file_bytes == 0 && pci_model_has_disk(slot->model)) {
		slot->file_bytes = DISK_BYTES;
	}
	return true;
}

static void add_slot(struct resolver *resolver, const struct machine_slot *slot)
{
	struct model *model = &resolver->topology->model;

	for (size_t i = 0; i < model->slot_count; i++) {
		if (model->slots[i].device == slot->device) {
			diag_error(resolver->diag, slot->place,
			           "slot 0:%u.0 of the machine is given twice", slot->device);
			diag_note(resolver->diag, model->slots[i].place, "given here");
			return;
		}
	}
	*ARENA_ADD(resolver->arena, model->slots, model->slot_count) = *slot;
}

static void read_slot(struct resolver *resolver, const struct value *dict)
{
	struct machine_slot slot;

	if (resolve_slot(resolver, dict, &slot) && find_file(resolver, &slot)) {
		add_slot(resolver, &slot);
	}
}

void resolve_machine(struct resolver *resolver, const struct value *value)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "machine is a list, not %s",
		           value_kind_name(value->kind));
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];

		if (item->kind == VALUE_DICT) {
			read_slot(resolver, item);
		} else {
			diag_error(resolver->diag, item->place,
			           "each slot of the machine is { pci, model, … }, not %s",
			           value_kind_name(item->kind));
		}
	}
}

/* A name that speaks for itself puts the function there. */
static void imply_slot(struct topology *topology, const struct pci_function *function)
{
	struct model *model = &topology->model;
	const struct pci_model *implied = pci_model_of_name(function->name);

	if (implied == NULL || (function->bus | function->function) != 0 ||
	    function->device < SLOT_FIRST || function->device > SLOT_LAST ||
	    pci_slot_of(model, function) != NULL) {
		return;
	}
	*ARENA_ADD(topology->arena, model->slots, model->slot_count) = (struct machine_slot){
		.device = function->device,
		.model = implied,
		.file_bytes = pci_model_has_disk(implied) ? DISK_BYTES : 0,
		.place = function->place,
	};
}

/* The line of a function that has nothing else to interrupt by is where its slot puts it. */
static void imply_line(struct model *model, struct pci_function *function)
{
	const struct machine_slot *slot = pci_slot_of(model, function);
	uint32_t first = model->board->pci_irq;

	if (function->irq == 0 && slot != NULL && slot->model->vectors == 0 &&
	    slot->model->pin != 0 && first != 0) {
		function->irq = first + (function->device + slot->model->pin - 1) % PCI_LINES;
	}
}

void resolve_machine_finish(struct topology *topology)
{
	struct model *model = &topology->model;

	if (!model->board->runs) {
		model->slot_count = 0;
		return;
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		for (size_t j = 0; j < model->vms[i].pci_count; j++) {
			imply_slot(topology, &model->vms[i].pci[j]);
			imply_line(model, &model->vms[i].pci[j]);
		}
	}
}
