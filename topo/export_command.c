/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo export: a topology for other programs and other systems.
 */
#include <stdio.h>
#include <string.h>

#include "topo/commands.h"
#include "topo/model_json.h"

static const char help[] =
	"Usage: topo export [OPTION]... FILE\n"
	"Print the topology FILE for other programs.\n"
	"\n"
	"  -f, --format json    the whole resolved model as JSON (docs/export.schema.json)\n"
	"  -h, --help           print this\n"
	"\n" COMMAND_LOAD_HELP "\n"
	"Exit status: 0 success, 1 the topology has errors, 2 wrong usage.\n";

static const struct option long_options[] = {
	COMMAND_LOAD_LONG,
	{"format", required_argument, NULL, 'f'},
	{"help",   no_argument,       NULL, 'h'},
	{NULL,     0,                 NULL, 0  },
};

struct export_options {
	struct load_options load;
	bool help;
};

/* Returns EXIT_OK, or why not, after a message. */
static int parse(const struct command_line *cl, struct export_options *options)
{
	int option;

	while ((option = getopt_long(cl->argc, cl->argv, COMMAND_LOAD_SHORT "f:h", long_options,
	                             NULL)) != -1) {
		int taken = command_load_option(&options->load, option, optarg);

		if (taken < 0) {
			return EXIT_USAGE;
		}
		if (option == 'f') {
			if (strcmp(optarg, "json") != 0) {
				return command_usage_error(cl, "no format is called '%s'", optarg);
			}
		} else if (option == 'h') {
			options->help = true;
		} else if (taken == 0) {
			return command_usage_error(cl, "unknown option");
		}
	}
	return EXIT_OK;
}

static int export_file(const char *path, const struct export_options *options)
{
	struct diag *diag = diag_new();
	struct model *model = model_load(path, &options->load, diag);
	int code = model == NULL ? EXIT_NO : EXIT_OK;

	diag_flush(diag, stderr);
	if (model != NULL) {
		model_print_json(model, stdout);
	}
	model_free(model);
	diag_free(diag);
	return code;
}

int command_export(const struct command_line *cl)
{
	struct export_options options = {.help = false};

	command_load_init(&options.load);
	int code = parse(cl, &options);

	if (code == EXIT_OK) {
		if (options.help) {
			fputs(help, stdout);
		} else if (cl->argc - optind != 1) {
			code = command_usage_error(cl, "one FILE is needed");
		} else {
			code = export_file(cl->argv[optind], &options);
		}
	}
	command_load_done(&options.load);
	return code;
}
