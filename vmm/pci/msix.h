/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSI-X table of one PCI function (PCI Local Bus 3.0, 6.8.2). It says which interrupt a vector
 * raises now; whoever raises asks here. Which messages count is up to the target that takes them: an
 * entry cannot make the VMM write anywhere.
 */
#ifndef VMM_PCI_MSIX_H
#define VMM_PCI_MSIX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "vmm/base/regs.h"
#include "vmm/gic/msi.h"

#define MSIX_ENTRY_BYTES 16U
#define MSIX_VECTORS_MAX (PV_VMM_QUEUES_MAX + 1U)
#define MSIX_TABLE_BYTES (MSIX_VECTORS_MAX * MSIX_ENTRY_BYTES)
#define MSIX_ENTRY_MASKED 1U /* Vector Control */

/* As in the guest's view: Message Address, Message Upper Address, Message Data, Vector Control. */
struct msix_entry {
	uint32_t word[4];
};

struct msix {
	struct msi_target target; /* constant, as vectors */
	uint32_t vectors;         /* <= MSIX_VECTORS_MAX */

	bool enabled; /* Message Control */
	bool function_masked;
	struct msix_entry entries[MSIX_VECTORS_MAX];
};

_Static_assert(PV_VMM_BAR_MSIX + MSIX_TABLE_BYTES <= PV_VMM_BAR_PBA,
               "the table ends before the pending bits");

/** Reset state: disabled, every entry masked. */
void msix_init(struct msix *msix, const struct msi_target *target, uint32_t vectors);

/** The guest reads or writes the table, 4 or 8 bytes at access->offset in it. */
uint64_t msix_read(const struct msix *msix, const struct access *access);
void msix_write(struct msix *msix, const struct access *access);

/** The SPI that @vector raises now; 0 if it is masked, disabled, nonsense or no vector at all. */
uint32_t msix_intid(const struct msix *msix, uint32_t vector);

/** Raise it. False: there is none now. */
bool msix_raise(const struct msix *msix, uint32_t vector);

#endif
