/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the disks of a system last: part of topo check.
 */
#ifndef TOPO_COMMANDS_DISKS_H
#define TOPO_COMMANDS_DISKS_H

#include "topo/model/model.h"

/** Print a line for each disk of the machine of @model, and for each that a VM of it serves. */
void disks_print(const struct model *model);

#endif
