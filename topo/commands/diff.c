/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo diff: the command, see topo/diff/diff.h.
 */
#include "topo/diff/diff.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/units.h"
#include "topo/commands/commands.h"
#include "topo/report/json_write.h"

struct diff_options {
	struct load_options load;
	const char *before;
	const char *after;
	bool all;
	bool json;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "all", NULL, struct diff_options, all,
               "also what is no right: CPUs, priorities, addresses"),
	OPTION('\0', "json", NULL, struct diff_options, json,
               "print the result for a program to read"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo diff [OPTION]... OLD NEW",
	.about = "What rights the topology NEW gives that OLD did not give, and the other way "
		 "round; how many bytes of each VM others can reach, how many VMs must fall until "
		 "a VM is taken over, and what ways lead from each entrance to each asset, where "
		 "the change moves that.",
	.rows = option_rows,
	.end = "Exit status: 0 the same rights, 1 they differ, 2 wrong usage, 3 no answer: a "
	       "topology has errors or cannot be read.",
};

#define ATTACKS_SHOWN_MAX 24U

static void print_change(const struct change *change)
{
	static const char signs[CHANGE_KIND_COUNT] = {
		[CHANGE_REMOVED] = '-',
		[CHANGE_ADDED] = '+',
		[CHANGE_CHANGED] = '!',
	};
	const struct fact *fact = change->after ? change->after : change->before;

	say(stdout, "%c %s", signs[change->kind], fact->what);
	if (change->before && change->after) {
		say(stdout, ": %s (was %s)", change->after->value, change->before->value);
	} else if (fact->value) {
		say(stdout, ": %s", fact->value);
	}
	putchar('\n');
}

static const char *way_text(struct arena *arena, uint64_t falls)
{
	return falls == DIFF_NEVER ? "no way" : arena_printf(arena, "%" PRIu64, falls);
}

/* In one piece: a chain has as many choke points as VMs. */
static const char *names_text(struct arena *arena, const struct names *names)
{
	size_t bytes = 1;
	char *text = NULL;
	char *end = NULL;

	for (size_t i = 0; i < names->count; i++) {
		bytes += strlen(names->list[i]) + strlen(", ");
	}
	text = arena_alloc(arena, bytes);
	end = text;
	for (size_t i = 0; i < names->count; i++) {
		end = stpcpy(stpcpy(end, i == 0 ? "" : ", "), names->list[i]);
	}
	return names->count == 0 ? "none" : text;
}

static const char *cut_text(struct arena *arena, const struct attack_shift *shift,
                            const struct route *route)
{
	return route->falls == DIFF_NEVER                   ? "no way to cut"
	       : strcmp(shift->entrance, shift->asset) == 0 ? "none, it is the entrance itself"
	       : route->direct                              ? "none, they are joined directly"
	                                                    : names_text(arena, &route->cut);
}

static const char *count_text(struct arena *arena, uint64_t count)
{
	return count == UINT64_MAX ? "very many" : arena_printf(arena, "%" PRIu64, count);
}

/* A pair that was not there, or is no more: all that is known of it, in one line. */
static void print_pair(struct arena *arena, char sign, const struct attack_shift *shift)
{
	const struct route *route = sign == '+' ? &shift->after : &shift->before;

	say(stdout, "%c attack from %s to %s: ", sign, shift->entrance, shift->asset);
	if (route->falls == DIFF_NEVER) {
		puts("no way");
		return;
	}
	say(stdout,
	    "VMs that must fall: %" PRIu64 ", shortest ways: %s, choke points: %s, "
	    "smallest cut: %s\n",
	    route->falls, count_text(arena, route->ways), names_text(arena, &route->chokes),
	    cut_text(arena, shift, route));
}

