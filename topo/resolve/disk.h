/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk images of the build host: which format they have and how large the disk in them is.
 */
#ifndef TOPO_RESOLVE_DISK_H
#define TOPO_RESOLVE_DISK_H

#include "topo/model/model.h"
#include "topo/rules/rules.h"

/**
 * Fill in format and capacity of a blk device from its image, and compare them with what the
 * topology says; @place is where it speaks of the disk. A device without an image keeps what it
 * has.
 */
void disk_inspect(struct rules *rules, struct device *device, struct place place);

/** The format of the file @path if it is one of disk images, or packed, and not raw; else NULL. */
const char *disk_other_format(const char *path);

#endif
