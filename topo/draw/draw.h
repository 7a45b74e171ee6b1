/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology as a drawing, in the language of Graphviz. topo/draw/draw.c writes the boxes and
 * arrows, topo/draw/words.c what is in the boxes; topo/draw/place.c says what lies beside what, where
 * Graphviz by itself would make one column of fifty boxes, or a ribbon. Equal models give equal text.
 */
#ifndef TOPO_DRAW_DRAW_H
#define TOPO_DRAW_DRAW_H

#include <stdbool.h>
#include <stdio.h>

#include "topo/model/model.h"

#define DRAW_LARGE_VMS 16U /* a drawing of more VMs is a large one */

/* How far apart things are drawn. */
struct draw_place {
	/* Of each connection: columns from the device VM to the driver VM, 0 = wherever they are. */
	uint32_t *ranks;
	struct draw_step {
		uint32_t from, to; /* VMs of two islands: @to lies in a column behind @from */
	} * steps;
	size_t step_count;
	/* Too tangled for columns: drawn by forces. Ranks and steps then say nothing. */
	bool web;
};

struct arena;

/** Decide on places for @model. The arrays belong to @arena. */
struct draw_place draw_place(const struct model *model, struct arena *arena);

/** Print @model as a directed graph for `dot`. */
void draw_print(const struct model *model, FILE *out);

#endif
