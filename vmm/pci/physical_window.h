/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a physical function, between physical.c and physical_begin.c.
 */
#ifndef VMM_PCI_PHYSICAL_WINDOW_H
#define VMM_PCI_PHYSICAL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/log.h"
#include "vmm/pci/physical.h"

#define PCI_COMMAND 0x04U
#define PCI_COMMAND_MEMORY 0x0002U
#define PCI_COMMAND_MASTER 0x0004U
#define PCI_BAR_FIRST 0x10U
#define PCI_POWER_CONTROL 0x04U   /* in the capability */
#define PCI_EXPRESS_CONTROL 0x08U /* likewise */

/** The dword at @offset; all ones if the window is closed. */
uint32_t physical_read(const struct physical *physical, uint32_t offset);

/** Store it. What the window does not take is not stored. */
void physical_write(const struct physical *physical, uint32_t offset, uint32_t value);

/** Begin a line: @what, then the function's number on the machine. */
struct line physical_line(const struct physical *physical, const char *what);

/** Bring it to power-on state, as far as it can; physicals_begin waits for it. */
void physical_reset(struct physical *physical);

#endif
