/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A modern virtio-pci function (virtio 1.2, 4.1): BAR0 with common configuration, ISR, device
 * configuration and MSI-X table, and the state of its configuration space (virtio_pci_config.h).
 * It keeps this true after each access: for each queue the kernel raises, when the backend rings,
 * the interrupt that the guest's vector and MSI-X entry say, and none if there is none.
 */
#ifndef VMM_VIRTIO_VIRTIO_PCI_H
#define VMM_VIRTIO_VIRTIO_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "vmm/base/regs.h"
#include "vmm/pci/msix.h"
#include "vmm/virtio/virtio.h"

#define VIRTIO_PCI_BAR_REGISTERS 0U
#define VIRTIO_PCI_BAR_NOTIFY 2U

struct virtio_pci {
	struct virtio virtio;
	struct msix msix;

	/* Registers of the common configuration that select. */
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint16_t queue_select;

	uint8_t isr;
	uint8_t generation;                /* of the device configuration: counts its changes */
	bool is_served;                    /* somebody was there since the VM started */
	bool config_pending;               /* a configuration interrupt waits for its vector */
	uint16_t bound[PV_VMM_QUEUES_MAX]; /* SPI that the kernel raises for a queue, 0 = none */

	/* PCI configuration space: virtio_pci_config.c. */
	uint16_t command;
	uint8_t window_bar; /* virtio's configuration access capability (4.1.4.9) */
	uint32_t window_offset;
	uint32_t window_bytes;
};

/** The function that @config describes, whose messages go to @msi. It is to be reset before use. */
void virtio_pci_init(struct virtio_pci *function, const struct msi_target *msi,
                     const struct pv_vmm_device *config);

/** Power-on state. */
void virtio_pci_reset(struct virtio_pci *function);

/** The guest reads or writes BAR0. */
uint64_t virtio_pci_read(struct virtio_pci *function, const struct access *access);
void virtio_pci_write(struct virtio_pci *function, const struct access *access);

/** Bring the kernel to what vectors and MSI-X say now: after a change of Message Control. */
void virtio_pci_bind(struct virtio_pci *function);

/** The backend cannot serve the device as it was set up: DEVICE_NEEDS_RESET, and tell the guest. */
void virtio_pci_break(struct virtio_pci *function);

/** Somebody serves the device: one that is late has its capacity now, and its driver is told. */
void virtio_pci_serve(struct virtio_pci *function);

/** The reset that the driver asked for is done. */
void virtio_pci_finish_reset(struct virtio_pci *function);

/* The registers, for the test that they are sorted and disjoint. */
extern const struct reg_table virtio_pci_registers;

#endif
