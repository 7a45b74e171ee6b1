/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defaults of who goes first on a CPU, and for how long: a VM that serves goes before those
 * that it serves, since what they wait for is its work, and leaves them some of the time.
 */
#ifndef TOPO_RESOLVE_DEFAULT_PRIORITIES_H
#define TOPO_RESOLVE_DEFAULT_PRIORITIES_H

#include "topo/resolve/defaults.h"

/**
 * Give each VM without a priority DEFAULT_PRIORITY, or one more than the highest of those that it
 * serves. VMs that serve each other in a cycle, and those between two cycles, have one priority.
 * Cost: O(VMs + connections).
 */
void default_priorities(struct topology *topology);

/**
 * Limit the VMs that have their priority by default, and have somebody below them on a CPU, to what
 * DEFAULT_SERVING_PERCENT leaves to each. Affinities are known.
 */
void default_budgets(struct topology *topology);

#endif
