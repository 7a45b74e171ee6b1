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

void command_load_done(struct load_options *options)
{
	for (size_t i = 0; i < options->checks_off_count; i++) {
		free((void *)(uintptr_t)options->checks_off[i]);
	}
	free(options->defines);
	free(options->include_dirs);
	free(options->checks_off);
	*options = (struct load_options){.board = NULL};
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
static int take_define(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;
	size_t name = 0;

	while (isalnum((unsigned char)argument[name]) || argument[name] == '_') {
		name++;
	}
	if (name == 0 || isdigit((unsigned char)argument[0]) ||
	    (argument[name] != '\0' && argument[name] != '=') || strchr(argument, '\n') != NULL) {
		return command_usage_error(cl, "-D takes NAME or NAME=VALUE, not '%s'", argument);
	}
	append(&load->defines, &load->define_count, argument);
	return EXIT_OK;
}

static int take_include(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;

	(void)cl;
	append(&load->include_dirs, &load->include_dir_count, argument);
	return EXIT_OK;
}

static int take_cpus(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;
	char *end = NULL;
	unsigned long count = strtoul(argument, &end, 10);

	if (end == argument || *end != '\0' || argument[0] == '-' || count == 0 || count > 4096) {
		return command_usage_error(cl, "--cpus takes a number of CPUs, not '%s'", argument);
	}
	load->cpu_count = (uint32_t)count;
	return EXIT_OK;
}

static int take_board(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;
	struct suggest suggest = suggest_start(argument);

	load->board = argument;
	if (board_find(argument) != NULL) {
		return EXIT_OK;
	}
	for (size_t i = 0; board_at(i) != NULL; i++) {
		suggest_consider(&suggest, board_at(i)->name);
	}
	say(stderr, "topo %s: no board is called '%s'", cl->argv[0], argument);
	if (suggest.best != NULL) {
		say(stderr, "; did you mean '%s'?", suggest.best);
	}
	fputs("\nThere are:\n", stderr);
	for (size_t i = 0; board_at(i) != NULL; i++) {
		say(stderr, "  %-12s %s\n", board_at(i)->name, board_at(i)->title);
	}
	return cl->wrong_usage;
}

int command_refuse_check(const struct command_line *cl, const char *name)
{
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; checks_at(i) != NULL; i++) {
		suggest_consider(&suggest, checks_at(i)->name);
	}
	return suggest.best != NULL
	               ? command_usage_error(cl, "no check is called '%s'; did you mean '%s'?",
	                                     name, suggest.best)
	               : command_usage_error(
				 cl, "no check is called '%s'; `topo check --list` shows all",
				 name);
}

/* Names of checks, with commas between. */
static int take_off(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;

	while (*argument != '\0') {
		size_t bytes = strcspn(argument, ",");

		if (bytes != 0) {
			char *name = strndup(argument, bytes);

			if (name == NULL) {
				fputs("topo: out of memory\n", stderr);
				exit(EXIT_SYSTEM);
			}
			append(&load->checks_off, &load->checks_off_count, name);
			if (checks_find(name) == NULL) {
				return command_refuse_check(cl, name);
			}
		}
		argument += bytes + (argument[bytes] == ',' ? 1 : 0);
	}
	return EXIT_OK;
}

static int take_no_advice(const struct command_line *cl, void *options, const char *argument)
{
	struct load_options *load = options;

	(void)cl;
	(void)argument;
	load->advice = false;
	return EXIT_OK;
}

const struct option_row command_load_rows[] = {
	OPTION_BY(take_define, 'D', "define", "NAME[=VALUE]",
                  "define a preprocessor macro (VMSWIOTLB is 1 unless given)"),
	OPTION_BY(take_include, 'I', "include", "DIR", "look for #include and import here first"),
	OPTION_BY(take_board, '\0', "board", "NAME",
                  "the board: qemu-virt-v3 (default), qemu-virt or rpi4"),
	OPTION_BY(take_cpus, '\0', "cpus", "N", "physical CPUs to use"),
	OPTION('\0', "without-hardware", NULL, struct load_options, without_hardware,
               "leave out physical devices, with a warning for each"),
	OPTION_BY(take_off, '\0', "off", "CHECK[,CHECK…]",
                  "switch checks off by name (topo check --list)"),
	OPTION_BY(take_no_advice, '\0', "no-advice", NULL, "no advice, only errors and warnings"),
	OPTION_END,
};

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
