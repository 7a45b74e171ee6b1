/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reporting by rules, and switching them off.
 */
#include "topo/rules/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/suggest.h"

static bool leaves_hole(const struct rule *rule)
{
	return rule->scope == SCOPE_BREAKS || rule->scope == SCOPE_ABSENT;
}

bool rule_is_off(const struct rules *rules, const struct rule *rule)
{
	size_t index = 0;

	while (index < rules->count && rules->all[index] != rule) {
		index++;
	}
	return (rule->severity == SEVERITY_ADVICE && !rules->advice) ||
	       (index < rules->count && rules->off[index]);
}

static void report_unknown(struct rules *rules, const char *name, struct place place)
{
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; i < rules->count; i++) {
		suggest_consider(&suggest, rules->all[i]->name);
	}
	diag_error(rules->diag, place, "no check is called '%s'", name);
	if (suggest.best != NULL) {
		diag_help(rules->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(rules->diag, "`topo check --list` shows all of them");
	}
}

bool rules_switch_off(struct rules *rules, const char *name, struct place place)
{
	size_t index = 0;

	while (index < rules->count && strcmp(rules->all[index]->name, name) != 0) {
		index++;
	}
	if (index == rules->count) {
		report_unknown(rules, name, place);
		return false;
	}
	if (leaves_hole(rules->all[index])) {
		diag_error(rules->diag, place, "'%s' cannot be switched off", name);
		diag_help(rules->diag, "what it finds leaves a hole in the topology");
		return false;
	}
	rules->off[index] = true;
	return true;
}

static void report(struct rules *rules, const struct rule *rule, enum severity severity,
                   struct place place, const char *format, va_list arguments)
	__attribute__((format(printf, 5, 0)));

static void report(struct rules *rules, const struct rule *rule, enum severity severity,
                   struct place place, const char *format, va_list arguments)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, arguments);
	bool assumes = rules->analysis && rule->assumed != NULL;
	size_t before = diag_count(rules->diag, SEVERITY_ERROR);

	/* One that reports for another would take the other with it when it is off itself. */
	if (rules->current != NULL && rules->current != rule) {
		diag_error(rules->diag, place, "a fault of topo: check '%s' speaks for '%s'",
		           rules->current->name, rule->name);
	}
	diag_report(rules->diag, assumes ? SEVERITY_WARNING : severity, rule->name, place, "%s",
	            text);
	if (assumes) {
		diag_help(rules->diag, "assumed: %s", rule->assumed);
	}
	/* The same message of the same place counts once. */
	if (!leaves_hole(rule) && rule->scope != SCOPE_LACKS) {
		rules->errors += diag_count(rules->diag, SEVERITY_ERROR) - before;
	}
}

bool rule_report(struct rules *rules, const struct rule *rule, struct place place,
                 const char *format, ...)
{
	va_list arguments;

	if (rule_is_off(rules, rule) || (rules->lost && rule->scope == SCOPE_ABSENT)) {
		diag_skip(rules->diag);
		return false;
	}
	va_start(arguments, format);
	report(rules, rule, rule->severity, place, format, arguments);
	va_end(arguments);
	return true;
}

bool rule_report_runs(struct rules *rules, const struct rule *rule, struct place place,
                      const char *format, ...)
{
	va_list arguments;

	rules->refused = true;
	/* Switching the rule off does not make it run. */
	if (!rules->must_run && (rule_is_off(rules, rule) || (rules->analysis && !rules->advice))) {
		return false;
	}
	va_start(arguments, format);
	report(rules, rule,
	       rules->must_run   ? SEVERITY_ERROR
	       : rules->analysis ? SEVERITY_ADVICE
	                         : rule->severity,
	       place, format, arguments);
	va_end(arguments);
	if (!rules->must_run) {
		diag_help(rules->diag, "`topo build` and `topo run` refuse it");
	}
	return true;
}
