/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that commands write. A regular file is replaced in one step by a complete one; anything
 * else (a device, a pipe) is never replaced, but written as it is. Symbolic links stay, and what
 * they point to is written.
 */
#ifndef TOPO_BASE_OUTPUT_H
#define TOPO_BASE_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

/**
 * Make @path hold the @bytes at @data and nothing else. On an error, and when a signal comes, an
 * older regular file is as it was and nothing new lies beside it; only where the directory of a
 * file cannot be changed is the file itself written.
 * Returns 0, or an errno.
 */
int output_write(const char *path, const void *data, size_t bytes);

/* A text on its way: to standard output, or to a file when it is complete. */
struct output {
	FILE *to;         /* for the caller to print to */
	const char *path; /* NULL = standard output */
	char *text;
	size_t bytes;
};

/** Begin a text for @path, or for standard output if it is NULL. Ends the process without memory. */
void output_begin(struct output *output, const char *path);

/**
 * End the text. Errors of standard output show when the program ends, see main.c.
 * Returns 0, or an errno.
 */
int output_end(struct output *output);

#endif
