/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A busy guest with a CPU budget and one of lower priority behind it: without the budget the
 * second never runs, and the case ends at its time limit.
 */
#include "tests/baremetal/guest.h"

#define WORK 1000U

static volatile uint64_t *shared_word(uint64_t index)
{
	return (volatile uint64_t *)((uint64_t)T_SHARED_IPA + 8 * index);
}

/* Never sleeps until the other is done. params: my word, the other's. */
PROGRAM(guest_budget_busy)
{
	volatile uint64_t *mine = shared_word(params[0]);
	volatile uint64_t *other = shared_word(params[1]);
	uint64_t longest = 0;
	uint64_t before = guest_now();

	while (*other < WORK) {
		uint64_t now = guest_now();

		/* A gap: its budget was spent, and the period not over. */
		longest = now - before > longest ? now - before : longest;
		before = now;
		++*mine;
	}
	check_true("a busy VM stands still when its budget is spent",
	           longest >= guest_hertz() / 1000 * 7);
}

/* Runs in the time that the other is not given. */
PROGRAM(guest_budget_behind)
{
	volatile uint64_t *mine = shared_word(params[0]);
	volatile uint64_t *other = shared_word(params[1]);
	uint64_t seen = *other;
	uint32_t turns = 0;

	/* Until the busy one was seen to run in between, several times. */
	while (turns < 5) {
		if (*other != seen) {
			seen = *other;
			turns++;
		}
	}
	check_true("the one behind it runs, and the busy one goes on", *other > 0);
	*mine = WORK;
}
