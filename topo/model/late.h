/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections whose device VM need not be there when the driver VM boots, which cannot wait for it: of
 * VMs that serve each other in a circle, and of a VM that does not start with the system. And those that
 * user space of the driver VM waits for, in place of its kernel.
 */
#ifndef TOPO_MODEL_LATE_H
#define TOPO_MODEL_LATE_H

#include "topo/model/model.h"

/** Whether the driver VM of @connection serves its device VM, itself or through others. */
bool late_by_circle(const struct model *model, const struct connection *connection);

/** Whether @connection is late, by that or since its device VM is off until it is asked for. */
bool late_is(const struct model *model, const struct connection *connection);

/**
 * Whether the first program of the driver VM waits for the disks of @connection, which is not late: it is
 * the project's own, under the project's kernel. So that kernel need not wait, and both VMs boot at once.
 */
bool late_awaited(const struct model *model, const struct connection *connection);

#endif
