/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo graph: the drawing of a topology. Graphviz' program `dot` turns it into a picture. Nothing
 * is written before the picture is complete, so a failure leaves an older one as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/draw/draw.h"

#define FORMATS "svg|png|pdf|dot"

struct graph_options {
	struct load_options load;
	const char *format;
	const char *output;
};

static const struct option_row option_rows[] = {
	OPTION('f', "format", FORMATS, struct graph_options, format,
               "what to write: SVG (default), PNG, PDF, or the text that Graphviz draws from"),
	OPTION('o', "output", "PATH", struct graph_options, output,
               "write to PATH; a known ending of PATH names the format"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo graph [OPTION]... [FILE]",
	.about =
		"Draw the topology FILE: VMs with their roles and hardware, and what joins them. A dashed "
		"red frame is hardware that reaches all memory, since the board cannot confine its "
		"DMA; a red arrow gives the device VM all RAM of the driver VM. Devices whose MSIs are "
		"forgeable can raise each other's, since the board cannot tell who wrote one.",
	.rows = option_rows,
	.end = "Exit status: 0 success, 1 the topology has errors, 2 wrong usage, 3 a file "
	       "cannot be read or written, or Graphviz failed.",
};

extern char **environ;

/* What was asked for, else what the output's name says, else SVG. */
static const char *format_of(const struct graph_options *options)
{
	const char *dot = options->output == NULL ? NULL : strrchr(options->output, '.');
	const bool named = dot != NULL && option_is_word(dot + 1, FORMATS);

	return options->format != NULL ? options->format : named ? dot + 1 : "svg";
}

static int fail(const char *what, int error)
{
	say(stderr, "topo graph: %s: %s\n", what, strerror(error));
	return EXIT_SYSTEM;
}

/* Run `dot` from the text in @in to the picture in @out. */
static int draw(const char *format, FILE *in, FILE *out)
{
	char option[8];
	char program[] = "dot";
	char *arguments[] = {program, option, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int status = 0;

	snprintf(option, sizeof(option), "-T%s", format);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
	int error = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);

	posix_spawn_file_actions_destroy(&actions);
	if (error == ENOENT) {
		fputs("topo graph: the program `dot` is not there: install the package graphviz, "
		      "or ask for the\ntext of the drawing by --format dot\n",
		      stderr);
		return EXIT_SYSTEM;
	}
	if (error != 0) {
		return fail("cannot start `dot`", error);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return fail("`dot`", errno);
		}
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fputs("topo graph: `dot` failed\n", stderr);
		return EXIT_SYSTEM;
	}
	return EXIT_OK;
}

/* All of @from, read anew, to the output. */
static int deliver(FILE *from, const char *path)
{
	struct output output;
	char block[8192];
	size_t bytes;

	output_begin(&output, path);
	rewind(from);
	while ((bytes = fread(block, 1, sizeof(block), from)) != 0) {
		fwrite(block, 1, bytes, output.to);
	}
	return command_output_end(&output);
}

static int draw_model(const struct model *model, const struct graph_options *options)
{
	const char *format = format_of(options);
	FILE *text = tmpfile();
	FILE *picture = tmpfile();
	int code = EXIT_OK;

	if (text == NULL || picture == NULL) {
		code = fail("no temporary file", errno);
	} else {
		const bool drawn = strcmp(format, "dot") != 0;

		draw_print(model, text);
		if (fflush(text) != 0 || ferror(text) != 0) {
			code = fail("temporary file", errno);
		} else if (drawn) {
			rewind(text);
			code = draw(format, text, picture);
		}
		if (code == EXIT_OK) {
			code = deliver(drawn ? picture : text, options->output);
		}
	}
	if (text != NULL) {
		fclose(text);
	}
	if (picture != NULL) {
		fclose(picture);
	}
	return code;
}

static int graph(const struct loaded *loaded)
{
	const struct graph_options *options = loaded->options;
	const int spared = command_spare_inputs(loaded->model, loaded->diag, options->output);

	return spared == EXIT_OK ? draw_model(loaded->model, options) : spared;
}

int command_graph(const struct command_line *cl)
{
	struct graph_options options = {.load = {.analysis = true}};
	const int code = command_options(cl, &syntax, &options, &options.load);

	return code >= 0 ? code : command_load_and(cl, &options.load, graph, &options);
}
