/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of checks, and reporting what they find.
 */
#include "topo/rules/rules.h"

#include <stdarg.h>
#include <string.h>

#include "topo/base/suggest.h"

/* What each that is TO_RUN assumes: one without an entry here does not compile. */
#define ASSUMED(id, text) static const char assumed_##id[] = text;
CHECKS_ASSUMED(ASSUMED)
#undef ASSUMED

#define ASSUMED_ERROR(id) NULL
#define ASSUMED_WARNING(id) NULL
#define ASSUMED_ADVICE(id) NULL
#define ASSUMED_TO_RUN(id) assumed_##id

#define CHECK_ROW(id, name, severity, scope, run, why)                                             \
	[CHECK_##id] = {name, CHECK_SEVERITY_##severity, SCOPE_##scope, why,                       \
	                ASSUMED_##severity(id)},

static const struct check rows[CHECK_COUNT] = {CHECKS(CHECK_ROW)};

#undef CHECK_ROW

const struct check *check_row(enum check_id id)
{
	return &rows[id];
}

enum check_id check_find(const char *name)
{
	size_t id = 0;

	while (id < CHECK_COUNT && strcmp(rows[id].name, name) != 0) {
		id++;
	}
	return (enum check_id)id;
}

static bool leaves_hole(enum check_id id)
{
	return rows[id].scope == SCOPE_BREAKS || rows[id].scope == SCOPE_ABSENT;
}

bool checks_switch_off(struct checks *checks, const char *name, struct place place)
{
	enum check_id id = check_find(name);

	if (id == CHECK_COUNT) {
		struct suggest suggest = suggest_start(name);

		for (size_t i = 0; i < CHECK_COUNT; i++) {
			suggest_consider(&suggest, rows[i].name);
		}
		diag_error(checks->diag, place, "no check is called '%s'", name);
		if (suggest.best != NULL) {
			diag_help(checks->diag, "did you mean '%s'?", suggest.best);
		} else {
			diag_help(checks->diag, "`topo check --list` shows all of them");
		}
		return false;
	}
	if (leaves_hole(id)) {
		diag_error(checks->diag, place, "'%s' cannot be switched off", name);
		diag_help(checks->diag, "what it finds leaves a hole in the topology");
		return false;
	}
	checks->off[id] = true;
	checks->switched[id] = true;
	return true;
}

static void report(struct checks *checks, enum check_id id, enum severity severity,
                   struct place place, const char *format, va_list arguments)
	__attribute__((format(printf, 5, 0)));

static void report(struct checks *checks, enum check_id id, enum severity severity,
                   struct place place, const char *format, va_list arguments)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, arguments);
	bool assumes = checks->analysis && rows[id].to_run;
	size_t before = diag_count(checks->diag, SEVERITY_ERROR);

	/* One that reports for another would take the other with it when it is off itself. */
	if (checks->current != CHECK_COUNT && checks->current != id) {
		diag_error(checks->diag, place, "a fault of topo: check '%s' speaks for '%s'",
		           rows[checks->current].name, rows[id].name);
	}
	severity = assumes ? SEVERITY_WARNING : severity;
	diag_report(checks->diag, severity, rows[id].name, place, "%s", text);
	if (assumes) {
		diag_help(checks->diag, "assumed: %s", rows[id].assumed);
	}
	/* The same message of the same place counts once. What an attribute that is spelled wrongly
	 * says is missing elsewhere. */
	if (!leaves_hole(id) && id != CHECK_UNKNOWN_ATTRIBUTE) {
		checks->errors += diag_count(checks->diag, SEVERITY_ERROR) - before;
	}
}

bool check_report(struct checks *checks, enum check_id id, struct place place, const char *format,
                  ...)
{
	va_list arguments;

	if (checks->off[id] || (checks->lost && rows[id].scope == SCOPE_ABSENT)) {
		diag_skip(checks->diag);
		return false;
	}
	va_start(arguments, format);
	report(checks, id, rows[id].severity, place, format, arguments);
	va_end(arguments);
	return true;
}

bool check_report_runs(struct checks *checks, enum check_id id, struct place place,
                       const char *format, ...)
{
	va_list arguments;

	/* Switching the check off does not make it run. */
	if (checks->off[id] && !checks->must_run) {
		return false;
	}
	va_start(arguments, format);
	report(checks, id, checks->must_run ? SEVERITY_ERROR : rows[id].severity, place, format,
	       arguments);
	va_end(arguments);
	return true;
}
