/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from strings to pointers, in an arena. Keys are not copied: they must live as long
 * as the table. Entries are never removed; a value can be set to NULL.
 */
#ifndef TOPO_BASE_STRMAP_H
#define TOPO_BASE_STRMAP_H

#include <stddef.h>

#include "topo/base/arena.h"

struct strmap_entry {
	const char *key; /* not NUL-terminated in general */
	size_t bytes;
	size_t hash;
	void *value;
};

struct strmap {
	struct arena *arena;
	struct strmap_entry *entries; /* open addressing; capacity is a power of two */
	size_t capacity;
	size_t count;
};

/** An empty table in @arena. */
void strmap_init(struct strmap *map, struct arena *arena);

/** The value of the @bytes at @key, NULL when it is not there. */
void *strmap_find(const struct strmap *map, const char *key, size_t bytes);

/** strmap_find for a NUL-terminated key. */
void *strmap_get(const struct strmap *map, const char *key);

/** Where the value of @key stands; added with the value NULL when it is not there. */
void **strmap_slot(struct strmap *map, const char *key, size_t bytes);

/** Set the value of a NUL-terminated @key. */
void strmap_set(struct strmap *map, const char *key, void *value);

#endif
