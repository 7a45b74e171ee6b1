/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of checks, and running them.
 */
#include <stdarg.h>
#include <string.h>

#include "topo/checks/internal.h"

#define CHECK_ROW(id, name, severity, scope, run, why)                                             \
	[CHECK_##id] = {name, SEVERITY_##severity, SCOPE_##scope, run, why},

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

bool checks_switch_off(struct checks *checks, const char *name)
{
	enum check_id id = check_find(name);

	if (id == CHECK_COUNT) {
		return false;
	}
	checks->off[id] = true;
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
	if (checks->running && checks->analysis && rows[id].scope == SCOPE_ROOM) {
		severity = SEVERITY_WARNING;
	}
	if (severity == SEVERITY_ERROR && rows[id].scope != SCOPE_BREAKS) {
		checks->errors++;
	}
	diag_report(checks->diag, severity, rows[id].name, place, "%s", text);
}

bool check_report(struct checks *checks, enum check_id id, struct place place, const char *format,
                  ...)
{
	va_list arguments;

	if (checks->off[id]) {
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

/* Whether a check of that scope has something to say. */
static bool applies(const struct checks *checks, enum check_scope scope, bool whole)
{
	switch (scope) {
	case SCOPE_WHOLE:
	case SCOPE_ROOM:
		return whole;
	case SCOPE_SOUND:
		return whole && checks->errors == 0;
	case SCOPE_EACH:
	case SCOPE_BREAKS:
		break;
	}
	return true;
}

void checks_run(struct checks *checks, const struct topology *topology, bool whole)
{
	/* Summaries last, when it is known whether there were errors. */
	checks->running = true;
	for (unsigned int round = 0; round < 2; round++) {
		for (size_t id = 0; id < CHECK_COUNT; id++) {
			const struct check *row = &rows[id];
			bool wanted = !checks->off[id] || checks->must_run;

			if (row->run != NULL && wanted &&
			    (row->scope == SCOPE_SOUND) == (round == 1) &&
			    applies(checks, row->scope, whole)) {
				row->run(checks, topology);
			}
		}
	}
}
