/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo build: from a topology to a bootable image, and what machine it wants.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/quote.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/diag/diag.h"
#include "topo/image/system.h"
#include "topo/model/board.h"

struct build_options {
	struct load_options load;
	const char *output; /* NULL = named after the topology */
	bool json;
};

static const struct option_row option_rows[] = {
	OPTION('o', "output", "IMAGE", struct build_options, output,
               "where it goes (default: the name of FILE, with .img)"),
	OPTION('\0', "json", NULL, struct build_options, json,
               "print what was built for a program to read"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo build [OPTION]... [FILE]",
	.about = "Compile the topology FILE into a system image that boots by itself.",
	.rows = option_rows,
	.end = "The same topology and the same files give the same image, byte for byte.\n"
	       "Exit status: 0 built, 1 the topology has errors, 2 wrong usage, 3 a file cannot "
	       "be read or written.",
};

static void print_json(const struct system *system)
{
	struct json_object *root = json_object_new_object();
	struct json_object *vms = json_object_new_array();
	struct json_object *slots = json_object_new_array();

	json_object_object_add(root, "name", json_object_new_string(system->name));
	json_object_object_add(root, "image", json_object_new_string(system->image_path));
	json_object_object_add(root, "ram_bytes", json_object_new_uint64(system->ram_bytes));
	json_object_object_add(root, "cpu_count", json_object_new_uint64(system->cpu_count));
	for (size_t i = 0; i < system->vm_count; i++) {
		const struct system_vm *vm = &system->vms[i];
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "name", json_object_new_string(vm->name));
		json_object_object_add(entry, "vcpus", json_object_new_uint64(vm->vcpu_count));
		json_object_object_add(entry, "channel_first",
		                       json_object_new_uint64(vm->channel_first));
		json_object_object_add(entry, "overhead_bytes",
		                       json_object_new_uint64(vm->overhead_bytes));
		json_object_object_add(entry, "agent", json_object_new_boolean(vm->agent));
		json_object_array_add(vms, entry);
	}
	for (size_t i = 0; i < system->slot_word_count; i++) {
		json_object_array_add(slots, json_object_new_string(system->slot_words[i]));
	}
	json_object_object_add(root, "vms", vms);
	json_object_object_add(root, "slot_arguments", slots);
	say_json(stdout, json_object_to_json_string_ext(
				 root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	putchar('\n');
	json_object_put(root);
}

/* The machine as a shell takes it. */
static void print_summary(const struct system *system)
{
	struct arena *arena = arena_new();

	say(stdout, "%s: %zu VM%s, %zu connection%s\n", system->image_path, system->vm_count,
	    system->vm_count == 1 ? "" : "s", system->connection_count,
	    system->connection_count == 1 ? "" : "s");
	say(stdout,
	    "machine: qemu-system-aarch64 -M %s -cpu %s -smp %u -m %" PRIu64
	    "M -nodefaults -no-reboot -nographic -serial stdio -serial null -kernel %s",
	    system->qemu_machine, system->qemu_cpu, system->cpu_count, system->ram_bytes >> 20,
	    quote_shell_plain(arena, system->image_path));
	for (size_t i = 0; i < system->slot_word_count; i++) {
		say(stdout, " %s", quote_shell_plain(arena, system->slot_words[i]));
	}
	putchar('\n');
	arena_free(arena);
}

static int build(const struct loaded *loaded)
{
	const struct build_options *options = loaded->options;
	struct system system;
	char *named = NULL;

	if (!options->output && asprintf(&named, "%s.img", loaded->model->name) < 0) {
		exit(EXIT_SYSTEM);
	}
	const char *output = options->output ? options->output : named;
	int spared = command_spare_inputs(loaded->model, loaded->diag, output);

	if (spared == EXIT_OK) {
		spared = command_spare_directories(loaded->model, output);
	}
	const int result = spared == EXIT_OK ? system_build(loaded->model, output, SYSTEM_FOR_ALL,
	                                                    loaded->diag, &system)
	                                     : -1;

	if (result == 0) {
		(options->json ? print_json : print_summary)(&system);
		system_free(&system);
	}
	free(named);
	return spared != EXIT_OK          ? spared
	       : result == 0              ? EXIT_OK
	       : result == SYSTEM_REFUSED ? EXIT_SYSTEM
	                                  : EXIT_NO;
}

int command_build(const struct command_line *cl)
{
	struct build_options options = {.load = {.must_run = true}};
	const int code = command_options(cl, &syntax, &options, &options.load);

	return code >= 0 ? code : command_load_and(cl, &options.load, build, &options);
}
