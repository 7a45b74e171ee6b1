/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last bytes of a stream: what a console shows when somebody attaches, and the last lines
 * that a failure report quotes.
 */
#ifndef TOPO_RUNNER_TAIL_H
#define TOPO_RUNNER_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "topo/runner/linecut.h"

#define TAIL_BYTES 16384U

/* A tail of zeroes is empty. */
struct tail {
	uint8_t ring[TAIL_BYTES];
	uint64_t total; /* bytes put so far; the newest lies before ring[total % TAIL_BYTES] */
};

/** Append @count bytes; the oldest go. */
void tail_put(struct tail *tail, const uint8_t *bytes, size_t count);

/** Copy the newest bytes, at most @size, to @out in order; returns how many. */
size_t tail_copy(const struct tail *tail, uint8_t *out, size_t size);

/** Call @sink for each of the last @line_count lines, fit to be shown. */
void tail_lines(const struct tail *tail, size_t line_count, linecut_sink *sink, void *owner);

#endif
