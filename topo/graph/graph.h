/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology as a drawing, in the language of Graphviz. topo/graph/graph.c writes the boxes, arrows
 * and words; topo/graph/place.c says what lies beside what, where Graphviz by itself would make one
 * column of fifty boxes, or a ribbon. Equal models give equal text.
 */
#ifndef TOPO_GRAPH_GRAPH_H
#define TOPO_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdio.h>

#include "topo/model/model.h"

#define GRAPH_LARGE_VMS 16U /* a drawing of more VMs is a large one */

/* How far apart things are drawn. */
struct graph_place {
	/* Of each connection: columns from the device VM to the driver VM, 0 = wherever they are. */
	uint32_t *ranks;
	struct graph_step {
		uint32_t from, to; /* VMs of two islands: @to lies in a column behind @from */
	} * steps;
	size_t step_count;
	/* Too tangled for columns: drawn by forces. Ranks and steps then say nothing. */
	bool web;
};

struct arena;

/** Decide on places for @model. The arrays belong to @arena. */
struct graph_place graph_place(const struct model *model, struct arena *arena);

/** Print @model as a directed graph for `dot`. */
void graph_print(const struct model *model, FILE *out);

#endif
