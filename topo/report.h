/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `topo report`: the emitters of the security analysis (topo/analysis/analysis.h). Each prints
 * the whole report to a stream; they decide on form only, what is true is decided by the analysis.
 */
#ifndef TOPO_REPORT_H
#define TOPO_REPORT_H

#include <stdio.h>

#include "topo/analysis/analysis.h"

/** For people, at a terminal. */
void report_text(const struct analysis *analysis, FILE *out);

#endif
