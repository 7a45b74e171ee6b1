/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function as its bus (pci_bus.h) knows it, whatever stands behind: a device that the VMM
 * answers for, or a real one that it reaches by calls. The bus answers for the address registers,
 * so that no function can move what it decodes; everything else is asked of the function.
 */
#ifndef VMM_PCI_PCI_FUNCTION_H
#define VMM_PCI_PCI_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/regs.h"

#define PCI_BARS 6U

/* Type bits of a base address register (PCI Local Bus 3.0, 6.2.5.1). */
#define PCI_BAR_64BIT 0x4U /* the next register is its upper half and no BAR of its own */
#define PCI_BAR_PREFETCH 0x8U

struct pci_bar {
	uint64_t base;    /* where it is and stays, aligned to bytes */
	uint64_t bytes;   /* a power of two, at least 16; 0 = there is none */
	uint32_t type;    /* PCI_BAR_* */
	bool is_emulated; /* accesses come to the function; else the kernel serves the range */
};

/*
 * What a bus asks of a function. Registers of configuration space are dwords: @offset is a multiple
 * of 4 below 4096 and hits no address register; a write changes the bits in @lanes only.
 */
struct pci_operations {
	uint32_t (*read_config)(void *device, uint32_t offset);
	void (*write_config)(void *device, uint32_t offset, uint32_t value, uint32_t lanes);
	/* Of an emulated BAR; NULL where the function has none. */
	uint64_t (*read_bar)(void *device, uint32_t bar, const struct access *access);
	void (*write_bar)(void *device, uint32_t bar, const struct access *access);
	/* To power-on state, before anybody has seen it. */
	void (*reset)(void *device);
};

struct pci_function {
	/* Set by who makes the function, then constant. */
	const struct pci_operations *operations;
	void *device;
	struct pci_bar bars[PCI_BARS];

	uint8_t sizing; /* bit n: register n shows its size, since all ones were written to it */
};

#endif
