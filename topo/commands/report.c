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
#include "topo/commands/assertions.h"
#include "topo/commands/commands.h"
#include "topo/commands/origin.h"
#include "topo/image/layout.h"

struct report_options {
	const struct command_line *cl;
	struct load_options load;
	const char *format; /* NULL = not given */
	const char *output; /* NULL = standard output */
	struct output_words outputs;
	struct asserted_list asserted;
};

static int take_output(const struct command_line *cl, void *object, const char *argument)
{
	struct report_options *options = object;
	struct output_words *outputs = &options->outputs;
	const char **words = realloc(outputs->words, (outputs->count + 1) * sizeof(*words));

	(void)cl;
	if (words == NULL) {
		say(stderr, "topo: out of memory\n");
		return EXIT_SYSTEM;
	}
	words[outputs->count++] = argument;
	outputs->words = words;
	options->output = argument;
	return EXIT_OK;
}

static int take_json(const struct command_line *cl, void *object, const char *argument)
{
	struct report_options *options = object;

	(void)cl;
	(void)argument;
	options->format = "json";
	return EXIT_OK;
}

static int take_assertion(const struct command_line *cl, void *object, const char *argument)
{
	struct report_options *options = object;

	(void)cl;
	return asserted_add(&options->asserted, argument);
}

static int take_assertions(const struct command_line *cl, void *object, const char *argument)
{
	struct report_options *options = object;

	(void)cl;
	return asserted_add_file(&options->asserted, argument);
}

static const struct option_row option_rows[] = {
	OPTION('\0', "format", "text|json|html", struct report_options, format,
               "text (default), json, or html: one page that works offline"),
	OPTION_BY(take_json, '\0', "json", NULL, "the same as --format json"),
	OPTION_BY(take_output, 'o', "output", "FILE", "write to FILE instead of standard output"),
	OPTION_BY(take_assertion, '\0', "assert", "EXPR",
                  "exit with 1 if EXPR does not hold, and say why; may be given again. Without "
                  "--format only the assertions are printed.\n"
                  "compromises([A,] B) reach(A, B) path(A, B) cut(A, B)\n"
                  "exposure(VM [, PEER]) hardware(VM [, \"NAME\"]) stops(A, B)\n"
                  "== != < <= > >= && || ! + * ( ) 8MiB never"),
	OPTION_BY(take_assertions, '\0', "assertions", "FILE",
                  "the same for each line of FILE but empty ones and those that begin with #"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo report [OPTION]... [FILE]",
	.about = "What an attacker who takes over VMs of the topology FILE gets, and what he has "
		 "to take over for it; at the end, what the answers are made from.",
	.rows = option_rows,
	.end = "Exit status: 0 success, 1 the topology has errors or an assertion fails, 2 "
	       "wrong usage, 3 a file cannot be read or written.",
};

typedef void report_printer(const struct report *report, FILE *out);

static report_printer *printer(const struct report_options *options)
{
	static const struct {
		const char *name;
		report_printer *print;
	} formats[] = {{"json", report_json}, {"html", report_html}};

	for (size_t i = 0; options->format != NULL && i < ARRAY_COUNT(formats); i++) {
		if (strcmp(formats[i].name, options->format) == 0) {
			return formats[i].print;
		}
	}
	return report_text;
}

/* Only the assertions are printed. */
static bool is_brief(const struct report_options *options)
{
	return options->format == NULL && options->asserted.count != 0;
}

static int print_report(const struct report *report, const struct report_options *options)
{
	struct output output;

	output_begin(&output, options->output);
	if (is_brief(options)) {
		report_assertions(report, output.to);
	} else {
		printer(options)(report, output.to);
	}
	return command_output_end(&output);
}

/* Evaluate, print, and say how it went. */
static int report_analysis(const struct analysis *analysis, const struct report_origin *origin,
                           const struct report_options *options)
{
	const struct asserted_list *asserted = &options->asserted;
	struct assertion *assertions = calloc(asserted->count + 1, sizeof(*assertions));
	struct report report = {analysis, assertions, asserted->count, origin};
	bool readable = true;
	bool hold = true;

	if (assertions == NULL) {
		fputs("topo: out of memory\n", stderr);
		return EXIT_SYSTEM;
	}
	for (size_t i = 0; i < asserted->count; i++) {
		struct assertion_error error;

		if (!assertion_check(analysis, asserted->entries[i].text, &assertions[i], &error)) {
			asserted_print_error(&asserted->entries[i], &error);
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
	struct arena *arena = arena_new();

	analysis->places = places;
	const struct report_origin *origin =
		is_brief(options) ? NULL
				  : origin_find(options->cl, loaded, &options->asserted,
	                                        &options->outputs, options->format != NULL, arena);

	code = report_analysis(analysis, origin, options);

	arena_free(arena);
	analysis_free(analysis);
	free(places);
	return code;
}

int command_report(const struct command_line *cl)
{
	struct report_options options = {.cl = cl, .load = {.analysis = true}};
	int code = command_options(cl, &syntax, &options, &options.load);

	time_t when;

	if (code < 0 && !origin_time(&when)) {
		code = command_usage_error(
			cl, "SOURCE_DATE_EPOCH is no number of seconds since 1970: '%s'",
			getenv("SOURCE_DATE_EPOCH"));
	}
	if (code < 0) {
		code = command_load_and(cl, &options.load, report_loaded, &options);
	}
	asserted_free(&options.asserted);
	free(options.outputs.words);
	return code;
}
