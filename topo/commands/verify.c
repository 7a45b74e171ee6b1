/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo verify: the command, see topo/verify/verify.h for what it does.
 */
#include "topo/verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "abi/image.h"
#include "topo/base/say.h"
#include "topo/base/share.h"
#include "topo/base/units.h"
#include "topo/commands/commands.h"

struct verify_options {
	struct load_options load;
	const char *image;
	const char *topology;
	bool rights;
	bool json;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "rights", NULL, struct verify_options, rights,
               "print all rights that the image gives"),
	OPTION('\0', "json", NULL, struct verify_options, json,
               "print the result for a program to read"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo verify [OPTION]... IMAGE [FILE]",
	.about = "Read the rights back out of the built IMAGE and compare them with those of the "
		 "topology FILE: who reaches which memory, who can ring whom, which bytes each VM "
		 "boots. Every right too much and every right missing is named.",
	.rows = option_rows,
	.end = "Exit status: 0 the image gives exactly the rights of the topology, 1 it does "
	       "not, 2 wrong usage, 3 no answer: the topology has errors, or one of the two "
	       "cannot be read.",
};

static void rights_letters(uint32_t rights, char text[4])
{
	text[0] = rights & PV_RIGHT_READ ? 'r' : '-';
	text[1] = rights & PV_RIGHT_WRITE ? 'w' : '-';
	text[2] = rights & PV_RIGHT_EXEC ? 'x' : '-';
	text[3] = '\0';
}

static void print_rights(const struct findings *report)
{
	char letters[4];

	for (size_t i = 0; i < report->right_count; i++) {
		const struct access_right *r = &report->rights[i];

		rights_letters(r->rights, letters);
		say(stdout, "%s: %s 0x%010" PRIx64 " is 0x%010" PRIx64 ", %s: %s%s\n", r->who,
		    letters, r->ipa, r->physical, size_text(report->arena, r->bytes), r->thing,
		    r->granted ? "" : " (not in the topology)");
	}
	for (size_t i = 0; i < report->power_count; i++) {
		say(stdout, "%s: %s\n", report->powers[i].who, report->powers[i].text);
	}
}

static void print_text(const struct verify_options *options, const struct model *model,
                       const struct findings *report)
{
	if (options->rights) {
		print_rights(report);
	}
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *f = &report->findings[i];

		say(stdout, "%s: %s\n", finding_kind_name(f->kind), f->text);
	}
	if (report->finding_count == 0) {
		say(stdout,
		    "%s gives exactly the rights of %s: %zu VM%s, %zu connection%s, %zu "
		    "mappings, %zu other powers\n",
		    options->image, options->topology, model->vm_count,
		    model->vm_count == 1 ? "" : "s", model->connection_count,
		    model->connection_count == 1 ? "" : "s", report->right_count,
		    report->power_count);
		return;
	}
	say(stdout, "%s is not %s: %zu difference%s%s\n", options->image, options->topology,
	    report->finding_count, report->finding_count == 1 ? "" : "s",
	    report->full ? ", and more" : "");
}

static void add_string(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *findings_json(const struct findings *report)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *f = &report->findings[i];
		struct json_object *entry = json_object_new_object();

		add_string(entry, "kind", finding_kind_name(f->kind));
		add_string(entry, "vm", f->vm);
		add_string(entry, "about", f->about);
		add_string(entry, "text", f->text);
		json_object_array_add(list, entry);
	}
	return list;
}

static struct json_object *rights_json(const struct findings *report)
{
	struct json_object *list = json_object_new_array();
	char letters[4];

	for (size_t i = 0; i < report->right_count; i++) {
		const struct access_right *r = &report->rights[i];
		struct json_object *entry = json_object_new_object();

		rights_letters(r->rights, letters);
		add_string(entry, "who", r->who);
		add_string(entry, "rights", letters);
		json_object_object_add(entry, "address", json_object_new_uint64(r->ipa));
		json_object_object_add(entry, "physical", json_object_new_uint64(r->physical));
		json_object_object_add(entry, "bytes", json_object_new_uint64(r->bytes));
		add_string(entry, "thing", r->thing);
		json_object_object_add(entry, "granted", json_object_new_boolean(r->granted));
		json_object_array_add(list, entry);
	}
	return list;
}

static void print_json(const struct verify_options *options, const struct findings *report)
{
	struct json_object *root = json_object_new_object();
	struct json_object *powers = json_object_new_array();

	for (size_t i = 0; i < report->power_count; i++) {
		struct json_object *entry = json_object_new_object();

		add_string(entry, "who", report->powers[i].who);
		add_string(entry, "text", report->powers[i].text);
		json_object_array_add(powers, entry);
	}
	add_string(root, "image", options->image);
	add_string(root, "topology", options->topology);
	json_object_object_add(root, "equal", json_object_new_boolean(!report->finding_count));
	json_object_object_add(root, "complete", json_object_new_boolean(!report->full));
	json_object_object_add(root, "differences", findings_json(report));
	json_object_object_add(root, "memory", rights_json(report));
	json_object_object_add(root, "powers", powers);
	say_json(stdout, json_object_to_json_string_ext(
				 root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	putchar('\n');
	json_object_put(root);
}

static int compare(const struct verify_options *options, const struct model *model,
                   struct arena *arena)
{
	struct findings report;
	struct decoded image;
	struct bytes file;
	const char *why = NULL;

	if (!files_read(arena, options->image, &file)) {
		say(stderr, "topo verify: cannot read '%s': %s\n", options->image, strerror(errno));
		return EXIT_SYSTEM;
	}
	if (!decode_image(arena, file, &image, &why)) {
		say(stderr, "topo verify: cannot read '%s': %s\n", options->image, why);
		return EXIT_SYSTEM;
	}
	const struct files *files = files_load(arena, model, share_directory());

	if (!files) {
		return EXIT_SYSTEM;
	}
	findings_init(&report, arena);
	verify_image(arena, model, files, &image, &report);
	if (options->json) {
		print_json(options, &report);
	} else {
		print_text(options, model, &report);
	}
	return report.finding_count ? EXIT_NO : EXIT_OK;
}

static int verify(const struct verify_options *options)
{
	struct diag *diag = diag_new();
	struct model *model = model_load(options->topology, &options->load, diag);
	struct arena *arena = arena_new();
	int code = EXIT_SYSTEM;

	diag_flush(diag, stderr);
	if (model) {
		code = compare(options, model, arena);
	}
	arena_free(arena);
	model_free(model);
	diag_free(diag);
	return code;
}

int command_verify(const struct command_line *cl)
{
	struct verify_options options = {.json = false};
	struct topology_name name = {.path = NULL};
	int code = command_options(cl, &syntax, &options, &options.load);

	if (code >= 0) {
		return code;
	}
	if (optind == cl->argc) {
		code = command_usage_error(cl, "an image and a topology are needed");
	} else {
		code = command_topology(cl, optind + 1, &name);
	}
	if (code == EXIT_OK) {
		options.image = cl->argv[optind];
		options.topology = name.path;
		code = verify(&options);
	}
	command_load_done(&options.load);
	return code;
}
