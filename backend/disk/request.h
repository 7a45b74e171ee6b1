/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request of a blk device (virtio 1.2, 5.2.6) to a raw disk, carried out before the call
 * returns. What it discards stays there: room was reserved for it, and is not given back.
 */
#ifndef BACKEND_DISK_REQUEST_H
#define BACKEND_DISK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/daemon/vring.h"
#include "lib/bits.h"

#define DISK_SECTOR_BYTES 512U

/* virtio 1.2, 5.2.3: what is offered, which topo offers in turn as it fits the device. */
#define DISK_FEATURES                                                                              \
	(BIT64(1) | BIT64(2) | BIT64(5) | BIT64(6) | BIT64(9) | BIT64(12) | BIT64(13) | BIT64(14))

struct disk {
	int fd; /* -1: each request fails */
	bool writable;
	uint64_t bytes; /* of the device; the file may be shorter by a part of a sector */
};

/** Carry out @request; the count of bytes that are written into it. 0: it makes no sense. */
uint32_t disk_serve(const struct disk *disk, const struct vring_request *request);

#endif
