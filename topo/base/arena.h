/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that lives and dies together. The front end builds its structures in arenas and never
 * frees one by one. Running out of memory ends the process with exit code 3: nothing that topo
 * could do afterwards would be of use.
 */
#ifndef TOPO_BASE_ARENA_H
#define TOPO_BASE_ARENA_H

#include <stddef.h>

struct arena;

/** An empty arena. */
struct arena *arena_new(void);

/** Give back @arena and all that was taken from it. NULL is allowed. */
void arena_free(struct arena *arena);

/** @bytes of zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t bytes);

/** A NUL-terminated copy of the @bytes at @text. */
char *arena_copy(struct arena *arena, const char *text, size_t bytes);

/** A string as by sprintf. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Make room for element number @count of an array of @count elements of @bytes each. The array
 * grows by doubling at powers of two, so @count is all there is to remember; the old copy stays in
 * the arena. Use it through ARENA_ADD.
 */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t bytes);

/* Append a zeroed element to @array (an lvalue) of @count (an lvalue) elements; a pointer to it. */
#define ARENA_ADD(arena, array, count)                                                             \
	((array) = arena_grow((arena), (array), (count), sizeof(*(array))), &(array)[(count)++])

#endif
