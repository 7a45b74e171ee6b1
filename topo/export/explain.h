/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The complete topology behind a short one, as text that compiles to the same model.
 */
#ifndef TOPO_EXPORT_EXPLAIN_H
#define TOPO_EXPORT_EXPLAIN_H

#include <stdio.h>

#include "topo/model/model.h"
#include "topo/model/vm_attributes.h"

/** Print @model as a topology in which every default is spelled out. */
void explain_model(const struct model *model, FILE *out);

/** Print @text as a string of the language, in quotes. */
void explain_string(FILE *out, const char *text);

/** Print @truth. */
void explain_truth(FILE *out, bool truth);

/** Print the value that an attribute with a kind has in @vm, as the language writes it. */
void explain_attribute(FILE *out, enum vm_attribute attribute, const struct vm *vm);

/** Print each option that @device has as "name: value", @before before each. */
void explain_options(FILE *out, const struct device *device, const char *before);

/** Print what the machine has in @slot, as an entry of system.machine. */
void explain_slot(FILE *out, const struct machine_slot *slot);

#endif
