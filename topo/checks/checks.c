/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running the checks over a finished model.
 */
#include "topo/checks/checks.h"

#include "topo/checks/internal.h"

#define CHECK_RUN(id, name, severity, scope, run, why) [CHECK_##id] = run,

static check_function *const runs[CHECK_COUNT] = {CHECKS(CHECK_RUN)};

#undef CHECK_RUN

/* Whether a check of that scope has something to say. */
static bool applies(const struct checks *checks, enum check_scope scope, bool whole)
{
	switch (scope) {
	case SCOPE_WHOLE:
		return whole;
	case SCOPE_SOUND:
		return whole && checks->errors == 0;
	case SCOPE_EACH:
	case SCOPE_BREAKS:
	case SCOPE_ABSENT:
		break;
	}
	return true;
}

void checks_run(struct checks *checks, const struct topology *topology, bool whole)
{
	/* Summaries last, when it is known whether there were errors. */
	for (unsigned int round = 0; round < 2; round++) {
		for (size_t id = 0; id < CHECK_COUNT; id++) {
			enum check_scope scope = check_row((enum check_id)id)->scope;
			bool wanted = !checks->off[id] || checks->must_run;

			if (runs[id] != NULL && wanted && (scope == SCOPE_SOUND) == (round == 1) &&
			    applies(checks, scope, whole)) {
				checks->current = (enum check_id)id;
				runs[id](checks, topology);
			}
		}
	}
	checks->current = CHECK_COUNT;
}
