/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that were read: text, name as people see it, and how it came in. A file is read once
 * and kept until the set is freed, so that messages can show its lines. Only regular files of at
 * most SOURCE_BYTES_MAX are read.
 */
#ifndef TOPO_DIAG_SOURCE_H
#define TOPO_DIAG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/diag/place.h"

#define SOURCE_BYTES_MAX ((size_t)64 << 20)

struct source {
	const char *path;      /* as it was found: what messages show */
	const char *directory; /* of path, "." if it has none */
	const char *text;      /* NUL-terminated behind its bytes */
	size_t bytes;
	bool shipped;          /* one of topo's own: not the user's text */
	struct place included; /* the #include or import that brought it in; file NULL = none */
	size_t number;         /* in the order of reading, for sorting messages */
};

struct source_set;

struct source_set *source_set_new(void);
void source_set_free(struct source_set *set);

/**
 * Read the file @path, or find it again: the same path gives the same source.
 * Returns NULL with *why saying why not (a string that lives for ever).
 */
const struct source *source_read(struct source_set *set, const char *path, bool shipped,
                                 struct place included, const char **why);

/** Add a text that is no file (a macro of the command line, a test) under the name @path. */
const struct source *source_add_text(struct source_set *set, const char *path, const char *text,
                                     size_t bytes);

/** Line @line (from 1) of @source: where it starts, and its bytes without the newline. */
const char *source_line(struct source_set *set, const struct source *source, uint32_t line,
                        size_t *bytes);

#endif
