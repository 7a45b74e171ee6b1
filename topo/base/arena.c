/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bump allocation in blocks that double up to a limit. A request larger than a block gets a block
 * of its own.
 */
#include "topo/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN 16U
#define ARENA_BLOCK_FIRST ((size_t)16 << 10)
#define ARENA_BLOCK_LAST ((size_t)1 << 20)

struct block {
	struct block *next;
	size_t bytes;
	_Alignas(ARENA_ALIGN) unsigned char data[];
};

struct arena {
	struct block *blocks;
	size_t used; /* of the first block */
	size_t next_block_bytes;
};

static void *allocate_or_exit(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (memory == NULL) {
		fputs("topo: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

struct arena *arena_new(void)
{
	struct arena *arena = allocate_or_exit(sizeof(*arena));

	arena->next_block_bytes = ARENA_BLOCK_FIRST;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (arena == NULL) {
		return;
	}
	for (struct block *block = arena->blocks; block != NULL;) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
	free(arena);
}

static void add_block(struct arena *arena, size_t bytes)
{
	size_t room = bytes > arena->next_block_bytes ? bytes : arena->next_block_bytes;
	struct block *block = allocate_or_exit(sizeof(*block) + room);

	block->bytes = room;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used = 0;
	if (arena->next_block_bytes < ARENA_BLOCK_LAST) {
		arena->next_block_bytes *= 2;
	}
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	if (bytes > SIZE_MAX / 2) {
		fputs("topo: out of memory\n", stderr);
		exit(3);
	}
	size_t room = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	if (arena->blocks == NULL || arena->blocks->bytes - arena->used < room) {
		add_block(arena, room);
	}
	void *memory = arena->blocks->data + arena->used;

	arena->used += room;
	return memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t bytes)
{
	char *copy = arena_alloc(arena, bytes + 1);

	if (bytes != 0) {
		memcpy(copy, text, bytes);
	}
	return copy;
}

/* Where the text belongs, if there is room: most are short, and are printed once then. */
char *arena_printf(struct arena *arena, const char *format, ...)
{
	size_t room = arena->blocks == NULL ? 0 : arena->blocks->bytes - arena->used;
	char *text = room == 0 ? NULL : (char *)arena->blocks->data + arena->used;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, room, format, arguments);
	va_end(arguments);
	if (length < 0) {
		return arena_alloc(arena, 1);
	}
	if ((size_t)length < room) {
		return arena_alloc(arena, (size_t)length + 1);
	}
	/* What was printed of it stays behind in a block that nothing more is taken from. */
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

/* An array of count elements has room for the next power of two, and for no less than two. */
static size_t array_room(size_t count)
{
	size_t room = 2;

	while (room < count) {
		room *= 2;
	}
	return room;
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t bytes)
{
	size_t room = array_room(count);

	if (count != 0 && count < room) {
		return array;
	}
	void *grown = arena_alloc(arena, array_room(count + 1) * bytes);

	if (count != 0) {
		memcpy(grown, array, count * bytes);
	}
	return grown;
}
