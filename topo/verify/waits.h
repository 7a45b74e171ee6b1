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

#endif
