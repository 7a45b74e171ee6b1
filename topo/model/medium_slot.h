/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which hardware of the machine a device VM's block device is, by the name that Linux gives it.
 */
#ifndef TOPO_MODEL_MEDIUM_SLOT_H
#define TOPO_MODEL_MEDIUM_SLOT_H

#include "topo/model/model.h"

/**
 * Whether @vm may have the hardware that Linux names like @path ("/dev/nvme0n1", or a partition of it),
 * as far as topo knows. If it can be only one slot of the machine, that is in *@slot, else NULL.
 */
bool medium_slot(const struct model *model, const struct vm *vm, const char *path,
                 const struct machine_slot **slot);

#endif
