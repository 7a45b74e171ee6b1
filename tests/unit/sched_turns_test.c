/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns of equals on a fake machine: each that always wants to run gets its slice as often as any
 * other, whatever happens above it, below it, and beside it; and nobody gets more than its budget.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define VMS 6U
#define SLICE 100ULL
#define WFI (0x01ULL << 26 | 1ULL << 25)

/* What a VM does: it runs for about `runs` ticks and sleeps until it is rung, each about `rings`
 * ticks; runs 0: it never sleeps. */
struct habit {
	uint32_t priority;
	uint32_t runs, rings;
	uint32_t budget, period;
};

#define RUNS 1024U /* remembered of each VM: more than a period holds */

static struct {
	const struct habit *habits;
	bool exact; /* each time as long as it says, not at random up to twice that */
	uint64_t ran[VMS];
	uint64_t sleeps_at[VMS];
	uint64_t rung_at[VMS];
	struct {
		uint64_t from, to;
	} runs[VMS][RUNS];
	uint32_t run_count[VMS];
} sim;

static uint64_t some(uint32_t ticks)
{
	return sim.exact ? ticks : 1 + random_below(2 * ticks);
}

static void start(const struct habit *habits, uint32_t count, bool exact)
{
	memset(&sim, 0, sizeof(sim));
	sim.habits = habits;
	sim.exact = exact;
	fake_build(count, 1, 1);
	kernel.slice_ticks = SLICE;
	kernel.cpus[0].resched = 1;
	fake.now = 1000;
	for (uint32_t i = 0; i < count; i++) {
		struct vcpu *v = &kernel.vcpus[i];

		fake_set_priority(v, habits[i].priority);
		v->slice_left = SLICE;
		v->budget.ticks = habits[i].budget;
		v->budget.period = habits[i].period;
		sim.sleeps_at[i] = habits[i].runs ? some(habits[i].runs) : UINT64_MAX;
		sim.rung_at[i] = habits[i].rings ? 1000 + some(habits[i].rings) : UINT64_MAX;
	}
}

/* Ring all whose time it is. Returns when the next one is. */
static uint64_t ring(void)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < kernel.domain_count; i++) {
		struct vcpu *v = &kernel.vcpus[i];

		if (fake.now >= sim.rung_at[i]) {
			sim.rung_at[i] = fake.now + some(sim.habits[i].rings);
			locked_wake(v);
		}
		next = sim.rung_at[i] < next ? sim.rung_at[i] : next;
	}
	return next;
}

/* Until the next interrupt at an idle CPU. */
static void sleep_machine(void)
{
	uint64_t next = ring();

	fake.now = fake.deadline < next ? fake.deadline : next;
	if (fake.now == fake.deadline) {
		sched_deadline(&kernel.cpus[0]);
	}
	(void)ring();
}

/* VM @i has run in [from, fake.now): no window of a period that ends here holds more than its
 * budget. */
static void check_budget(uint32_t i, uint64_t from)
{
	uint64_t period = sim.habits[i].period;
	uint64_t begin = fake.now > period ? fake.now - period : 0;
	uint32_t last = sim.run_count[i]++;
	uint64_t sum = 0;

	sim.runs[i][last % RUNS].from = from;
	sim.runs[i][last % RUNS].to = fake.now;
	for (uint32_t n = 0; n < RUNS && n <= last; n++) {
		uint32_t at = (last - n) % RUNS;
		uint64_t a = sim.runs[i][at].from > begin ? sim.runs[i][at].from : begin;

		if (sim.runs[i][at].to <= begin) {
			break;
		}
		sum += sim.runs[i][at].to - a;
	}
	assert_true(!period || sum <= sim.habits[i].budget);
}

/* What runs runs on, until something happens. */
static void step(void)
{
	const struct regs *regs = sched_resume(&kernel.cpus[0]);
	uint32_t i = kernel.cpus[0].current->index;
	uint64_t from = fake.now;
	uint64_t next = ring();
	uint64_t sleeps = sim.sleeps_at[i] == UINT64_MAX ? UINT64_MAX : from + sim.sleeps_at[i];

	assert_ptr_equal(regs, &kernel.vcpus[i].regs);
	next = fake.deadline < next ? fake.deadline : next;
	fake.now = sleeps < next ? sleeps : next;
	sim.ran[i] += fake.now - from;
	check_budget(i, from);
	if (fake.now == sleeps) {
		const struct trap trap = {.esr = WFI};

		sim.sleeps_at[i] = some(sim.habits[i].runs);
		trap_synchronous(&kernel.cpus[0], &trap);
	} else if (sim.sleeps_at[i] != UINT64_MAX) {
		sim.sleeps_at[i] -= fake.now - from;
	}
	if (fake.now >= fake.deadline) {
		sched_deadline(&kernel.cpus[0]);
	}
	(void)ring();
}

