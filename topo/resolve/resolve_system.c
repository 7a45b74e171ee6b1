/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a topology says of the system as a whole: system.board, system.cpus, system.machine,
 * system.checks_off.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"

static void set_cpus(struct resolver *resolver, const struct value *value)
{
	uint64_t count = 0;

	if (value_number(&resolver->evaluator, value, "cpus", &count)) {
		resolver->topology->model.cpu_count =
			count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
		resolver->topology->cpus_given = value->place;
	}
}

/* The board was chosen before anything was read: topo/front/load.c looks for it. */
static void set_board(struct resolver *resolver, const struct value *value)
{
	const char *name = NULL;

	if (!value_string(&resolver->evaluator, value, "board", &name)) {
		resolver->topology->model.board = board_nameless();
		return;
	}
	const struct board *board = board_find(name);

	if (board == NULL) {
		struct suggest suggest = suggest_start(name);

		diag_error(resolver->diag, value->place, "no board is called '%s'", name);
		for (size_t i = 0; board_at(i) != NULL; i++) {
			suggest_consider(&suggest, board_at(i)->name);
		}
		diag_help(resolver->diag, "did you mean '%s'?",
		          suggest.best == NULL ? board_at(0)->name : suggest.best);
		resolver->topology->model.board = board_nameless();
	} else if (!resolver->input->board_named) {
		resolver->topology->model.board = board;
	}
}

static void set_checks_off(struct resolver *resolver, const struct value *value)
{
	for (size_t i = 0; value->kind == VALUE_LIST && i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		const char *name = NULL;

		if (value_string(&resolver->evaluator, item, "the name of a check", &name)) {
			rules_switch_off(resolver->rules, name, item->place);
		}
	}
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "checks_off is a list of names, not %s",
		           value_kind_name(value->kind));
	}
}

static const struct {
	const char *name;
	void (*set)(struct resolver *resolver, const struct value *value);
} system_settings[] = {
	{"checks_off", set_checks_off},
	{"board", set_board},
	{"cpus", set_cpus},
	{"machine", resolve_machine},
};

#define SYSTEM_SETTING_COUNT (ARRAY_COUNT(system_settings))

void resolve_system_setting(struct resolver *resolver, const struct ast_setting *setting)
{
	const char *name = setting->attribute.text;
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; i < SYSTEM_SETTING_COUNT; i++) {
		if (strcmp(system_settings[i].name, name) == 0) {
			struct value value = eval_expression(&resolver->evaluator, setting->value);

			if (value.kind != VALUE_BAD) {
				system_settings[i].set(resolver, &value);
			} else if (system_settings[i].set == set_board) {
				resolver->topology->model.board = board_nameless();
			}
			return;
		}
		suggest_consider(&suggest, system_settings[i].name);
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, setting->attribute.place,
	                "the system has no attribute '%s'", name)) {
		/* It may be the board. */
		resolver->topology->model.board = board_nameless();
		diag_help(resolver->diag, "it has: board, cpus, machine, checks_off");
		if (suggest.best != NULL) {
			diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
		}
	}
}
