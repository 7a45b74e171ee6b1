/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of rules, and running them over a finished model.
 */
#include "topo/checks/checks.h"

#include <string.h>

#include "lib/bits.h"
#include "topo/checks/table.h"
#include "topo/resolve/read_rules.h"
#include "topo/resolve/resolve.h"

static const struct rule *const table[] = {READ_RULES(RULE_POINTER)
                                                   CHECKS(RULE_POINTER, RULE_POINTER)};

#define TABLE_COUNT (ARRAY_COUNT(table))

#define CHECK_ROW(id) {&rule_##id, check_##id, NULL},
#define CHECK_VM_ROW(id) {&rule_##id, NULL, check_##id},

static const struct check {
	const struct rule *rule;
	check_function *whole; /* or */
	check_vm_function *vm;
} checks[] = {CHECKS(CHECK_ROW, CHECK_VM_ROW)};

#define CHECK_COUNT (ARRAY_COUNT(checks))

const struct rule *checks_at(size_t index)
{
	return index < TABLE_COUNT ? table[index] : NULL;
}

const struct rule *checks_find(const char *name)
{
	size_t index = 0;

	while (index < TABLE_COUNT && strcmp(table[index]->name, name) != 0) {
		index++;
	}
	return checks_at(index);
}

struct rules checks_rules(struct diag *diag, struct arena *arena)
{
	return (struct rules){
		.diag = diag,
		.all = table,
		.count = TABLE_COUNT,
		.off = arena_alloc(arena, TABLE_COUNT * sizeof(bool)),
	};
}

/* Whether a rule of that scope has something to say. */
static bool applies(const struct rules *rules, enum rule_scope scope, bool whole)
{
	switch (scope) {
	case SCOPE_WHOLE:
		return whole;
	case SCOPE_SOUND:
		return whole && rules->errors == 0;
	case SCOPE_EACH:
	case SCOPE_LACKS:
	case SCOPE_BREAKS:
	case SCOPE_ABSENT:
		break;
	}
	return true;
}

static void run(const struct check *check, struct rules *rules, const struct topology *topology)
{
	rules->current = check->rule;
	if (check->whole != NULL) {
		check->whole(rules, topology);
		return;
	}
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		check->vm(&(struct check_vm){rules, topology, i, &topology->model.vms[i],
		                             &topology->vm_origins[i]});
	}
}

void checks_run(struct rules *rules, const struct topology *topology, bool whole)
{
	/* Summaries last, when it is known whether there were errors. */
	for (unsigned int round = 0; round < 2; round++) {
		for (size_t i = 0; i < CHECK_COUNT; i++) {
			const struct rule *rule = checks[i].rule;
			bool wanted = !rule_is_off(rules, rule) || rules->must_run;

			if (wanted && (rule->scope == SCOPE_SOUND) == (round == 1) &&
			    applies(rules, rule->scope, whole)) {
				run(&checks[i], rules, topology);
			}
		}
	}
	rules->current = NULL;
}
