/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of a command, read by the rows of its options. getopt_long finds that an option
 * is wrong; what it says of it is said here, once, with what was meant.
 */
#include "topo/commands/option.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/suggest.h"
#include "topo/commands/commands.h"
#include "topo/commands/packages.h"
#include "topo/runner/seconds.h"

#define ROWS_MAX 32U

/* What getopt_long returns for a row's long name: this and the row's index. */
#define LONG_FIRST 256

struct reader {
	const struct command_line *cl;
	size_t count;
	const struct option_row *rows[ROWS_MAX];
	void *objects[ROWS_MAX]; /* whose members the rows set */
	struct option longs[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 3];
};

static const struct option_row help_rows[] = {
	{.letter = 'h', .name = "help", .help = "print this", .kind = OPTION_HELP},
	OPTION_END,
};

int command_usage_error(const struct command_line *cl, const char *format, ...)
{
	va_list arguments;

	say(stderr, "topo %s: ", cl->argv[0]);
	va_start(arguments, format);
	say_values(stderr, format, arguments);
	va_end(arguments);
	say(stderr, "\nTry '%s %s --help'.\n", cl->program, cl->argv[0]);
	return cl->wrong_usage;
}

static void add_rows(struct reader *reader, const struct option_row *rows, void *object)
{
	for (; rows->name != NULL; rows++) {
		const size_t at = reader->count++;
		const bool takes = rows->argument != NULL;

		if (at == ROWS_MAX) {
			abort();
		}
		reader->rows[at] = rows;
		reader->objects[at] = object;
		reader->longs[at] =
			(struct option){.name = rows->name,
		                        .has_arg = takes ? required_argument : no_argument,
		                        .val = LONG_FIRST + (int)at};
		if (rows->letter != '\0') {
			char *end = reader->letters + strlen(reader->letters);

			*end++ = rows->letter;
			*end++ = takes ? ':' : '\0';
			*end = '\0';
		}
	}
}

/* Why getopt_long refused the long option @word. */
static void refuse_long(const struct reader *reader, const char *word)
{
	const struct command_line *cl = reader->cl;
	const char *name = word + 2;
	int bytes = (int)strcspn(name, "=");
	size_t begun = 0;
	bool exact = false;
	char wrong[64];

	snprintf(wrong, sizeof(wrong), "%.*s", bytes, name);
	struct suggest suggest = suggest_start(wrong);

	for (size_t i = 0; i < reader->count; i++) {
		const char *known = reader->rows[i]->name;

		begun += strncmp(known, name, (size_t)bytes) == 0 ? 1 : 0;
		exact = exact || strcmp(known, wrong) == 0;
		suggest_consider(&suggest, known);
	}
	if (exact || begun == 1) {
		command_usage_error(cl, "option '--%.*s' takes no argument", bytes, name);
	} else if (begun > 1) {
		command_usage_error(cl, "option '--%.*s' could be several", bytes, name);
	} else if (suggest.best != NULL) {
		command_usage_error(cl, "there is no option '--%.*s'; did you mean '--%s'?", bytes,
		                    name, suggest.best);
	} else {
		command_usage_error(cl, "there is no option '--%.*s'", bytes, name);
	}
}

/* The index of the next option's row; @count: there is no more; -1: it was wrong, reported. */
static int next_row(const struct reader *reader)
{
	const struct command_line *cl = reader->cl;
	const int option = getopt_long(cl->argc, cl->argv, reader->letters, reader->longs, NULL);

	if (option == ':') {
		command_usage_error(cl, "option '%s' needs an argument", cl->argv[optind - 1]);
		return -1;
	}
	if (option == '?' && optopt > 0 && optopt < LONG_FIRST) {
		command_usage_error(cl, "there is no option '-%c'", optopt);
		return -1;
	}
	if (option == '?') {
		refuse_long(reader, cl->argv[optind - 1]);
		return -1;
	}
	if (option >= LONG_FIRST) {
		return option - LONG_FIRST;
	}
	size_t row = 0;

	while (row < reader->count && reader->rows[row]->letter != option) {
		row++;
	}
	return (int)row;
}

