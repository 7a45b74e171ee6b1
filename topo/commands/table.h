/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of topo, by name: one table, which main.c calls from and `topo help` tells of.
 */
#ifndef TOPO_COMMANDS_TABLE_H
#define TOPO_COMMANDS_TABLE_H

#include <stddef.h>

#include "topo/commands/commands.h"

struct command {
	const char *name;
	int (*run)(const struct command_line *cl);
	const char *summary;
};

/** The command at place @index of the table; NULL: there are no more. */
const struct command *command_at(size_t index);

/** The command called @name, or that it is another word for; NULL: none. */
const struct command *command_find(const char *name);

/** Call @command by @cl, whose wrong_usage this sets, and end it. Returns the exit status. */
int command_call(const struct command *command, struct command_line cl);

/** Print the help of topo itself. */
void command_print_all(FILE *out);

#endif
