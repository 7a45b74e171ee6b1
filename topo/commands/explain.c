/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo explain: the complete topology behind a short one.
 */
#include "topo/export/explain.h"

#include <stdio.h>

#include "topo/base/share.h"
#include "topo/commands/commands.h"
#include "topo/export/attribute_list.h"
#include "topo/export/model_json.h"
#include "topo/image/addresses.h"

struct explain_options {
	struct load_options load;
	bool json;
	bool list;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "json", NULL, struct explain_options, json,
               "print the resolved model for a program to read"),
	OPTION('\0', "list", NULL, struct explain_options, list,
               "print the attributes of a VM: values, meaning, default"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo explain [OPTION]... [FILE]\n"
		 "       topo explain --list [--json]",
	.about = "Print the topology FILE with every default spelled out. What is printed is a "
		 "topology too, and stands for the same system.",
	.rows = option_rows,
	.end = "Exit status: 0 success, 1 the topology has errors, 2 wrong usage, 3 FILE cannot "
	       "be read.",
};

static int explain(const struct loaded *loaded)
{
	const struct explain_options *options = loaded->options;

	addresses_fill(loaded->model, share_directory());
	if (options->json) {
		model_print_json(loaded->model, stdout);
	} else {
		explain_model(loaded->model, stdout);
	}
	return EXIT_OK;
}

int command_explain(const struct command_line *cl)
{
	struct explain_options options = {.load = {.analysis = true}};
	const int code = command_options(cl, &syntax, &options, &options.load);

	if (code >= 0) {
		return code;
	}
	if (options.list) {
		attribute_list_print(stdout, options.json);
		command_load_done(&options.load);
		return EXIT_OK;
	}
	return command_load_and(cl, &options.load, explain, &options);
}
