/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of PCI a VM holds, whatever way it was given: functions by themselves or by their nodes, and
 * bridges. Who holds a bridge, or registers of the host bridge (configuration space, or a window
 * over base addresses, be it a page of them), has every function behind it: one store to a base
 * address register moves any function's registers under the page.
 */
#ifndef TOPO_MODEL_PCI_H
#define TOPO_MODEL_PCI_H

#include "topo/model/model.h"

/* By what a VM holds a bridge: number @index of its functions, nodes or ranges. */
enum pci_way { PCI_BY_FUNCTION, PCI_BY_NODE, PCI_BY_RANGE };

struct pci_holding {
	enum pci_way way;
	size_t index;
};

/** The first thing by which VM @vm holds the host bridge or another one; false if none is. */
bool pci_holds_bridge(const struct model *model, const struct vm *vm, struct pci_holding *out);

/**
 * The function that the node at @path stands for, which lies below the host bridge and has a unit
 * address. Its bus is how deep it lies, as where bridges have one bus behind them.
 */
bool pci_function_of_node(const struct model *model, const char *path, struct pci_function *out);

/** What the machine has as that function; NULL: nothing, or QEMU is not the machine. */
const struct machine_slot *pci_slot_of(const struct model *model,
                                       const struct pci_function *function);

/** Whether @vm has functions, by themselves or by nodes. */
bool pci_has_functions(const struct model *model, const struct vm *vm);

/** Whether @function interrupts by messages; where that is unknown it does. */
bool pci_function_has_messages(const struct model *model, const struct pci_function *function);

/** Whether a function of @vm does. */
bool pci_has_messages(const struct model *model, const struct vm *vm);

/** Whether @vm can raise message-signalled interrupts of another VM's functions, and that VM its own:
 * nothing tells who has written one, and both have a function that writes some, or the bridge. */
bool pci_forges_messages(const struct model *model, const struct vm *vm);

/* Whether a VM is on the network of QEMU's user, which the build host is on. */
enum pci_outside { PCI_APART, PCI_OUTSIDE, PCI_FORWARDED };

/**
 * What the slots of @vm's functions, or of all where it holds a bridge, are on: nothing, that
 * network, or so that a port of the build host leads to the VM.
 */
enum pci_outside pci_outside(const struct model *model, const struct vm *vm);

/** Whether the device tree path @path lies below @ancestor. */
bool path_is_below(const char *path, const char *ancestor);

/** Whether two ranges have a page in common. */
bool ranges_share_page(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes);

#endif
