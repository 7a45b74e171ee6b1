/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `topo report`: the emitters of the security analysis (topo/analysis/analysis.h). Each prints
 * the whole report to a stream; they decide on form only, what is true is decided by the analysis.
 */
#ifndef TOPO_REPORT_REPORT_H
#define TOPO_REPORT_REPORT_H

#include <stdio.h>

#include "topo/analysis/analysis.h"
#include "topo/report/assert.h"
#include "topo/report/origin.h"

/* What is reported: an analysis, the assertions that were asked for, and what all of it is made from. */
struct report {
	const struct analysis *analysis;
	const struct assertion *assertions;
	size_t assertion_count;
	const struct report_origin *origin;
};

/** For people, at a terminal. */
void report_text(const struct report *report, FILE *out);

/** For programs: docs/report.schema.json. */
void report_json(const struct report *report, FILE *out);

/** One page that stands by itself. */
void report_html(const struct report *report, FILE *out);

/** The assertions alone, as text: one line for each, and why those fail that do. */
void report_assertions(const struct report *report, FILE *out);

#endif
