/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo check: errors, warnings and advice; and what the checks are.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/checks/checks.h"
#include "topo/commands/commands.h"
#include "topo/commands/disks.h"
#include "topo/image/layout.h"
#include "topo/image/system.h"
#include "topo/model/board.h"

struct check_options {
	struct load_options load;
	const char *explain;
	bool list;
	bool json;
	bool werror;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "list", NULL, struct check_options, list,
               "print all checks: what each looks for, and why"),
	OPTION('\0', "explain", "CHECK", struct check_options, explain,
               "print what a check looks for, and why"),
	OPTION('\0', "json", NULL, struct check_options, json,
               "print the messages, or the checks, for a program to read"),
	OPTION('\0', "werror", NULL, struct check_options, werror, "exit with 1 on warnings too"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo check [OPTION]... [FILE]\n"
		 "       topo check --list | --explain CHECK",
	.about =
		"Look for errors in the topology FILE, give advice, and say of each disk how long it "
		"lasts. A topology switches checks off for itself by system.checks_off = [\"NAME\"].",
	.rows = option_rows,
	.end = "Exit status: 0 no errors, 1 errors, 2 wrong usage, 3 FILE cannot be read.",
};

static const char *const severity_words[] = {
	[SEVERITY_ADVICE] = "advice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

/* Words of the text, in lines of at most 78 columns that begin with @indent blanks. */
static void print_wrapped(const char *text, size_t indent)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column != 0 && column + 1 + word > 78) {
			putchar('\n');
			column = 0;
		}
		if (column == 0) {
			column = (size_t)printf("%*s%.*s", (int)indent, "", (int)word, text);
		} else {
			column += (size_t)printf(" %.*s", (int)word, text);
		}
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

/* What commands do with it that only analyse. */
static void print_assumed(const struct rule *rule, size_t indent)
{
	if (rule->assumed != NULL) {
		printf("%*sAn error for those who would run the system; others assume:\n",
		       (int)indent, "");
		print_wrapped(rule->assumed, indent);
	}
}

static struct json_object *rule_json(const struct rule *rule)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_object_new_string(rule->name));
	json_object_object_add(row, "severity",
	                       json_object_new_string(severity_words[rule->severity]));
	json_object_object_add(row, "to_run", json_object_new_boolean(rule->assumed != NULL));
	json_object_object_add(row, "why", json_object_new_string(rule->why));
	json_object_object_add(row, "assumed",
	                       rule->assumed != NULL ? json_object_new_string(rule->assumed)
	                                             : NULL);
	return row;
}

static void print_json(struct json_object *root)
{
	say_json(stdout, json_object_to_json_string_ext(
				 root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	putchar('\n');
	json_object_put(root);
}

static int print_list(bool json)
{
	struct json_object *rows = json_object_new_array();

	const struct rule *rule;

	for (size_t i = 0; (rule = checks_at(i)) != NULL; i++) {
		if (json) {
			json_object_array_add(rows, rule_json(rule));
		} else {
			say(stdout, "%s (%s)\n", rule->name, severity_words[rule->severity]);
			print_wrapped(rule->why, 4);
			print_assumed(rule, 4);
		}
	}
	if (json) {
		print_json(rows);
	} else {
		json_object_put(rows);
	}
	return EXIT_OK;
}

static int print_explanation(const struct command_line *cl, const char *name, bool json)
{
	const struct rule *rule = checks_find(name);

	if (rule != NULL && json) {
		print_json(rule_json(rule));
		return EXIT_OK;
	}
	if (rule != NULL) {
		say(stdout, "%s (%s)\n\n", name, severity_words[rule->severity]);
		print_wrapped(rule->why, 0);
		print_assumed(rule, 0);
		return EXIT_OK;
	}
	return command_refuse_check(cl, name);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_summary(const char *path, const struct model *model, const struct diag *diag)
{
	size_t errors = diag_count(diag, SEVERITY_ERROR);
	size_t warnings = diag_count(diag, SEVERITY_WARNING);
	size_t advice = diag_count(diag, SEVERITY_ADVICE);

	say(stdout, "%s: ", path);
	if (model != NULL) {
		say(stdout, "%zu VM%s, %zu connection%s on %s, %u CPU%s: ", model->vm_count,
		    plural(model->vm_count), model->connection_count,
		    plural(model->connection_count), model->board->name, model->cpu_count,
		    plural(model->cpu_count));
	}
	say(stdout, "%zu error%s, %zu warning%s", errors, plural(errors), warnings,
	    plural(warnings));
	if (advice != 0) {
		say(stdout, ", %zu piece%s of advice", advice, plural(advice));
	}
	putchar('\n');
}

/*
 * What all checks agree to is built as far as that goes without writing: what they do not know is told then.
 * One that was switched off would speak here all the same.
 */
static bool builds(const struct model *model, struct diag *diag)
{
	return model_agreed(model) ? system_fits(model, diag)
	                           : !model->board->runs || layout_fits(model, diag);
}

static int check_file(const char *path, const struct check_options *options)
{
	struct diag *diag = diag_new();
	struct model *model = model_load(path, &options->load, diag);
	size_t warnings = diag_count(diag, SEVERITY_WARNING);
	bool fits = model == NULL || builds(model, diag);

	if (options->json) {
		diag_flush_json(diag, stdout);
	} else {
		diag_flush(diag, stderr);
		if (model != NULL && fits) {
			disks_print(model);
		}
		print_summary(path, model, diag);
	}
	int code = model == NULL                      ? command_load_failed(diag)
	           : !fits                            ? EXIT_NO
	           : options->werror && warnings != 0 ? EXIT_NO
	                                              : EXIT_OK;

	model_free(model);
	diag_free(diag);
	return code;
}

int command_check(const struct command_line *cl)
{
	struct check_options options = {.load = {.advice = true}};
	struct topology_name name;
	int code = command_options(cl, &syntax, &options, &options.load);

	if (code >= 0) {
		return code;
	}
	if (options.list) {
		code = print_list(options.json);
	} else if (options.explain != NULL) {
		code = print_explanation(cl, options.explain, options.json);
	} else {
		code = command_topology(cl, optind, &name);
		code = code != EXIT_OK ? code : check_file(name.path, &options);
	}
	command_load_done(&options.load);
	return code;
}
