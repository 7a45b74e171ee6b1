/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that were read: text, name as people see it, and how it came in. A file is read once
 * and kept until the set is freed, so that messages can show its lines. Only regular files of at
 * most SOURCE_BYTES_MAX are read, and streams of as much, SOURCES_BYTES_MAX all together.
 */
#ifndef TOPO_DIAG_SOURCE_H
#define TOPO_DIAG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/diag/place.h"

#define SOURCE_BYTES_MAX ((size_t)16 << 20)
#define SOURCES_BYTES_MAX ((size_t)64 << 20)

struct source {
	const char *path;      /* as it was found: what messages show */
	const char *directory; /* of path, "." if it has none */
	const char *text;      /* NUL-terminated behind its bytes */
	size_t bytes;
	bool shipped;          /* one of topo's own: not the user's text */
	struct place included; /* the #include or import that brought it in; file NULL = none */
	size_t number;         /* in the order of reading, for sorting messages */
};

/* The name of what the command line defines. */
#define SOURCE_COMMAND_LINE "<command line>"

struct source_set;

struct source_set *source_set_new(void);
void source_set_free(struct source_set *set);

/**
 * Read the file @path, or find it again: the same path gives the same source.
 * Returns NULL with *why saying why not (a string that lives for ever).
 */
const struct source *source_read(struct source_set *set, const char *path, bool shipped,
                                 struct place included, const char **why);

/**
 * Read all of the open file @fd, which has no name of its own, under the name @path.
 * Returns NULL with *why saying why not.
 */
const struct source *source_read_stream(struct source_set *set, const char *path, int fd,
                                        const char **why);

/**
 * Read @path, which a user has named: like source_read(), and a pipe like a stream, which may wait
 * for its writer. What a file names by #include is no pipe. Returns NULL with *why saying why not.
 */
const struct source *source_read_given(struct source_set *set, const char *path, const char **why);

/**
 * Whether @source can be a text: it holds no zero byte, and its beginning is not full of control
 * characters and bytes that are no UTF-8. Else *at is the first byte that says so.
 */
bool source_is_text(const struct source *source, size_t *at);

/** Whether the file of @device and @inode is one of the set, under whatever name. */
bool source_was_read(const struct source_set *set, uint64_t device, uint64_t inode);

/** Add a text that is no file (a macro of the command line, a test) under the name @path. */
const struct source *source_add_text(struct source_set *set, const char *path, const char *text,
                                     size_t bytes);

/** The source that was read as number @index, from 0; NULL: there are no more. */
const struct source *source_at(const struct source_set *set, size_t index);

/** Line @line (from 1) of @source: where it starts, and its bytes without the newline. */
const char *source_line(struct source_set *set, const struct source *source, uint32_t line,
                        size_t *bytes);

#endif
