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

static const char help[] =
	"Usage: topo explain [OPTION]... FILE\n"
	"       topo explain --list [--json]\n"
	"Print the topology FILE with every default spelled out. What is printed is a topology\n"
	"too, and stands for the same system.\n"
	"\n"
	"      --json            print the resolved model for a program to read\n"
	"      --list            print the attributes of a VM: values, meaning, default\n"
	"  -h, --help            print this\n"
	"\n" COMMAND_LOAD_HELP "\n"
	"Exit status: 0 success, 1 the topology has errors, 2 wrong usage, 3 FILE cannot\n"
	"be read.\n";

enum { EXPLAIN_JSON = OPTION_OWN, EXPLAIN_LIST };

static const struct option long_options[] = {
	COMMAND_LOAD_LONG,
	{"json", no_argument, NULL, EXPLAIN_JSON},
	{"list", no_argument, NULL, EXPLAIN_LIST},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct explain_options {
	struct load_options load;
	bool json;
	bool list;
	bool help;
};

/* Returns EXIT_OK, or why not, after a message. */
static int parse(const struct command_line *cl, struct explain_options *options)
{
	int option;

	while ((option = command_next_option(cl, COMMAND_LOAD_SHORT "h", long_options)) != -1) {
		int taken = command_load_option(&options->load, option, optarg);

		if (taken < 0) {
			return EXIT_USAGE;
		}
		if (option == EXPLAIN_JSON) {
			options->json = true;
		} else if (option == EXPLAIN_LIST) {
			options->list = true;
		} else if (option == 'h') {
			options->help = true;
		} else if (taken == 0) {
			return EXIT_USAGE;
		}
	}
	return EXIT_OK;
}

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
	struct explain_options options = {.json = false};

	command_load_init(&options.load);
	options.load.analysis = true;
	int code = parse(cl, &options);

	if (code == EXIT_OK) {
		if (options.help) {
			fputs(help, stdout);
		} else if (options.list) {
			attribute_list_print(stdout, options.json);
		} else if (cl->argc - optind != 1) {
			code = command_usage_error(cl, "one FILE is needed");
		} else {
			code = command_load_and(cl->argv[optind], &options.load, explain, &options);
		}
	}
	command_load_done(&options.load);
	return code;
}
