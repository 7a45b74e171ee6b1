/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strongly connected components: parts of a directed graph in which every node leads to every
 * other.
 */
#ifndef TOPO_ANALYSIS_STRONG_H
#define TOPO_ANALYSIS_STRONG_H

#include "topo/analysis/graph.h"

/** The component of each node of @graph, as a number, in @arena. Cost: O(n + m). */
uint32_t *strong_components(const struct graph *graph, struct arena *arena);

#endif