/* Of those that never sleep and have no budget, equals never are further apart than two slices. */
static void check_equals(void)
{
	for (uint32_t a = 0; a < kernel.domain_count; a++) {
		for (uint32_t b = 0; b < kernel.domain_count; b++) {
			const struct habit *x = &sim.habits[a];
			const struct habit *y = &sim.habits[b];

			if (x->priority == y->priority && !x->runs && !y->runs && !x->budget &&
			    !y->budget) {
				assert_true(sim.ran[a] <= sim.ran[b] + 2 * SLICE);
			}
		}
	}
}

/* What is counted is what was seen. */
static void check_counters(void)
{
	for (uint32_t i = 0; i < kernel.domain_count; i++) {
		struct vcpu *v = &kernel.vcpus[i];
		uint64_t held = sched_counter(v, PV_COUNTER_HELD);

		assert_int_equal(sched_counter(v, PV_COUNTER_TIME), sim.ran[i]);
		/* To the end of the wait that it is in. */
		assert_true(sim.ran[i] + held <= fake.now + sim.habits[i].period);
		assert_true(sim.habits[i].budget || !held);
	}
}

static void run(uint64_t ticks)
{
	fake.on_idle = sleep_machine;
	for (uint64_t end = fake.now + ticks; fake.now < end;) {
		step();
		check_equals();
		check_counters();
	}
}

/* Rung ten times in a slice by whoever, one above must not decide which of two equals runs. */
static void test_preemption_leaves_the_turn(void **state)
{
	(void)state;
	static const struct habit habits[] = {
		{200, 1, 10, 0, 0}, {100, 0, 0, 0, 0}, {100, 0, 0, 0, 0}};

	start(habits, 3, true);
	run(100000);
	assert_true(sim.ran[1] > 40000 && sim.ran[2] > 40000);
}

/* A preemption at each tick of a slice, its first and its last among them. */
static void test_preemption_at_any_time(void **state)
{
	(void)state;
	for (uint32_t rings = 2; rings < 2 * SLICE + 3; rings++) {
		const struct habit habits[] = {{100, 0, 0, 0, 0},
		                               {200, 1, rings, 0, 0},
		                               {100, 0, 0, 0, 0},
		                               {100, 0, 0, 0, 0}};

		start(habits, 4, true);
		run(20000);
		assert_true(sim.ran[0] > 3000 && sim.ran[2] > 3000 && sim.ran[3] > 3000);
	}
}

/* One that sleeps and is rung often gets no more than its share, and takes nobody's turn. */
static void test_restless_equal(void **state)
{
	(void)state;
	for (uint32_t runs = 1; runs < 2 * SLICE; runs += 7) {
		const struct habit habits[] = {{100, runs, 3, 0, 0},
		                               {100, 0, 0, 0, 0},
		                               {100, runs + 1, 2, 0, 0},
		                               {100, 0, 0, 0, 0}};

		start(habits, 4, true);
		run(40000);
		for (uint32_t i = 0; i < 4; i += 2) {
			assert_true(sim.ran[i] <= sim.ran[1] + 2 * SLICE);
		}
	}
}

/* A level in the middle, budgets above and beside, everybody at random. */
static void test_any_mixture(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 400; seed++) {
		struct habit habits[VMS];

		random_start(seed);
		for (uint32_t i = 0; i < VMS; i++) {
			bool busy = random_below(2);
			bool bounded = random_below(3) == 0;

			habits[i] = (struct habit){
				.priority = 100 + 50 * random_below(3),
				.runs = busy ? 0 : 1 + random_below(2 * SLICE),
				.rings = 1 + random_below(3 * SLICE),
				.budget = bounded ? 1 + random_below(SLICE) : 0,
				.period = bounded ? 2 * SLICE + random_below(SLICE) : 0,
			};
		}
		start(habits, VMS, false);
		run(20000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preemption_leaves_the_turn),
		cmocka_unit_test(test_preemption_at_any_time),
		cmocka_unit_test(test_restless_equal),
		cmocka_unit_test(test_any_mixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