static void print_attack(struct arena *arena, const struct attack_shift *shift)
{
	const struct route *old = &shift->before;
	const struct route *new = &shift->after;
	const char *head =
		arena_printf(arena, "! attack from %s to %s", shift->entrance, shift->asset);

	if (!old->exists || !new->exists) {
		print_pair(arena, new->exists ? '+' : '-', shift);
		return;
	}
	if (old->falls != new->falls) {
		say(stdout, "%s: VMs that must fall: %s (was %s)\n", head,
		    way_text(arena, new->falls), way_text(arena, old->falls));
	}
	if (old->ways != new->ways) {
		say(stdout, "%s: shortest ways: %s (was %s)\n", head, count_text(arena, new->ways),
		    count_text(arena, old->ways));
	}
	if (route_chokes_differ(old, new)) {
		say(stdout, "%s: choke points: %s (was %s)\n", head,
		    names_text(arena, &new->chokes), names_text(arena, &old->chokes));
	}
	if (route_cut_differs(old, new)) {
		say(stdout, "%s: smallest cut: %s (was %s)\n", head, cut_text(arena, shift, new),
		    cut_text(arena, shift, old));
	}
}

static void print_attacks(const struct diff *diff)
{
	for (size_t i = 0; i < diff->attack_count && i < ATTACKS_SHOWN_MAX; i++) {
		print_attack(diff->arena, &diff->attacks[i]);
	}
	if (diff->attack_count > ATTACKS_SHOWN_MAX) {
		printf("! attacks between %zu more pairs of VMs: --json has all\n",
		       diff->attack_count - ATTACKS_SHOWN_MAX);
	}
}

static void print_text(const struct diff_options *options, const struct diff *diff)
{
	struct arena *arena = diff->arena;

	for (size_t i = 0; i < diff->change_count; i++) {
		print_change(&diff->changes[i]);
	}
	for (size_t i = 0; i < diff->exposure_count; i++) {
		const struct shift *s = &diff->exposures[i];

		say(stdout, "! memory of %s that others can read and write: %s (was %s)\n", s->vm,
		    size_text(arena, s->after), size_text(arena, s->before));
	}
	if (diff->exposed_before != diff->exposed_after) {
		say(stdout, "! memory of all VMs that others can read and write: %s (was %s)\n",
		    size_text(arena, diff->exposed_after), size_text(arena, diff->exposed_before));
	}
	for (size_t i = 0; i < diff->way_count; i++) {
		const struct shift *s = &diff->ways[i];

		say(stdout, "! VMs that must fall until %s is taken over: %s (was %s)\n", s->vm,
		    way_text(arena, s->after), way_text(arena, s->before));
	}
	print_attacks(diff);
	if (diff->change_count == 0) {
		say(stdout, "%s and %s give the same rights\n", options->before, options->after);
	}
}

static void write_changes(struct json_writer *writer, const struct diff *diff)
{
	json_open_rows(writer, "changes");
	for (size_t i = 0; i < diff->change_count; i++) {
		const struct change *c = &diff->changes[i];
		const struct fact *fact = c->after ? c->after : c->before;
		struct json_object *entry = json_object_new_object();

		json_add_text(entry, "change", change_kind_name(c->kind));
		json_add_text(entry, "about", fact->about);
		json_add_text(entry, "vm", fact->vm);
		json_add_text(entry, "what", fact->what);
		json_add_text(entry, "old", c->before ? c->before->value : NULL);
		json_add_text(entry, "new", c->after ? c->after->value : NULL);
		json_write_row(writer, entry);
	}
	json_close_rows(writer);
}

/* A number that stands for "never" is null. */
static void write_shifts(struct json_writer *writer, const char *key, const struct shift *shifts,
                         size_t count)
{
	json_open_rows(writer, key);
	for (size_t i = 0; i < count; i++) {
		const struct shift *s = &shifts[i];
		struct json_object *entry = json_object_new_object();

		json_add_text(entry, "vm", s->vm);
		json_add(entry, "old",
		         s->before == DIFF_NEVER ? NULL : json_object_new_uint64(s->before));
		json_add(entry, "new",
		         s->after == DIFF_NEVER ? NULL : json_object_new_uint64(s->after));
		json_write_row(writer, entry);
	}
	json_close_rows(writer);
}

