/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A rule as named data: one thing that topo can find wrong with a topology, apart from plain errors
 * of syntax and type. Each has a name by which it is listed, explained and switched off, and one
 * paragraph that says why it is there. Some are applied by topo/resolve while the model is put
 * together (topo/resolve/read_rules.h), the others look at the finished model (topo/checks/table.h).
 */
#ifndef TOPO_RULES_RULES_H
#define TOPO_RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/diag/diag.h"

/*
 * How much of the topology a rule looks at, and so whether it still has something to say after an
 * error in it.
 */
enum rule_scope {
	SCOPE_EACH,   /* one thing, or a pair: whatever could be read */
	SCOPE_WHOLE,  /* sums and absences: of a topology that was read whole */
	SCOPE_SOUND,  /* a summary: of a topology without errors */
	SCOPE_LACKS,  /* while it is read; what was meant is missing in the model, as if not said */
	SCOPE_BREAKS, /* while it is read; what is wrong leaves a hole in the model */
	SCOPE_ABSENT, /* the same: a name that leads nowhere, unless what could declare it is lost */
};

struct rule {
	const char *name;
	enum severity severity;
	enum rule_scope scope;
	const char *why;
	/*
	 * Of a rule that is TO_RUN: what it finds keeps the system from booting and makes no statement
	 * of the topology wrong. It is an error like others, and a warning to those who only analyse,
	 * who go on with this assumption. Else NULL.
	 */
	const char *assumed;
};

#define RULE(id, name, severity, scope, why)                                                       \
	const struct rule rule_##id = {name, SEVERITY_##severity, SCOPE_##scope, why, NULL}
#define RULE_TO_RUN(id, name, scope, why, assumed)                                                 \
	const struct rule rule_##id = {name, SEVERITY_ERROR, SCOPE_##scope, why, assumed}

/* For lists X(id) of rules. */
#define RULE_DECLARE(id) extern const struct rule rule_##id;
#define RULE_POINTER(id) &rule_##id,

/* Which rules are off, and where messages go. */
struct rules {
	struct diag *diag;
	const struct rule *const *all; /* that there are */
	size_t count;
	bool *off;                  /* of each: somebody said so */
	bool advice;                /* advice is given too */
	bool must_run;              /* what cannot be run yet is an error */
	bool analysis;              /* what only running must refuse is a warning */
	const struct rule *current; /* whose check runs; NULL while the model is read */
	bool refused;               /* something was found that cannot be run, said or not */
	bool lost;                  /* declarations could not be read, which was said */
	size_t errors;              /* reported so far that leave the model whole */
};

/** Whether what @rule finds is not reported. */
bool rule_is_off(const struct rules *rules, const struct rule *rule);

/**
 * Switch off the rule of that name, as is said at @place. False when there is none, or when what it
 * finds leaves a hole in the model: that was reported.
 */
bool rules_switch_off(struct rules *rules, const char *name, struct place place);

/**
 * Report what @rule found, unless it is off; true when it was reported, so that the caller adds its
 * notes and help by diag_note and diag_help.
 */
bool rule_report(struct rules *rules, const struct rule *rule, struct place place,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Report what cannot be run: an error for those who run it, advice for those who only analyse, else of @rule's severity. */
bool rule_report_runs(struct rules *rules, const struct rule *rule, struct place place,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
