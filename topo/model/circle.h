/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs that serve each other in a circle. None of them can wait for the other when it boots.
 */
#ifndef TOPO_MODEL_CIRCLE_H
#define TOPO_MODEL_CIRCLE_H

#include "topo/model/model.h"

/** Whether the driver VM of @connection serves its device VM, itself or through others. */
bool circle_has(const struct model *model, const struct connection *connection);

#endif
