/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo report: the security analysis of a topology.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "topo/commands.h"
#include "topo/report.h"

static const char help[] =
	"Usage: topo report [OPTION]... FILE\n"
	"What an attacker who takes over VMs of the topology FILE gets, and what he has to take\n"
	"over for it. docs/report.md defines every answer.\n"
	"\n"
	"  -o, --output FILE     write to FILE instead of standard output\n"
	"  -h, --help            print this\n"
	"\n" COMMAND_LOAD_HELP "\n"
	"Exit status: 0 success, 1 the topology has errors, 2 wrong usage, 3 the output cannot\n"
	"be written.\n";

static const struct option long_options[] = {
	COMMAND_LOAD_LONG,
	{"output", required_argument, NULL, 'o'},
	{"help",   no_argument,       NULL, 'h'},
	{NULL,     0,                 NULL, 0  },
};

struct report_options {
	struct load_options load;
	const char *output; /* NULL = standard output */
	bool help;
};

/* Returns EXIT_OK, or why not, after a message. */
static int parse(const struct command_line *cl, struct report_options *options)
{
	int option;

	while ((option = getopt_long(cl->argc, cl->argv, COMMAND_LOAD_SHORT "o:h", long_options,
	                             NULL)) != -1) {
		int taken = command_load_option(&options->load, option, optarg);

		if (taken < 0) {
			return EXIT_USAGE;
		}
		if (option == 'o') {
			options->output = optarg;
		} else if (option == 'h') {
			options->help = true;
		} else if (taken == 0) {
			return command_usage_error(cl, "unknown option");
		}
	}
	return EXIT_OK;
}

static int print_report(const struct analysis *analysis, const struct report_options *options)
{
	FILE *out = options->output == NULL ? stdout : fopen(options->output, "w");

	if (out == NULL) {
		fprintf(stderr, "topo: cannot write '%s': %s\n", options->output, strerror(errno));
		return EXIT_SYSTEM;
	}
	report_text(analysis, out);
	bool written = fflush(out) == 0 && ferror(out) == 0;

	if (options->output != NULL) {
		written &= fclose(out) == 0;
	}
	if (!written) {
		fprintf(stderr, "topo: cannot write the report: %s\n", strerror(errno));
		return EXIT_SYSTEM;
	}
	return EXIT_OK;
}

static int report_file(const char *path, const struct report_options *options)
{
	struct diag *diag = diag_new();
	struct model *model = model_load(path, &options->load, diag);
	int code = EXIT_NO;

	diag_flush(diag, stderr);
	if (model != NULL) {
		struct analysis *analysis = analysis_new(model);

		code = print_report(analysis, options);
		analysis_free(analysis);
	}
	model_free(model);
	diag_free(diag);
	return code;
}

int command_report(const struct command_line *cl)
{
	struct report_options options = {.output = NULL};

	command_load_init(&options.load);
	int code = parse(cl, &options);

	if (code == EXIT_OK) {
		if (options.help) {
			fputs(help, stdout);
		} else if (cl->argc - optind != 1) {
			code = command_usage_error(cl, "one FILE is needed");
		} else {
			code = report_file(cl->argv[optind], &options);
		}
	}
	command_load_done(&options.load);
	return code;
}
