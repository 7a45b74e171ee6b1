/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defaults of network devices: MAC addresses, taps, bridges, IPv4 subnets.
 */
#ifndef TOPO_RESOLVE_DEFAULT_NETWORKS_H
#define TOPO_RESOLVE_DEFAULT_NETWORKS_H

#include "topo/resolve/resolve.h"

/**
 * Fill in what net devices leave out. Each gets a tap, a bridge and a subnet of its own in its
 * device VM, so that two driver VMs see each other's traffic only where a topology puts them on
 * one bridge by name. The first is 10.77.0.0/24, the device VM has .1, the driver VM .2.
 */
void default_networks(struct topology *topology);

#endif
