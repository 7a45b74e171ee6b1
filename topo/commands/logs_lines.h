/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What topo logs shows of the bytes of a log: all, the last lines, or of the system's log, whose lines are
 * "[SECONDS.MS] WHO: TEXT", those of some and from some time on.
 */
#ifndef TOPO_COMMANDS_LOGS_LINES_H
#define TOPO_COMMANDS_LOGS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/runner/linecut.h"

struct logs_lines {
	bool plain;        /* a terminal: show, do not obey */
	bool chosen;       /* it is the system's log, and the lines are chosen by what follows */
	const char **whos; /* of these; none = of all */
	size_t who_count;
	bool coloured;
	uint64_t since_ms; /* from then on */
	bool counts;       /* print nothing, count */
	uint64_t count;    /* lines so far */
	uint64_t skip;     /* lines still to be left out */
	char line[LINECUT_BYTES + 256];
	size_t used; /* of a line that has not ended */
};

/** Take @bytes, which may be changed. Returns false when standard output does not take them. */
bool logs_lines_put(struct logs_lines *lines, uint8_t *bytes, size_t count);

/** All that there is was counted: print the last @tail lines. */
void logs_lines_start_tail(struct logs_lines *lines, uint64_t tail);

#endif
