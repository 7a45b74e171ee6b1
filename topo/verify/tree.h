/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device tree as a flat list of properties, for topo verify: one list is read from the image,
 * another is what the topology wants, and tree_compare() names every property that is in one of
 * them only, or not the same. A node stands in the list as a property without a name.
 */
#ifndef TOPO_VERIFY_TREE_H
#define TOPO_VERIFY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/verify/decode.h"
#include "topo/verify/findings.h"

struct property {
	const char *node; /* path, "/" for the root */
	const char *name; /* "" = the node itself */
	struct bytes value;
};

struct tree {
	struct arena *arena;
	struct property *properties;
	size_t count;
};

/* A list of cells under construction. */
struct cells {
	struct arena *arena;
	uint8_t *data;
	size_t count; /* of bytes */
};

/**
 * Read the blob @dtb into @out.
 * @why: on failure, what is wrong with it.
 */
bool tree_read(struct arena *arena, struct bytes dtb, struct tree *out, const char **why);

/** The property @name of @node, NULL = it is not there. */
const struct property *tree_find(const struct tree *tree, const char *node, const char *name);

/** Cell @index of a property. Returns false when there is no such property or cell. */
bool tree_cell(const struct property *property, size_t index, uint32_t *out);

/** Two cells from cell @index on. */
bool tree_cell64(const struct property *property, size_t index, uint64_t *out);

/** Is it the string @text? NULL is allowed for @property. */
bool tree_is(const struct property *property, const char *text);

void tree_want_node(struct tree *tree, const char *node);
void tree_want(struct tree *tree, const char *node, const char *name, struct bytes value);
void tree_want_flag(struct tree *tree, const char *node, const char *name);
void tree_want_string(struct tree *tree, const char *node, const char *name, const char *text);
/** Strings one behind the other; @texts ends with NULL. */
void tree_want_strings(struct tree *tree, const char *node, const char *name,
                       const char *const *texts);
void tree_want_u32(struct tree *tree, const char *node, const char *name, uint32_t value);
void tree_want_u64(struct tree *tree, const char *node, const char *name, uint64_t value);
void tree_want_cells(struct tree *tree, const char *node, const char *name,
                     const struct cells *cells);

void cells_add(struct cells *cells, uint32_t value);
void cells_add64(struct cells *cells, uint64_t value);

/** Report all differences between @found and @wanted; @vm is whose tree it is. Sorts both. */
void tree_compare(struct findings *report, const char *vm, struct tree *found, struct tree *wanted);

#endif
