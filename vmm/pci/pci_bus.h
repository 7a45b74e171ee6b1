/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus behind an emulated PCIe host bridge, and the ECAM window through which the guest reaches
 * it: function 0 of each used slot, all ones elsewhere. Base address registers show their size when
 * asked, but their place is the topology's: no write moves what they decode, since the kernel maps
 * and watches pages at fixed addresses.
 */
#ifndef VMM_PCI_PCI_BUS_H
#define VMM_PCI_PCI_BUS_H

#include <stdint.h>

#include "vmm/pci/pci_function.h"

#define ECAM_BYTES 0x100000U /* one bus: 32 devices of 8 functions of 4 KiB */
#define PCI_SLOTS 32U

struct pci_bus {
	struct pci_function *slots[PCI_SLOTS]; /* NULL: nothing there */
};

/** Bring all functions to power-on state. */
void pci_bus_reset(struct pci_bus *bus);

/** The guest reads or writes the ECAM window. */
uint64_t pci_bus_read(struct pci_bus *bus, const struct access *access);
void pci_bus_write(struct pci_bus *bus, const struct access *access);

#endif
