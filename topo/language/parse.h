/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser of CAmkES' architecture description language. After an error it goes on at the next
 * statement, so that one run reports all errors of a file.
 */
#ifndef TOPO_LANGUAGE_PARSE_H
#define TOPO_LANGUAGE_PARSE_H

#include "topo/language/ast.h"
#include "topo/language/cpp.h"

/**
 * Read all of @cpp. Returns the tree of what was understood; errors are in @diag.
 */
struct ast_file *parse_file(struct cpp *cpp, struct arena *arena, struct diag *diag);

/**
 * Parse the @bytes of @text, which stand at @place, as one expression: addresses are often given
 * as strings. Returns NULL when they are none, with *why and *where saying what is wrong.
 */
struct expr *parse_expression_text(struct arena *arena, const char *text, size_t bytes,
                                   struct place place, const char **why, struct place *where);

#endif
