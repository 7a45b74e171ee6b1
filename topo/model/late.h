/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections whose device VM need not be there when the driver VM boots, which cannot wait for it: of
 * VMs that serve each other in a circle, and of a VM that does not start with the system.
 */
#ifndef TOPO_MODEL_LATE_H
#define TOPO_MODEL_LATE_H

#include "topo/model/model.h"

/** Whether the driver VM of @connection serves its device VM, itself or through others. */
bool late_by_circle(const struct model *model, const struct connection *connection);

/** Whether @connection is late, by that or since its device VM is off until it is asked for. */
bool late_is(const struct model *model, const struct connection *connection);

#endif