bool option_is_word(const char *word, const char *words)
{
	const size_t bytes = strlen(word);
	const char *bar;

	while (strncmp(words, word, bytes) != 0 || strcspn(words, "|") != bytes) {
		bar = strchr(words, '|');
		if (bar == NULL) {
			return false;
		}
		words = bar + 1;
	}
	return true;
}

/* @word is none of the words that @row takes. */
static int refuse_word(const struct reader *reader, const struct option_row *row, const char *word)
{
	char words[64];
	char listed[128] = "";
	char *rest = words;
	size_t used = 0;
	struct suggest suggest = suggest_start(word);

	snprintf(words, sizeof(words), "%s", row->argument);
	while (rest != NULL) {
		const char *next = strsep(&rest, "|");
		const bool last = rest == NULL;

		suggest_consider(&suggest, next);
		used += (size_t)snprintf(listed + used, sizeof(listed) - used, "%s%s",
		                         used == 0 ? ""
		                         : last    ? " or "
		                                   : ", ",
		                         next);
	}
	return suggest.best == NULL
	               ? command_usage_error(reader->cl, "--%s takes %s, not '%s'", row->name,
	                                     listed, word)
	               : command_usage_error(reader->cl,
	                                     "--%s takes %s, not '%s'; did you mean '%s'?",
	                                     row->name, listed, word, suggest.best);
}

/* Set what the row @at says. Returns EXIT_OK, or the exit status. */
static int take(const struct reader *reader, size_t at)
{
	const struct option_row *row = reader->rows[at];
	uint8_t *member = (uint8_t *)reader->objects[at] + row->offset;

	if (row->kind == OPTION_CALL) {
		return row->take(reader->cl, reader->objects[at], optarg);
	}
	if (row->kind == OPTION_FLAG) {
		*(bool *)member = true;
		return EXIT_OK;
	}
	if (row->kind == OPTION_TIME) {
		const uint32_t limit_ms = seconds_parse(optarg);

		*(uint32_t *)(void *)member = limit_ms;
		return limit_ms != 0
		               ? EXIT_OK
		               : command_usage_error(reader->cl, "'%s' is no time limit in seconds",
		                                     optarg);
	}
	*(const char **)(void *)member = optarg;
	return strchr(row->argument, '|') == NULL || option_is_word(optarg, row->argument)
	               ? EXIT_OK
	               : refuse_word(reader, row, optarg);
}

int command_options(const struct command_line *cl, const struct command_syntax *syntax,
                    void *options, struct load_options *load)
{
	struct reader reader = {.cl = cl};
	char *operand = NULL; /* the first one, where options may follow it, but not the second */
	int row = 0;
	int code = EXIT_OK;

	/* The colon makes getopt say which of its two complaints it has, the plus stop at an operand. */
	snprintf(reader.letters, sizeof(reader.letters), "%s", syntax->runs ? "+:" : ":");
	opterr = 0;
	optind = 0; /* of another command line: the first of the letters is looked at anew */
	if (load != NULL) {
		load->find_packages = packages_root;
	}
	add_rows(&reader, syntax->rows, options);
	add_rows(&reader, help_rows, options); /* of which --help sets nothing */
	const size_t own = reader.count;

	if (load != NULL) {
		add_rows(&reader, command_load_rows, load);
	}
	while (code == EXIT_OK && (row = next_row(&reader)) >= 0) {
		if ((size_t)row == reader.count && syntax->runs && operand == NULL &&
		    optind < cl->argc) {
			operand = cl->argv[optind++];
			continue;
		}
		if ((size_t)row == reader.count) {
			break;
		}
		if (reader.rows[row]->kind == OPTION_HELP) {
			option_print_help(syntax, reader.rows, own, reader.count);
			break;
		}
		code = take(&reader, (size_t)row);
	}
	if (row == (int)reader.count && code == EXIT_OK) {
		if (operand != NULL) {
			cl->argv[--optind] = operand;
		}
		return -1;
	}
	if (load != NULL) {
		command_load_done(load);
	}
	return row < 0 ? cl->wrong_usage : code;
}

int command_one_system(const struct command_line *cl, const char **name)
{
	const int operands = cl->argc - optind;

	if (operands + (*name != NULL ? 1 : 0) > 1) {
		return command_usage_error(cl, "one system at a time");
	}
	*name = operands == 1 ? cl->argv[optind] : *name;
	return EXIT_OK;
}
