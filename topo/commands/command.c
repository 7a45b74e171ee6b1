/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all commands that read a topology share: the options of reading it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/suggest.h"
#include "topo/checks/checks.h"
#include "topo/commands/commands.h"
#include "topo/model/board.h"

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
		say(stderr, "topo: -D takes NAME or NAME=VALUE, not '%s'\n", argument);
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
		say(stderr, "topo: --cpus takes a number of CPUs, not '%s'\n", argument);
		return -1;
	}
	options->cpu_count = (uint32_t)count;
	return 1;
}

static int take_board(struct load_options *options, const char *argument)
{
	struct suggest suggest = suggest_start(argument);

	options->board = argument;
	if (board_find(argument) != NULL) {
		return 1;
	}
	for (size_t i = 0; board_at(i) != NULL; i++) {
		suggest_consider(&suggest, board_at(i)->name);
	}
	say(stderr, "topo: no board is called '%s'", argument);
	if (suggest.best != NULL) {
		say(stderr, "; did you mean '%s'?", suggest.best);
	}
	fputs("\nThere are:\n", stderr);
	for (size_t i = 0; board_at(i) != NULL; i++) {
		say(stderr, "  %-10s %s\n", board_at(i)->name, board_at(i)->title);
	}
	return -1;
}

const char *command_suggest_check(const char *name)
{
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; checks_at(i) != NULL; i++) {
		suggest_consider(&suggest, checks_at(i)->name);
	}
	return suggest.best;
}

static bool known_check(const char *name)
{
	const char *near = command_suggest_check(name);

	if (checks_find(name) != NULL) {
		return true;
	}
	say(stderr, "topo: no check is called '%s'", name);
	if (near != NULL) {
		say(stderr, "; did you mean '%s'?", near);
	}
	fputs("\n`topo check --list` shows all of them.\n", stderr);
	return false;
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
			if (!known_check(name)) {
				return -1;
			}
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
		return take_board(options, argument);
	case OPTION_CPUS:
		return take_cpus(options, argument);
	case OPTION_OFF:
		return take_off(options, argument);
	case OPTION_WITHOUT_HARDWARE:
		options->without_hardware = true;
		return 1;
	case OPTION_NO_ADVICE:
		options->advice = false;
		return 1;
	default:
		return 0;
	}
}

int command_load_failed(const struct diag *diag)
{
	return diag_refused(diag) ? EXIT_SYSTEM : EXIT_NO;
}

int command_output_end(struct output *output)
{
	const char *path = output->path;
	const int error = output_end(output);

	if (error != 0) {
		say(stderr, "topo: cannot write '%s': %s\n", path, strerror(error));
	}
	return error != 0 ? EXIT_SYSTEM : EXIT_OK;
}
