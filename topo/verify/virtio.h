/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a virtio device of a topology must claim to be, derived for topo verify from the topology
 * and the virtio specification alone: a second opinion beside topo/image/personality.c.
 */
#ifndef TOPO_VERIFY_VIRTIO_H
#define TOPO_VERIFY_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "topo/model/model.h"

struct virtio {
	const char *type; /* the word of topologies and device trees */
	uint32_t number;  /* virtio 1.2, 5 */
	uint32_t queues;
	uint64_t features;
	uint32_t config_bytes;
	uint8_t config[PV_VMM_CONFIG_BYTES];
};

/** What @device must be, in a connection with a pool or one with the driver VM's whole RAM. */
struct virtio virtio_of(const struct device *device, bool pool);

#endif
