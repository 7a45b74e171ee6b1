/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding out what a report is made from: topo/report/origin.h. */
#ifndef TOPO_COMMANDS_ORIGIN_H
#define TOPO_COMMANDS_ORIGIN_H

#include <stdbool.h>
#include <time.h>

#include "topo/base/arena.h"
#include "topo/commands/assertions.h"
#include "topo/commands/commands.h"
#include "topo/report/origin.h"

/** The time that SOURCE_DATE_EPOCH gives, or else the clock. False: there is no number of seconds in it. */
bool origin_time(time_t *when);

/* The arguments of -o on a command line; the last one counts. */
struct output_words {
	const char **words;
	size_t count;
};

/** What the command line @cl makes of @loaded. @asserted: what it asks; @own: with the files
 * that are installed with topo. Lives as long as @arena and @loaded. */
const struct report_origin *origin_find(const struct command_line *cl, const struct loaded *loaded,
                                        const struct asserted_list *asserted,
                                        const struct output_words *outputs, bool own,
                                        struct arena *arena);

#endif