static struct json_object *names_json(const struct names *names)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < names->count; i++) {
		json_object_array_add(list, json_object_new_string(names->list[i]));
	}
	return list;
}

/* null when the two are no entrance and asset; no way has no number of falls, and a pair that is
 * joined directly no cut. */
static struct json_object *route_json(const struct route *route)
{
	struct json_object *entry = json_object_new_object();

	if (!route->exists) {
		json_object_put(entry);
		return NULL;
	}
	json_object_object_add(entry, "falls",
	                       route->falls == DIFF_NEVER ? NULL
	                                                  : json_object_new_uint64(route->falls));
	json_object_object_add(entry, "shortest_ways", json_object_new_uint64(route->ways));
	json_object_object_add(entry, "choke_points", names_json(&route->chokes));
	json_object_object_add(entry, "cut", route->direct ? NULL : names_json(&route->cut));
	return entry;
}

static void write_attacks(struct json_writer *writer, const struct diff *diff)
{
	json_open_rows(writer, "attacks");
	for (size_t i = 0; i < diff->attack_count; i++) {
		const struct attack_shift *shift = &diff->attacks[i];
		struct json_object *entry = json_object_new_object();

		json_add_text(entry, "entrance", shift->entrance);
		json_add_text(entry, "asset", shift->asset);
		json_add(entry, "old", route_json(&shift->before));
		json_add(entry, "new", route_json(&shift->after));
		json_write_row(writer, entry);
	}
	json_close_rows(writer);
}

static void print_json(const struct diff_options *options, const struct diff *diff)
{
	struct json_writer writer = {stdout, false};

	putchar('{');
	json_write_member(&writer, "old", json_object_new_string(options->before));
	json_write_member(&writer, "new", json_object_new_string(options->after));
	json_write_member(&writer, "same", json_object_new_boolean(!diff->change_count));
	write_changes(&writer, diff);
	write_shifts(&writer, "exposed_bytes", diff->exposures, diff->exposure_count);
	json_write_number(&writer, "exposed_bytes_old", diff->exposed_before);
	json_write_number(&writer, "exposed_bytes_new", diff->exposed_after);
	write_shifts(&writer, "falls", diff->ways, diff->way_count);
	write_attacks(&writer, diff);
	fputs("\n}\n", stdout);
}

static int compare(const struct diff_options *options, const struct model *before,
                   const struct model *after)
{
	struct arena *arena = arena_new();
	struct diff diff;
	bool same;

	diff_make(arena, before, after, options->all, &diff);
	(options->json ? print_json : print_text)(options, &diff);
	same = diff.change_count == 0;
	arena_free(arena);
	return same ? EXIT_OK : EXIT_NO;
}

static int diff_files(const struct diff_options *options)
{
	struct diag *before_diag = diag_new();
	struct diag *after_diag = diag_new();
	struct model *before = model_load(options->before, &options->load, before_diag);
	struct model *after = model_load(options->after, &options->load, after_diag);
	int code = EXIT_SYSTEM;

	diag_flush(before_diag, stderr);
	diag_flush(after_diag, stderr);
	if (before && after) {
		code = compare(options, before, after);
	}
	model_free(before);
	model_free(after);
	diag_free(before_diag);
	diag_free(after_diag);
	return code;
}

int command_diff(const struct command_line *cl)
{
	struct diff_options options = {.load = {.analysis = true}};
	int code = command_options(cl, &syntax, &options, &options.load);

	if (code >= 0) {
		return code;
	}
	if (cl->argc - optind != 2) {
		code = command_usage_error(cl, "two topologies are needed");
	} else {
		options.before = cl->argv[optind];
		options.after = cl->argv[optind + 1];
		code = diff_files(&options);
	}
	command_load_done(&options.load);
	return code;
}
