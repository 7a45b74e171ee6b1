/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where virtqueues lie: memdev as mapped into the daemon, and the parts of a split virtqueue in it
 * (virtio 1.2, 2.7). The driver VM's guest chose the addresses: none is used before ring_check().
 */
#ifndef BACKEND_DAEMON_RING_H
#define BACKEND_DAEMON_RING_H

#include <stdint.h>

#include "abi/err.h"
#include "abi/iobuf.h"

struct ring_memory {
	void *base; /* of memdev in our address space */
	uint64_t bytes;
	uint64_t driver_address; /* of memdev in the driver VM: what addresses in queues refer to */
	int fd;                  /* the file that it is mapped from, at offset 0 */
};

/**
 * Do the three parts of @queue lie inside of @memory, aligned as virtio wants them?
 * Its size is a power of two and > 0 (the caller has checked it). Errors: ERR_RANGE.
 */
MUST_USE err_t ring_check(const struct ring_memory *memory, const struct pv_ctl_queue *queue);

/** Our address of the driver VM's @address, which ring_check() has let pass. */
void *ring_pointer(const struct ring_memory *memory, uint64_t address);

/** The index of the used ring, as it stands in shared memory: how many requests were answered. */
uint16_t ring_used_index(const struct ring_memory *memory, const struct pv_ctl_queue *queue);

/** The index of the available ring, as it stands in shared memory: the driver VM's word. */
uint16_t ring_available_index(const struct ring_memory *memory, const struct pv_ctl_queue *queue);

#endif
