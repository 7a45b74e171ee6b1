/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts what a topology says of a command over what an image does, see topo/resolve/default_command.h. */
#include "topo/resolve/default_command.h"

#include <string.h>

size_t variable_name_bytes(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals == NULL ? 0 : (size_t)(equals - text);
}

const char **command_variable(const struct vm_command *command, const char *text)
{
	const size_t bytes = variable_name_bytes(text);

	for (size_t i = 0; i < command->env_count; i++) {
		if (variable_name_bytes(command->env[i]) == bytes &&
		    memcmp(command->env[i], text, bytes) == 0) {
			return &command->env[i];
		}
	}
	return NULL;
}

static void set_variable(struct arena *arena, struct vm_command *command, const char *text)
{
	const char **there = command_variable(command, text);

	if (there != NULL) {
		*there = text;
	} else {
		*ARENA_ADD(arena, command->env, command->env_count) = text;
	}
}

void command_default(struct arena *arena, struct vm *vm, bool is_given)
{
	const struct vm_command *image = &vm->image.command;
	struct vm_command *command = &vm->command;
	struct vm_command all = {.env_count = 0};

	if (!is_given) {
		command->words = image->words;
		command->word_count = image->word_count;
	}
	if (command->word_count == 0) {
		return;
	}
	command->directory = command->directory == NULL ? image->directory : command->directory;
	command->user = command->user == NULL ? image->user : command->user;
	for (size_t i = 0; i < image->env_count; i++) {
		set_variable(arena, &all, image->env[i]);
	}
	for (size_t i = 0; i < command->env_count; i++) {
		set_variable(arena, &all, command->env[i]);
	}
	command->env = all.env;
	command->env_count = all.env_count;
}
