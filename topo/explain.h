/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The complete topology behind a short one, as text that compiles to the same model.
 */
#ifndef TOPO_EXPLAIN_H
#define TOPO_EXPLAIN_H

#include <stdio.h>

#include "topo/model.h"

/** Print @model as a topology in which every default is spelled out. */
void explain_model(const struct model *model, FILE *out);

#endif
