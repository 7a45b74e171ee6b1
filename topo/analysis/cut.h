/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all ways between two VMs have in common: choke points (VMs that every way passes) and
 * smallest vertex cuts. Here only whether a step exists matters, not whether it takes a fall.
 */
#ifndef TOPO_ANALYSIS_CUT_H
#define TOPO_ANALYSIS_CUT_H

#include <stdbool.h>

#include "topo/analysis/graph.h"

struct vm_list {
	uint32_t *vms;
	size_t count;
};

/**
 * The VMs other than @from and @to that every way from @from to @to passes, in the order in which
 * they are passed; empty too when there is no way. Cost: O(n + m).
 */
struct vm_list choke_points(const struct graph *graph, uint32_t from, uint32_t to,
                            struct arena *arena);

/**
 * A smallest set of VMs other than @from and @to without which there is no way from @from to @to,
 * in the order of their numbers: the one nearest to @from. By Menger's theorem there are as many
 * ways that share no VM.
 * Returns false when there is no such set since a step leads from @from to @to directly. Cost:
 * O(m sqrt(n)), the cost of Dinic's algorithm with unit capacities.
 */
bool smallest_cut(const struct graph *graph, uint32_t from, uint32_t to, struct vm_list *cut,
                  struct arena *arena);

#endif
