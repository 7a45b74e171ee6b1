/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU budgets: budget.h says what they promise. Pure arithmetic on one object. */
#include "kernel/core/budget.h"

void budget_return(struct budget *b, uint64_t now)
{
	for (uint32_t n = 0; n < BUDGET_PIECES && now >= budget_back_at(b); n++) {
		b->spent -= b->pieces[b->first].ticks;
		b->first = (b->first + 1) % BUDGET_PIECES;
		b->count--;
	}
}

void budget_spend(struct budget *b, uint64_t from, uint64_t to)
{
	if (!b->ticks || from == to) {
		return;
	}
	struct budget_piece *newest = &b->pieces[(b->first + b->count - 1) % BUDGET_PIECES];

	if (!b->count || (from != b->until && from - b->opened >= b->period / (BUDGET_PIECES - 1) &&
	                  b->count < BUDGET_PIECES)) {
		newest = &b->pieces[(b->first + b->count++) % BUDGET_PIECES];
		newest->ticks = 0;
		newest->back_at = from + b->period;
		b->opened = from;
	} else if (from != b->until) {
		newest->back_at = from + b->period;
	}
	newest->ticks += to - from;
	b->spent += to - from;
	b->until = to;
}
