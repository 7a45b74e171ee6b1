/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo report: the security analysis of a topology.
 */
#include "topo/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/base/utf8.h"
#include "topo/commands/commands.h"
#include "topo/image/layout.h"

static const char help[] =
	"Usage: topo report [OPTION]... FILE\n"
	"What an attacker who takes over VMs of the topology FILE gets, and what he has to take\n"
	"over for it. docs/report.md defines every answer.\n"
	"\n"
	"      --format FORMAT   text (default), json, or html: one page that works offline\n"
	"      --json            the same as --format json\n"
	"  -o, --output FILE     write to FILE instead of standard output\n"
	"      --assert EXPR     exit with 1 if EXPR does not hold, and say why; may be given\n"
	"                        again. Without --format only the assertions are printed.\n"
	"                        compromises([A,] B) reach(A, B) path(A, B) cut(A, B)\n"
	"                        exposure(VM [, PEER]) hardware(VM [, \"NAME\"]) stops(A, B)\n"
	"                        == != < <= > >= && || ! + * ( ) 8MiB never\n"
	"  -h, --help            print this\n"
	"\n" COMMAND_LOAD_HELP "\n"
	"Exit status: 0 success, 1 the topology has errors or an assertion fails, 2 wrong usage,\n"
	"3 a file cannot be read or written.\n";

enum { REPORT_FORMAT = OPTION_OWN, REPORT_JSON, REPORT_ASSERT };

static const struct option long_options[] = {
	COMMAND_LOAD_LONG,
	{"format", required_argument, NULL, REPORT_FORMAT},
	{"json", no_argument, NULL, REPORT_JSON},
	{"output", required_argument, NULL, 'o'},
	{"assert", required_argument, NULL, REPORT_ASSERT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	void (*print)(const struct report *report, FILE *out);
} formats[] = {
	{"text", report_text},
	{"json", report_json},
	{"html", report_html},
};

struct report_options {
	struct load_options load;
	void (*print)(const struct report *report, FILE *out); /* NULL = not given */
	const char *output;                                    /* NULL = standard output */
	const char **assertions;                               /* room for argc */
	size_t assertion_count;
	bool help;
};

static int take_format(const struct command_line *cl, struct report_options *options,
                       const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			options->print = formats[i].print;
			return EXIT_OK;
		}
	}
	return command_usage_error(cl, "--format takes text, json or html, not '%s'", name);
}

static int take_option(const struct command_line *cl, struct report_options *options, int option)
{
	switch (option) {
	case REPORT_FORMAT:
		return take_format(cl, options, optarg);
	case REPORT_JSON:
		options->print = report_json;
		return EXIT_OK;
	case REPORT_ASSERT:
		options->assertions[options->assertion_count++] = optarg;
		return EXIT_OK;
	case 'o':
		options->output = optarg;
		return EXIT_OK;
	case 'h':
		options->help = true;
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

/* Returns EXIT_OK, or why not, after a message. */
static int parse(const struct command_line *cl, struct report_options *options)
{
	int option;
	int code = EXIT_OK;

	while (code == EXIT_OK &&
	       (option = command_next_option(cl, COMMAND_LOAD_SHORT "o:h", long_options)) != -1) {
		int taken = command_load_option(&options->load, option, optarg);

		if (taken < 0) {
			return EXIT_USAGE;
		}
		if (taken == 0) {
			code = take_option(cl, options, option);
		}
	}
	return code;
}

static int print_report(const struct report *report, const struct report_options *options)
{
	bool brief = options->print == NULL && report->assertion_count != 0;
	struct output output;

	output_begin(&output, options->output);
	if (brief) {
		report_assertions(report, output.to);
	} else {
		(options->print == NULL ? report_text : options->print)(report, output.to);
	}
	return command_output_end(&output);
}

/* The expression with a caret below what is wrong. */
static void print_error(const char *expression, const struct assertion_error *error)
{
	struct utf8_look look;
	size_t columns = 0;

	for (size_t at = 0; at < error->at; at += look.bytes) {
		utf8_look_at(expression + at, strlen(expression + at), &look);
		columns += look.columns;
	}
	say(stderr, "topo: --assert: %s\n", error->message);
	say(stderr, "    %s\n", expression);
	fprintf(stderr, "    %*s^\n", (int)columns, "");
	if (error->help != NULL) {
		say(stderr, "    = help: %s\n", error->help);
	}
}

/* Evaluate, print, and say how it went. */
static int report_analysis(const struct analysis *analysis, const struct report_options *options)
{
	struct assertion *assertions = calloc(options->assertion_count + 1, sizeof(*assertions));
	struct report report = {analysis, assertions, options->assertion_count};
	bool readable = true;
	bool hold = true;

	if (assertions == NULL) {
		fputs("topo: out of memory\n", stderr);
		return EXIT_SYSTEM;
	}
	for (size_t i = 0; i < options->assertion_count; i++) {
		struct assertion_error error;

		if (!assertion_check(analysis, options->assertions[i], &assertions[i], &error)) {
			print_error(options->assertions[i], &error);
			readable = false;
		}
		hold &= assertions[i].holds;
	}
	int code = readable ? print_report(&report, options) : EXIT_USAGE;

	free(assertions);
	return code == EXIT_OK && !hold ? EXIT_NO : code;
}

/*
 * Where layout puts shared pages: it needs nothing of what the VMs boot. NULL when the system cannot
 * be laid out; why is what topo check and topo build say.
 */
static struct memory_place *find_places(const struct model *model)
{
	struct payloads nothing = {.vms = NULL};
	struct diag *diag = diag_new();
	struct layout *layout = layout_new(model, &nothing, diag);
	struct memory_place *places =
		layout == NULL ? NULL : calloc(model->connection_count + 1, sizeof(*places));

	for (size_t i = 0; places != NULL && i < model->connection_count; i++) {
		const struct layout_connection *laid = &layout->connections[i];

		places[i] = (struct memory_place){
			.pool = {laid->device_memory_ipa, laid->driver_memory_ipa},
			.control = laid->device_iobuf_ipa,
			.doorbell = {laid->device_doorbell_ipa, laid->notify_ipa},
			.inflight = laid->device_inflight_ipa,
			.inflight_bytes = laid->inflight_bytes,
		};
	}
	layout_free(layout);
	diag_free(diag);
	return places;
}

static int report_loaded(const struct loaded *loaded)
{
	const struct report_options *options = loaded->options;
	int code = command_spare_inputs(loaded->model, loaded->diag, options->output);

	if (code != EXIT_OK) {
		return code;
	}
	struct analysis *analysis = analysis_new(loaded->model);
	struct memory_place *places = find_places(loaded->model);

	analysis->places = places;
	code = report_analysis(analysis, options);

	analysis_free(analysis);
	free(places);
	return code;
}

int command_report(const struct command_line *cl)
{
	struct report_options options = {.output = NULL};

	options.assertions = calloc((size_t)cl->argc + 1, sizeof(*options.assertions));
	if (options.assertions == NULL) {
		fputs("topo: out of memory\n", stderr);
		return EXIT_SYSTEM;
	}
	command_load_init(&options.load);
	options.load.analysis = true;
	int code = parse(cl, &options);

	if (code == EXIT_OK) {
		if (options.help) {
			fputs(help, stdout);
		} else if (cl->argc - optind != 1) {
			code = command_usage_error(cl, "one FILE is needed");
		} else {
			code = command_load_and(cl->argv[optind], &options.load, report_loaded,
			                        &options);
		}
	}
	command_load_done(&options.load);
	free(options.assertions);
	return code;
}
