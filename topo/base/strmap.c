/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open addressing with linear probing, at most three quarters full; FNV-1a. Who writes a topology
 * that makes keys collide slows down only his own run, and a probe is bounded by the capacity.
 */
#include "topo/base/strmap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define STRMAP_FIRST_CAPACITY 32U

void strmap_init(struct strmap *map, struct arena *arena)
{
	*map = (struct strmap){.arena = arena};
}

static size_t hash_bytes(const char *key, size_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < bytes; i++) {
		hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3U;
	}
	return (size_t)(hash ^ hash >> 32);
}

/* The entry of the key, or the free one where it belongs. The table is not full. */
static struct strmap_entry *probe(const struct strmap *map, const char *key, size_t bytes,
                                  size_t hash)
{
	size_t at = hash & (map->capacity - 1);

	while (map->entries[at].key != NULL) {
		struct strmap_entry *entry = &map->entries[at];

		if (entry->hash == hash && entry->bytes == bytes &&
		    memcmp(entry->key, key, bytes) == 0) {
			break;
		}
		at = (at + 1) & (map->capacity - 1);
	}
	return &map->entries[at];
}

static void enlarge(struct strmap *map)
{
	struct strmap_entry *old = map->entries;
	size_t old_capacity = map->capacity;

	map->capacity = old_capacity == 0 ? STRMAP_FIRST_CAPACITY : old_capacity * 2;
	map->entries = arena_alloc(map->arena, map->capacity * sizeof(*map->entries));
	for (size_t i = 0; i < old_capacity; i++) {
		if (old[i].key != NULL) {
			*probe(map, old[i].key, old[i].bytes, old[i].hash) = old[i];
		}
	}
}

void *strmap_find(const struct strmap *map, const char *key, size_t bytes)
{
	if (map->capacity == 0) {
		return NULL;
	}
	return probe(map, key, bytes, hash_bytes(key, bytes))->value;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	return strmap_find(map, key, strlen(key));
}

void **strmap_slot(struct strmap *map, const char *key, size_t bytes)
{
	if (map->count * 4 >= map->capacity * 3) {
		enlarge(map);
	}
	size_t hash = hash_bytes(key, bytes);
	struct strmap_entry *entry = probe(map, key, bytes, hash);

	if (entry->key == NULL) {
		*entry = (struct strmap_entry){key, bytes, hash, NULL};
		map->count++;
	}
	return &entry->value;
}

void strmap_set(struct strmap *map, const char *key, void *value)
{
	*strmap_slot(map, key, strlen(key)) = value;
}
