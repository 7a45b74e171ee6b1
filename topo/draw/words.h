/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in the box of a VM: texts of the user's, escaped for Graphviz' HTML-like labels, and its
 * hardware.
 */
#ifndef TOPO_DRAW_WORDS_H
#define TOPO_DRAW_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "topo/model/model.h"

#define DRAW_LINE_CHARACTERS 34U
#define DRAW_DANGER "#b91c1c"

struct arena;

/** Write @text, escaped. */
void draw_text(FILE *out, const char *text);

/** The same of the first @bytes of @text. */
void draw_text_bytes(FILE *out, const char *text, size_t bytes);

/** Does @vm hold any of the board's hardware? */
bool draw_has_hardware(const struct vm *vm);

/** Write the row of a box that names the hardware of VM @index. What is computed belongs to @arena. */
void draw_hardware(const struct model *model, uint32_t index, struct arena *arena, FILE *out);

#endif
