/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a VM that boots can wait for, derived from the topology for itself.
 */
#ifndef TOPO_VERIFY_WAITS_H
#define TOPO_VERIFY_WAITS_H

#include "topo/verify/verify.h"

/**
 * Is the device VM off until it is asked for, or does the driver VM serve it in turn, over however
 * many others?
 */
bool waits_may_be_off(const struct verify *v, const struct connection *connection);

/**
 * Does /init of the driver VM wait for the disks of @connection, in place of the kernel, as both are the
 * project's own and nothing has the kernel begin otherwise?
 */
bool waits_in_init(const struct verify *v, const struct connection *connection);

/** The disks that /init of VM @vm waits for, as in /chosen; "" = none. Of the verification's arena. */
const char *waits_disks(const struct verify *v, uint32_t vm);

#endif
