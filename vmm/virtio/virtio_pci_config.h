/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space of a virtio function but for its address registers, which are its bus's.
 */
#ifndef VMM_VIRTIO_VIRTIO_PCI_CONFIG_H
#define VMM_VIRTIO_VIRTIO_PCI_CONFIG_H

#include <stdint.h>

#include "vmm/virtio/virtio_pci.h"

/** The dword at @offset, a multiple of 4. */
uint32_t virtio_pci_config_read(struct virtio_pci *function, uint32_t offset);

/** The guest writes the bits @lanes of it. */
void virtio_pci_config_write(struct virtio_pci *function, uint32_t offset, uint32_t value,
                             uint32_t lanes);

#endif
