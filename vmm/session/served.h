/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device that a peer serves, as a function of the bus of its connection: what the guest
 * does with the function reaches virtio_pci, and then the connection learns of it.
 */
#ifndef VMM_SESSION_SERVED_H
#define VMM_SESSION_SERVED_H

#include "abi/vmm.h"
#include "vmm/pci/pci_function.h"
#include "vmm/session/connection.h"

/** Make @device device config->index of @connection, and @function what the bus knows of it. */
void served_init(struct served *device, struct pci_function *function,
                 struct connection *connection, const struct pv_vmm_device *config,
                 const struct msi_target *msi);

#endif
