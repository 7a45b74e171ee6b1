/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a command, each a row of one table: how it is written, what it takes, which member
 * of the command's own options that sets, and what --help says of it. The rows are read by
 * command_options and printed by option_print_help; completion and the tests of the man page ask
 * --help.
 */
#ifndef TOPO_COMMANDS_OPTION_H
#define TOPO_COMMANDS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_line;

enum option_kind {
	OPTION_FLAG, /* bool: it was given */
	OPTION_TEXT, /* const char *: its argument */
	OPTION_TIME, /* uint32_t: its argument, seconds, in ms */
	OPTION_CALL,
	OPTION_HELP,
};

/** Take @argument (NULL: none belongs to it) into @options. Returns EXIT_OK, or the exit status after a
 * message. */
typedef int option_take(const struct command_line *cl, void *options, const char *argument);

struct option_row {
	char letter; /* '\0' = none */
	const char *name;
	const char *argument; /* as --help calls it; NULL = none; "a|b|c": one of these words */
	const char *help;     /* lines are broken where they must; '\n' breaks one besides */
	enum option_kind kind;
	size_t offset;     /* of the member */
	option_take *take; /* for OPTION_CALL */
};

/* A row whose argument goes to @member of struct @type; the type of that says what is taken. */
#define OPTION(letter, name, argument, type, member, help)                                                  \
	{                                                                                                   \
		letter,                                                                                   \
	 name,                                                                                     \
	 argument,                                                                                 \
	 help,                                                                                     \
	 _Generic(((type *)NULL)->member,                                                          \
	          bool: OPTION_FLAG,                                                               \
	          const char *: OPTION_TEXT,                                                       \
	          uint32_t: OPTION_TIME),                                                          \
	 offsetof(type, member),                                                                   \
	 NULL \
	}

/* A row whose argument is taken by the option_take @take. */
#define OPTION_BY(take, letter, name, argument, help)                                              \
	{                                                                                          \
		letter, name, argument, help, OPTION_CALL, 0, take                                 \
	}

/* What several commands have. */
#define OPTION_SYSTEM(type, member)                                                                \
	OPTION('n', "name", "NAME", type, member,                                                  \
	       "of the system called NAME; needed when several run")

#define OPTION_END                                                                                 \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* A command line as --help shows it. */
struct command_syntax {
	const char *usage; /* "Usage: …" */
	const char *about; /* what the command does */
	const struct option_row *rows;
	const char *end; /* what follows the options: the exit status */
	/* The second operand is another program's name: what follows it is that program's. */
	bool runs;
};

/** Is @word one of @words, which have | between them? */
bool option_is_word(const char *word, const char *words);

/**
 * Print the help of @syntax: @count @rows, of which the first @own are the command's, the others
 * those of reading a topology.
 */
void option_print_help(const struct command_syntax *syntax, const struct option_row *const *rows,
                       size_t own, size_t count);

#endif
