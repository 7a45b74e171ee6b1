/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding out what a report is made from: topo/report/origin.h. */
#ifndef TOPO_COMMANDS_ORIGIN_H
#define TOPO_COMMANDS_ORIGIN_H

#include <stdbool.h>
#include <time.h>

#include "topo/base/arena.h"
#include "topo/commands/commands.h"
#include "topo/report/origin.h"

/** The time that SOURCE_DATE_EPOCH gives, or else the clock. False: there is no number of seconds in it. */
bool origin_time(time_t *when);

/** What the command line @cl makes of @loaded; @output: the argument of -o in it, or NULL; @own: with the files that are installed with topo and
 * go into each system. Lives as long as @arena and @loaded. */
const struct report_origin *origin_find(const struct command_line *cl, const struct loaded *loaded,
                                        const char *output, bool own, struct arena *arena);

#endif
