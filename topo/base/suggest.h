/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spelling suggestions: the known name that is nearest to a wrong one. Feed all candidates, then
 * read `best`, which stays NULL when nothing is near enough to be worth saying.
 */
#ifndef TOPO_BASE_SUGGEST_H
#define TOPO_BASE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *wrong; /* NUL-terminated */
	const char *best;
	size_t best_distance;
	size_t work_left; /* pairs of letters that may still be compared */
};

/** Start a search for what was meant by @wrong. */
struct suggest suggest_start(const char *wrong);

/** Consider @candidate. Candidates whose length alone is too far off cost next to nothing. */
void suggest_consider(struct suggest *suggest, const char *candidate);

#endif
