/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all commands share: the options of reading a topology, and complaints about usage.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/commands/commands.h"

void command_load_init(struct load_options *options)
{
	*options = (struct load_options){.board = NULL};
}

void command_load_done(struct load_options *options)
{
	for (size_t i = 0; i < options->checks_off_count; i++) {
		free((void *)(uintptr_t)options->checks_off[i]);
	}
	free(options->defines);
	free(options->include_dirs);
	free(options->checks_off);
	command_load_init(options);
}

static void append(const char ***array, size_t *count, const char *text)
{
	const char **grown = realloc(*array, (*count + 1) * sizeof(*grown));

	if (grown == NULL) {
		fputs("topo: out of memory\n", stderr);
		exit(EXIT_SYSTEM);
	}
	grown[(*count)++] = text;
	*array = grown;
}

/* NAME or NAME=VALUE: a name, and one line. */
static int take_define(struct load_options *options, const char *argument)
{
	size_t name = 0;

	while (isalnum((unsigned char)argument[name]) || argument[name] == '_') {
		name++;
	}
	if (name == 0 || isdigit((unsigned char)argument[0]) ||
	    (argument[name] != '\0' && argument[name] != '=') || strchr(argument, '\n') != NULL) {
		fprintf(stderr, "topo: -D takes NAME or NAME=VALUE, not '%s'\n", argument);
		return -1;
	}
	append(&options->defines, &options->define_count, argument);
	return 1;
}

static int take_cpus(struct load_options *options, const char *argument)
{
	char *end = NULL;
	unsigned long count = strtoul(argument, &end, 10);

	if (end == argument || *end != '\0' || argument[0] == '-' || count == 0 || count > 4096) {
		fprintf(stderr, "topo: --cpus takes a number of CPUs, not '%s'\n", argument);
		return -1;
	}
	options->cpu_count = (uint32_t)count;
	return 1;
}

/* Names of checks, with commas between. */
static int take_off(struct load_options *options, const char *argument)
{
	while (*argument != '\0') {
		size_t bytes = strcspn(argument, ",");

		if (bytes != 0) {
			char *name = strndup(argument, bytes);

			if (name == NULL) {
				fputs("topo: out of memory\n", stderr);
				exit(EXIT_SYSTEM);
			}
			append(&options->checks_off, &options->checks_off_count, name);
		}
		argument += bytes + (argument[bytes] == ',' ? 1 : 0);
	}
	return 1;
}

int command_load_option(struct load_options *options, int option, const char *argument)
{
	switch (option) {
	case 'D':
		return take_define(options, argument);
	case 'I':
		append(&options->include_dirs, &options->include_dir_count, argument);
		return 1;
	case OPTION_BOARD:
		options->board = argument;
		return 1;
	case OPTION_CPUS:
		return take_cpus(options, argument);
	case OPTION_OFF:
		return take_off(options, argument);
	case OPTION_NO_ADVICE:
		options->advice = false;
		return 1;
	default:
		return 0;
	}
}

int command_usage_error(const struct command_line *cl, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "topo %s: ", cl->argv[0]);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry '%s %s --help'.\n", cl->program, cl->argv[0]);
	return EXIT_USAGE;
}
