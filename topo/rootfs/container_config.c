/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads configurations of container images, see topo/rootfs/container_config.h. */
#include "topo/rootfs/container_config.h"

#include <string.h>

#include "topo/model/command_bounds.h"
#include "topo/rootfs/container_blob.h"
#include "topo/rootfs/users.h"

#define TEXTS_MAX 4096U

bool container_is_ours(const char *system, const char *machine)
{
	return strcmp(system, "linux") == 0 && strcmp(machine, "arm64") == 0;
}

static bool fail(struct container_config *config, const char *why)
{
	config->why = why;
	return false;
}

/* Add the texts of the list @name of @json, which may be absent, to @list. */
static bool add_texts(struct arena *arena, const struct json_object *json, const char *name,
                      const char ***list, size_t *count)
{
	const struct json_object *array = blob_array(json, name);
	struct json_object *other = NULL;

	if (array == NULL) {
		return !json_object_object_get_ex(json, name, &other) || other == NULL;
	}
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *text = blob_string(json_object_array_get_idx(array, i));

		if (text == NULL || *count == TEXTS_MAX) {
			return false;
		}
		*ARENA_ADD(arena, *list, *count) = arena_copy(arena, text, strlen(text));
	}
	return true;
}

/* A path from the root, without the / at its end; NULL: it is no such path. */
static const char *read_directory(struct arena *arena, const char *text)
{
	size_t bytes = strlen(text);

	while (bytes > 1 && text[bytes - 1] == '/') {
		bytes--;
	}
	const char *path = arena_copy(arena, text, bytes);
	const char *slashed = arena_printf(arena, "%s/", path);

	return path[0] != '/' || (bytes > 1 && strstr(slashed, "//") != NULL) ||
	                       strstr(slashed, "/./") != NULL || strstr(slashed, "/../") != NULL
	               ? NULL
	               : path;
}

/* Whether @count texts of @name are no more than a program may begin with, those in @sum included. */
static bool are_bounded(struct arena *arena, struct container_config *out, struct command_sum *sum,
                        const char *name, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *why = command_text_fault(sum, texts[i]);

		if (why != NULL) {
			return fail(out,
			            arena_printf(arena, "'%.40s%s' of %s %s", texts[i],
			                         strlen(texts[i]) > 40 ? "..." : "", name, why));
		}
	}
	return true;
}

static bool read_texts(struct arena *arena, const struct json_object *json,
                       struct container_config *out)
{
	struct vm_command *command = &out->command;
	struct command_sum sum = {0, 0};

	if (!add_texts(arena, json, "Entrypoint", &command->words, &command->word_count) ||
	    !add_texts(arena, json, "Cmd", &command->words, &command->word_count) ||
	    !add_texts(arena, json, "Env", &command->env, &command->env_count)) {
		return fail(out, "Entrypoint, Cmd or Env is no list of texts");
	}
	if (command->word_count != 0 &&
	    (command->words[0][0] == '\0' || command->words[0][0] == '-')) {
		return fail(out, "Entrypoint and Cmd begin with no program");
	}
	if (!are_bounded(arena, out, &sum, "Entrypoint and Cmd", command->words,
	                 command->word_count) ||
	    !are_bounded(arena, out, &sum, "Env", command->env, command->env_count)) {
		return false;
	}
	for (size_t i = 0; i < command->env_count; i++) {
		if (strchr(command->env[i], '=') == NULL || command->env[i][0] == '=') {
			return fail(out, arena_printf(arena, "'%.200s' of Env sets no variable",
			                              command->env[i]));
		}
	}
	return true;
}

static bool read_command(struct arena *arena, const struct json_object *json,
                         struct container_config *out)
{
	struct vm_command *command = &out->command;
	const char *directory = blob_text(json, "WorkingDir");
	const char *user = blob_text(json, "User");

	if (!read_texts(arena, json, out)) {
		return false;
	}
	if (directory != NULL && directory[0] != '\0') {
		command->directory = read_directory(arena, directory);
		if (command->directory == NULL) {
			return fail(out, "WorkingDir is no path from the root");
		}
		const char *why = command_directory_fault(command->directory);

		if (why != NULL) {
			return fail(out, arena_printf(arena, "WorkingDir %s", why));
		}
	}
	if (user != NULL && user[0] != '\0') {
		command->user = arena_copy(arena, user, strlen(user));
		if (!user_is_form(user)) {
			return fail(out, "User is no user");
		}
	}
	return true;
}

bool container_config_read(struct arena *arena, const struct json_object *json,
                           struct container_config *out)
{
	const char *machine = blob_text(json, "architecture");
	const char *system = blob_text(json, "os");
	const struct json_object *command = blob_object(json, "config");

	*out = (struct container_config){.path = NULL};
	if (machine == NULL || system == NULL) {
		return fail(out, "nothing says what machine it is for");
	}
	out->machine = arena_printf(arena, "%.32s/%.32s", system, machine);
	out->is_ours = container_is_ours(system, machine);
	if (!out->is_ours) {
		return true;
	}
	if (!add_texts(arena, blob_object(json, "rootfs"), "diff_ids", &out->layers,
	               &out->layer_count)) {
		return fail(out, "diff_ids is no list of texts");
	}
	return command == NULL || read_command(arena, command, out);
}
