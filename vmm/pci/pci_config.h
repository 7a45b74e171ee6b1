/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space of the virtio functions, and the ECAM window of a connection's host
 * bridge through which the guest reaches it: one bus, one function in each used slot, all ones
 * elsewhere. Base address registers show their size when asked, but their place is the topology's:
 * no write moves what they decode, since the kernel watches the notify page at a fixed address.
 */
#ifndef VMM_PCI_PCI_CONFIG_H
#define VMM_PCI_PCI_CONFIG_H

#include <stdint.h>

#include "vmm/base/regs.h"
#include "vmm/virtio/virtio_pci.h"

#define ECAM_BYTES 0x100000U /* one bus: 32 devices of 8 functions of 4 KiB */

/** The guest reads or writes the ECAM window of the bus with @functions[0 .. count - 1]. */
uint64_t pci_ecam_read(struct virtio_pci *functions, uint32_t count, const struct access *access);
void pci_ecam_write(struct virtio_pci *functions, uint32_t count, const struct access *access);

#endif
