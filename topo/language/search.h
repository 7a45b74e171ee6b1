/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a file that is named by #include or import is found: the directories of -I, the directory
 * of the file that names it, the board's directory below that, and topo's own.
 */
#ifndef TOPO_LANGUAGE_SEARCH_H
#define TOPO_LANGUAGE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/base/arena.h"
#include "topo/diag/source.h"

struct search {
	const char *const *directories; /* of -I */
	size_t directory_count;
	const char *board; /* name of the board's directory in deployed applications; NULL = none */
	const char *share; /* topo's own files */
};

/* A file that is named somewhere. */
struct searched {
	const char *name;
	bool beside;               /* "…": look beside `from` first; else <…>: after -I */
	const struct source *from; /* the file that names it */
	struct place place;        /* where */
};

/**
 * Find the file that @searched names, and read it.
 * Returns NULL with *why when there is none, or it cannot be read.
 */
const struct source *search_read(const struct search *search, struct source_set *set,
                                 struct arena *arena, const struct searched *searched,
                                 const char **why);

#endif
