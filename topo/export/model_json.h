/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolved model for other programs, and for tests that compare models.
 */
#ifndef TOPO_EXPORT_MODEL_JSON_H
#define TOPO_EXPORT_MODEL_JSON_H

#include <stdio.h>

#include "topo/model/model.h"

/** Print all of @model but its places as one JSON object. Equal models print equal text. */
void model_print_json(const struct model *model, FILE *out);

#endif
