/* SPDX-License-Identifier: BSD-2-Clause */
/* Assertions as a command line gives them: one as an option's argument, or a file of them. */
#ifndef TOPO_COMMANDS_ASSERTIONS_H
#define TOPO_COMMANDS_ASSERTIONS_H

#include <stddef.h>

#include "topo/report/assert.h"

/* One expression, and where it was written. */
struct asserted {
	const char *text;
	const char *file; /* NULL = on the command line */
	size_t line;      /* of the file, from 1 */
};

/* All that were given, in their order; zeroes are none. */
struct asserted_list {
	struct asserted *entries;
	size_t count;
	size_t room;
	char **texts; /* what was read of each file */
	size_t text_count;
};

/** Add @text, an argument. Returns EXIT_OK, or EXIT_SYSTEM after a message. */
int asserted_add(struct asserted_list *list, const char *text);

/**
 * Add each line of the file @path but those that are empty or begin with #. Returns EXIT_OK, or after a
 * message EXIT_SYSTEM when it cannot be read, EXIT_USAGE when it is no such file.
 */
int asserted_add_file(struct asserted_list *list, const char *path);

/** Say that @asserted is no expression, with a caret below what is wrong. */
void asserted_print_error(const struct asserted *asserted, const struct assertion_error *error);

void asserted_free(struct asserted_list *list);

#endif
