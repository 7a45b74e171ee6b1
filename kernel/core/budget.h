/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU budget of a vCPU: at most `ticks` of CPU time in any window of `period` ticks, wherever it
 * begins.
 *
 * What was run comes back one period after it was begun (a sporadic server). It is kept in pieces,
 * oldest first; two that begin within a part of the period are one and come back with the second,
 * so a piece never comes back too early, and there are few of them.
 *
 * Invariant: `spent` is the sum of the pieces; no `back_at` is below that of an older one. A piece
 * ends in a run of its own that began at back_at - period; all else in it was run before that.
 * Why that suffices: of a window that begins d ticks into such a run, at most ticks - d are run
 * before the piece comes back, since it counts until then, and the window ends d ticks later.
 */
#ifndef KERNEL_CORE_BUDGET_H
#define KERNEL_CORE_BUDGET_H

#include <stdint.h>

#define BUDGET_PIECES 8U

struct budget_piece {
	uint64_t back_at; /* counter value */
	uint64_t ticks;
};

struct budget {
	/* boot */
	uint64_t ticks; /* 0: no limit */
	uint64_t period;

	/* owner CPU */
	uint64_t spent;
	uint64_t until;  /* where the last run ended */
	uint64_t opened; /* where the first run of the newest piece began */
	uint32_t first, count;
	struct budget_piece pieces[BUDGET_PIECES]; /* a ring: count from first on */
};

/** What is left of @b; UINT64_MAX where there is no limit. */
static inline uint64_t budget_left(const struct budget *b)
{
	if (!b->ticks) {
		return UINT64_MAX;
	}
	return b->spent < b->ticks ? b->ticks - b->spent : 0;
}

/** When some of @b comes back; UINT64_MAX: it is whole. */
static inline uint64_t budget_back_at(const struct budget *b)
{
	return b->count ? b->pieces[b->first].back_at : UINT64_MAX;
}

/** It is @now: give back what is due. */
void budget_return(struct budget *b, uint64_t now);

/** Its owner has run in [from, to). @from: not before any that was said already. */
void budget_spend(struct budget *b, uint64_t from, uint64_t to);

#endif
