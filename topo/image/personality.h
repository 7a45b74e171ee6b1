/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a virtio device claims to be: its type number, queues, features and configuration space,
 * all decided by the topology. The driver VM's VMM answers from it (abi/vmm.h), the device VM's
 * daemon serves by it (docs/connection.md). Features are those that the back ends of
 * docs/connection.md carry: vhost-net with a tap, QEMU's storage daemon, vhost-vsock, and the daemon
 * itself.
 */
#ifndef TOPO_IMAGE_PERSONALITY_H
#define TOPO_IMAGE_PERSONALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "topo/diag/diag.h"
#include "topo/model/model.h"

struct personality {
	uint32_t virtio_type; /* virtio 1.2, 5 "Device Types" */
	uint32_t queue_count;
	uint64_t features;
	uint32_t config_bytes;
	uint8_t config[PV_VMM_CONFIG_BYTES];
};

/**
 * Fill @out for @device; @pool: its buffers go through a pool (VMSWIOTLB=1). Errors (an option that
 * no back end can carry) are reported through @diag at the device's place; @out is then still
 * filled so that more errors can be found.
 */
void personality_make(const struct device *device, bool pool, struct diag *diag,
                      struct personality *out);

/** The word that topologies and device trees use for the type: "net", "blk", … */
const char *personality_type_name(enum device_type type);

#endif
