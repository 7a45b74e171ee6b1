/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is run in a VM's root file system: command, and the environment, the directory and the user that it
 * has.
 */
#include <string.h>

#include "topo/model/command_bounds.h"
#include "topo/resolve/default_command.h"
#include "topo/resolve/resolve_internal.h"
#include "topo/rootfs/users.h"

static struct vm_command *command_of(struct resolver *resolver, size_t vm)
{
	return &resolver->topology->model.vms[vm].command;
}

/* Whether @value is a list; @example is of one. */
static bool is_list(struct resolver *resolver, const struct value *value, const char *what,
                    const char *example)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "%s is a list, not %s", what,
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "%s", example);
	}
	return value->kind == VALUE_LIST;
}

/* Whether @text, counted into @sum, is no more than Linux starts a program with. */
static bool is_bounded(struct resolver *resolver, struct place place, struct command_sum *sum,
                       const char *text)
{
	const char *why = command_text_fault(sum, text);

	if (why != NULL) {
		diag_error(resolver->diag, place, "'%.40s%s' %s", text,
		           strlen(text) > 40 ? "..." : "", why);
		diag_help(resolver->diag, "Linux starts no program with more");
	}
	return why == NULL;
}

const char **resolve_words(struct resolver *resolver, const struct value *value, const char *what,
                           size_t *count)
{
	struct command_sum sum = {0, 0};
	const char **words = NULL;

	*count = 0;
	if (!is_list(resolver, value, what, "[\"sh\", \"-c\", \"TEXT\"] leaves it to a shell")) {
		return NULL;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		const char *word = NULL;

		if (value_string(&resolver->evaluator, item,
		                 arena_printf(resolver->arena, "a word of %s", what), &word)) {
			if (!is_bounded(resolver, item->place, &sum, word)) {
				break;
			}
			*ARENA_ADD(resolver->arena, words, *count) = word;
		}
	}
	if (*count == 0 || *count != value->of.list.count || value->of.list.partial) {
		return words; /* what could not be read has been told */
	}
	if (words[0][0] == '\0') {
		diag_error(resolver->diag, value->place, "%s names no program", what);
	} else if (words[0][0] == '-') {
		/* The shell that becomes it would take it for an option of its own. */
		diag_error(resolver->diag, value->place,
		           "a program of which the name begins with '-' cannot be a command");
	}
	return words;
}

void resolve_command(struct resolver *resolver, size_t vm, const struct value *value)
{
	struct vm_command *command = command_of(resolver, vm);

	command->words = resolve_words(resolver, value, "command", &command->word_count);
	command->place = value->place;
}

void resolve_env(struct resolver *resolver, size_t vm, const struct value *value)
{
	struct vm_command *command = command_of(resolver, vm);
	struct command_sum sum = {0, 0};

	if (!is_list(resolver, value, "env", "[\"LANG=C.UTF-8\"]")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		const char *text = NULL;

		if (!value_string(&resolver->evaluator, item, "a variable of env", &text)) {
			continue;
		}
		if (!is_bounded(resolver, item->place, &sum, text)) {
			break;
		}
		if (variable_name_bytes(text) == 0) {
			diag_error(resolver->diag, item->place, "'%s' sets no variable", text);
			diag_help(resolver->diag, "\"NAME=VALUE\"");
		} else if (command_variable(command, text) != NULL) {
			diag_error(resolver->diag, item->place, "'%.*s' is set twice",
			           (int)variable_name_bytes(text), text);
		} else {
			*ARENA_ADD(resolver->arena, command->env, command->env_count) = text;
		}
	}
}

void resolve_workdir(struct resolver *resolver, size_t vm, const struct value *value)
{
	const char *path = resolve_guest_path(resolver, value, "workdir");

	if (path == NULL) {
		return;
	}
	const char *why = command_directory_fault(path);

	if (why != NULL) {
		diag_error(resolver->diag, value->place, "workdir %s", why);
		return;
	}
	command_of(resolver, vm)->directory = path;
}

void resolve_user(struct resolver *resolver, size_t vm, const struct value *value)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "user", &text)) {
		return;
	}
	if (!user_is_form(text)) {
		diag_error(resolver->diag, value->place, "'%s' is no user", text);
		diag_help(resolver->diag,
		          "a name or a number, and a group behind it if not the user's own: "
		          "\"www-data\", \"1000:1000\"");
		return;
	}
	command_of(resolver, vm)->user = text;
}
