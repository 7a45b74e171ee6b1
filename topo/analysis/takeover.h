/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many VMs must fall so that several goals are held at the same time: a directed Steiner tree
 * from outside over the ways in. NP-hard in general, so exact where it is small or simple, else
 * bounds.
 */
#ifndef TOPO_ANALYSIS_TAKEOVER_H
#define TOPO_ANALYSIS_TAKEOVER_H

#include "topo/analysis/cut.h"
#include "topo/analysis/graph.h"
#include "topo/analysis/shortest.h"

/* least == most: exact. Both FALLS_NEVER: some goal cannot be reached. */
struct falls_range {
	uint32_t least;
	uint32_t most;
};

/**
 * The fewest VMs that must fall, from outside through any of @entrances, so that all of @goals are
 * held. @goals without duplicates.
 */
struct falls_range takeover_falls(const struct graph *graph, struct vm_list entrances,
                                  struct vm_list goals);

#endif
