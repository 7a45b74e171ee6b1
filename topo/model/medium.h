/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the disk of a blk device lies: in an image of the build host, in an empty file that its
 * device VM makes, or on a medium ("/dev/NAME"), which is a block device of that VM's own hardware: all
 * of it, a partition, or a range of one of these.
 */
#ifndef TOPO_MODEL_MEDIUM_H
#define TOPO_MODEL_MEDIUM_H

#include "topo/model/model.h"

/** The path of the image on the build host; NULL: it has none. */
const char *device_image(const struct device *device);

/** The path of the block device in the device VM; NULL: its disk lies on none. */
const char *device_medium(const struct device *device);

/** How much of the path of a medium names the whole of it: of "/dev/sda1" all before the 1. */
size_t medium_whole_bytes(const char *path);

/** How much of it names what wholes of its kind have in common: of "/dev/nvme1n1" all before the 1. */
size_t medium_kind_bytes(const char *path);

/**
 * The first blk device in the model, before @device, that may have a byte of its medium too, where one of
 * them writes. NULL: there is none. Where a partition lies is not known: it may be anywhere on the
 * whole, and two of them are apart.
 */
const struct device *medium_overlapped(const struct model *model,
                                       const struct connection *connection,
                                       const struct device *device);

/**
 * The same of one that lies on another whole of the same kind: Linux may give the two their names the
 * other way round, each time that it boots.
 */
const struct device *medium_swapped(const struct model *model, const struct connection *connection,
                                    const struct device *device);

/** Whether one of both stands anywhere in the model. */
bool medium_is_shared(const struct model *model, const struct connection *connection,
                      const struct device *device);

#endif
