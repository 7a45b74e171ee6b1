/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges and functions, by the names that nodes and functions have.
 */
#include "topo/model/pci.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "topo/model/board.h"
#include "topo/model/pci_models.h"

bool path_is_below(const char *path, const char *ancestor)
{
	size_t bytes = strcmp(ancestor, "/") == 0 ? 0 : strlen(ancestor);

	return strncmp(path, ancestor, bytes) == 0 && path[bytes] == '/' && path[bytes + 1] != '\0';
}

bool ranges_share_page(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a_bytes != 0 && b_bytes != 0 &&
	       a >> PV_PAGE_SHIFT <= (b + b_bytes - 1) >> PV_PAGE_SHIFT &&
	       b >> PV_PAGE_SHIFT <= (a + a_bytes - 1) >> PV_PAGE_SHIFT;
}

static bool is_host_bridge(const struct board *board, const struct board_device *device)
{
	return strcmp(device->path, board->pci_host) == 0;
}

/* Function 0:0.0 is the host bridge or root port; of others what is in their slot, or their name. */
static bool function_is_bridge(const struct model *model, const struct pci_function *function)
{
	const struct machine_slot *slot = pci_slot_of(model, function);
	const char *name = function->name == NULL ? "" : function->name;

	return (function->bus | function->device | function->function) == 0 ||
	       (slot != NULL ? pci_model_is_bridge(slot->model->name) : pci_name_is_bridge(name));
}

bool pci_function_of_node(const struct model *model, const char *path, struct pci_function *out)
{
	const char *host = model->board->pci_host;
	const char *unit = strrchr(path, '@');
	char *end = NULL;

	/* Of a board that is known by name only nobody knows where its host bridge is. */
	if (host[0] == '\0' || !path_is_below(path, host) || unit == NULL ||
	    strchr(unit, '/') != NULL) {
		return false;
	}
	*out = (struct pci_function){.name = ""};
	for (const char *at = path + strlen(host) + 1; (at = strchr(at, '/')) != NULL; at++) {
		out->bus++;
	}
	out->device = (uint32_t)strtoul(unit + 1, &end, 16);
	if (end != unit + 1 && *end == ',') {
		out->function = (uint32_t)strtoul(end + 1, &end, 16);
	}
	return end != unit + 1 && *end == '\0';
}

/* The host bridge, what is above it, a bridge below it, or what nobody can tell from one. */
static bool node_is_bridge(const struct model *model, const char *path)
{
	const char *host = model->board->pci_host;
	const char *last = strrchr(path, '/');
	struct pci_function function;

	if (strcmp(path, host) == 0 || strcmp(path, "/") == 0 || path_is_below(host, path)) {
		return true;
	}
	if (host[0] == '\0') {
		return strncmp(last, "/pci", 4) == 0;
	}
	return path_is_below(path, host) &&
	       (strncmp(last, "/pci", 4) == 0 || !pci_function_of_node(model, path, &function));
}

static bool range_is_bridge(const struct model *model, const struct range *range)
{
	const struct board *board = model->board;

	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (is_host_bridge(board, device) &&
		    ranges_share_page(range->base, range->bytes, device->base, device->bytes)) {
			return true;
		}
	}
	return false;
}

bool pci_holds_bridge(const struct model *model, const struct vm *vm, struct pci_holding *out)
{
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (range_is_bridge(model, &vm->mmios[i])) {
			*out = (struct pci_holding){PCI_BY_RANGE, i};
			return true;
		}
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (node_is_bridge(model, vm->dtb_nodes[i])) {
			*out = (struct pci_holding){PCI_BY_NODE, i};
			return true;
		}
	}
	for (size_t i = 0; i < vm->pci_count; i++) {
		if (function_is_bridge(model, &vm->pci[i])) {
			*out = (struct pci_holding){PCI_BY_FUNCTION, i};
			return true;
		}
	}
	return false;
}

const struct machine_slot *pci_slot_of(const struct model *model,
                                       const struct pci_function *function)
{
	for (size_t i = 0; i < model->slot_count; i++) {
		if ((function->bus | function->function) == 0 &&
		    model->slots[i].device == function->device) {
			return &model->slots[i];
		}
	}
	return NULL;
}

static bool has_function_nodes(const struct model *model, const struct vm *vm)
{
	struct pci_function function;

	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (pci_function_of_node(model, vm->dtb_nodes[i], &function)) {
			return true;
		}
	}
	return false;
}

bool pci_function_has_messages(const struct model *model, const struct pci_function *function)
{
	const struct machine_slot *slot = pci_slot_of(model, function);

	return slot == NULL || slot->model->vectors != 0;
}

bool pci_has_messages(const struct model *model, const struct vm *vm)
{
	for (size_t i = 0; i < vm->pci_count; i++) {
		if (pci_function_has_messages(model, &vm->pci[i])) {
			return true;
		}
	}
	return has_function_nodes(model, vm);
}

static bool writes_messages(const struct model *model, const struct vm *vm)
{
	struct pci_holding bridge;

	/* Who holds the bridge has the functions of all write what he likes. */
	return pci_has_messages(model, vm) || pci_holds_bridge(model, vm, &bridge);
}

bool pci_forges_messages(const struct model *model, const struct vm *vm)
{
	bool others = false;

	if (!model->board->msi_forgeable || !writes_messages(model, vm)) {
		return false;
	}
	for (uint32_t i = 0; i < model->vm_count && !others; i++) {
		others = &model->vms[i] != vm && writes_messages(model, &model->vms[i]);
	}
	return others;
}

static enum pci_outside slot_outside(const struct machine_slot *slot)
{
	if (slot == NULL || slot->model->back != PCI_BACK_NET) {
		return PCI_APART;
	}
	if (slot->forward_count != 0) {
		return PCI_FORWARDED;
	}
	return slot->restricted ? PCI_APART : PCI_OUTSIDE;
}

static enum pci_outside further(enum pci_outside a, enum pci_outside b)
{
	return a > b ? a : b;
}

enum pci_outside pci_outside(const struct model *model, const struct vm *vm)
{
	enum pci_outside outside = PCI_APART;
	struct pci_holding holding;
	struct pci_function function;

	for (size_t i = 0; i < vm->pci_count; i++) {
		outside = further(outside, slot_outside(pci_slot_of(model, &vm->pci[i])));
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (pci_function_of_node(model, vm->dtb_nodes[i], &function)) {
			outside = further(outside, slot_outside(pci_slot_of(model, &function)));
		}
	}
	const bool all = pci_holds_bridge(model, vm, &holding);

	for (size_t i = 0; i < model->slot_count && all; i++) {
		outside = further(outside, slot_outside(&model->slots[i]));
	}
	return outside;
}

bool pci_has_functions(const struct model *model, const struct vm *vm)
{
	return vm->pci_count != 0 || has_function_nodes(model, vm);
}
