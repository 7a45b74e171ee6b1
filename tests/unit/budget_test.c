/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU budgets: whatever the pattern of runs, no window of one period holds more than the budget,
 * which is looked at by brute force; and who is always ready gets it.
 */
/* links: kernel/core/budget.c */
#include "kernel/core/budget.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define RUNS 400U

struct run {
	uint64_t from, to;
};

static struct run runs[RUNS];
static uint32_t run_count;

/* What of @r lies in [from, to). */
static uint64_t within(const struct run *r, uint64_t from, uint64_t to)
{
	uint64_t a = r->from > from ? r->from : from;
	uint64_t b = r->to < to ? r->to : to;

	return a < b ? b - a : 0;
}

static uint64_t run_in(uint64_t from, uint64_t to)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < run_count; i++) {
		sum += within(&runs[i], from, to);
	}
	return sum;
}

/* A window that holds the most begins where a run does, or ends where one does. */
static void check_windows(uint64_t budget, uint64_t period)
{
	for (uint32_t i = 0; i < run_count; i++) {
		assert_true(run_in(runs[i].from, runs[i].from + period) <= budget);
		if (runs[i].to >= period) {
			assert_true(run_in(runs[i].to - period, runs[i].to) <= budget);
		}
	}
}

static void check_state(const struct budget *b)
{
	uint64_t sum = 0;
	uint64_t last = 0;

	assert_true(b->count <= BUDGET_PIECES);
	for (uint32_t n = 0; n < b->count; n++) {
		const struct budget_piece *p = &b->pieces[(b->first + n) % BUDGET_PIECES];

		assert_true(p->back_at >= last);
		last = p->back_at;
		sum += p->ticks;
	}
	assert_int_equal(sum, b->spent);
}

/* Run for @ticks or as long as the budget lasts, in pieces as a scheduler charges them. */
static uint64_t run(struct budget *b, uint64_t now, uint64_t ticks)
{
	uint64_t from = now;

	budget_return(b, now);
	while (ticks && budget_left(b)) {
		uint64_t most = ticks < budget_left(b) ? ticks : budget_left(b);
		uint64_t piece = 1 + random_below((uint32_t)most);

		budget_spend(b, now, now + piece);
		check_state(b);
		now += piece;
		ticks -= piece;
		if (random_below(2)) {
			budget_return(b, now);
		}
	}
	if (now > from) {
		runs[run_count++] = (struct run){from, now};
	}
	return now;
}

static void test_any_window(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 600; seed++) {
		random_start(seed);
		uint64_t period = 10 + random_below(2000);
		uint64_t budget = 1 + random_below((uint32_t)period);
		uint32_t longest = 1 + random_below((uint32_t)(seed % 3 ? budget : 5));
		uint32_t gap = 1 + random_below((uint32_t)(seed % 2 ? period : 5));
		struct budget b = {.ticks = budget, .period = period};
		uint64_t now = 5000;

		run_count = 0;
		while (run_count < RUNS) {
			now = run(&b, now, 1 + random_below(longest));
			/* Sometimes at the very moment when some of it comes back. */
			uint64_t back_at = budget_back_at(&b);

			now = random_below(3) == 0 && back_at > now && back_at != UINT64_MAX
			              ? back_at
			              : now + random_below(gap);
		}
		check_windows(budget, period);
	}
}

/* 2 of 10, saved to the end of a period: not 3.9 in a row. */
static void test_saved_budget(void **state)
{
	(void)state;
	struct budget b = {.ticks = 2000, .period = 10000};

	run_count = 0;
	(void)run(&b, 50000, 100);
	(void)run(&b, run(&b, 50000 + 10000 - 1900, 1900), 2000);
	assert_int_equal(run_in(50000 + 8100, 50000 + 18100), 2000);
	check_windows(2000, 10000);
}

/* Always ready and alone: the budget in each period, exactly. */
static void test_always_ready(void **state)
{
	(void)state;
	struct budget b = {.ticks = 30, .period = 100};

	run_count = 0;
	for (uint64_t n = 0; n < 100; n++) {
		assert_int_equal(run(&b, 5000 + 100 * n, 1000), 5030 + 100 * n);
		assert_int_equal(budget_back_at(&b), 5100 + 100 * n);
	}
}

/* Always ready, and interrupted all the time: what comes back is late by a part of the period. */
static void test_always_ready_interrupted(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 100; seed++) {
		struct budget b = {.ticks = 300, .period = 1000};
		uint64_t ran = 0;
		uint64_t now = 5000;

		random_start(seed);
		while (now < 205000) {
			run_count = 0;
			uint64_t to = run(&b, now, 1 + random_below(40));

			ran += to - now;
			now = to + 1 + random_below(20);
		}
		check_state(&b);
		assert_true(ran >= 300ULL * 200 * (BUDGET_PIECES - 2) / (BUDGET_PIECES - 1));
		assert_true(ran <= 300ULL * 201);
	}
}

/* An interrupt that came late: it is paid for. */
static void test_overrun(void **state)
{
	(void)state;
	struct budget b = {.ticks = 30, .period = 100};

	budget_spend(&b, 1000, 1045);
	assert_int_equal(budget_left(&b), 0);
	budget_return(&b, 1099);
	assert_int_equal(budget_left(&b), 0);
	budget_return(&b, 1100);
	assert_int_equal(budget_left(&b), 30);
	assert_int_equal(budget_back_at(&b), UINT64_MAX);
}

static void test_no_limit(void **state)
{
	(void)state;
	struct budget b = {0};

	budget_spend(&b, 1000, 100000);
	assert_true(budget_left(&b) > UINT32_MAX);
	assert_int_equal(b.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_window),
		cmocka_unit_test(test_saved_budget),
		cmocka_unit_test(test_always_ready),
		cmocka_unit_test(test_always_ready_interrupted),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
