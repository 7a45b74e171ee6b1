/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical interrupts: what is done about each, which of them stay active, and how many are taken
 * when a sleep ends.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c kernel/core/domain.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/interrupt.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define BIT(kind) (1U << (kind))
#define ALL (BIT(INTERRUPT_STRAY + 1) - 2U)

static struct cpu *const c = &kernel.cpus[0];

static void take(enum interrupt_kind kind)
{
	fake.ended = 0;
	fake.deactivated = 0;
	fake.interrupts = BIT(kind);
	assert_true(interrupt_take(c));
	assert_int_equal(fake.ended, BIT(kind));
}

static void test_only_the_guests_timer_stays_active(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	c->current = &kernel.vcpus[0];
	for (uint32_t kind = INTERRUPT_NONE + 1; kind <= INTERRUPT_STRAY; kind++) {
		bool guests = kind == INTERRUPT_TIMER || kind == INTERRUPT_LINE;

		take((enum interrupt_kind)kind);
		assert_int_equal(fake.deactivated, guests ? 0 : BIT(kind));
	}
	assert_true(vgic_timer_in_flight(&kernel.vcpus[0]));
	/* Of nobody: it is not kept. */
	c->current = NULL;
	take(INTERRUPT_TIMER);
	assert_int_equal(fake.deactivated, BIT(INTERRUPT_TIMER));
	fake.ended = 0;
	assert_false(interrupt_take(c));
	assert_int_equal(fake.ended, 0);
}

static void test_each_does_its_own(void **state)
{
	static const uint8_t input[] = {'x'};

	(void)state;
	fake_build(1, 1, 1);
	c->current = &kernel.vcpus[0];
	take(INTERRUPT_POKE);
	take(INTERRUPT_STRAY);
	assert_int_equal(c->resched, 0);
	fake.deadline = 5;
	take(INTERRUPT_DEADLINE);
	assert_int_equal(c->resched, 1);
	assert_true(fake.deadline == UINT64_MAX);
	fake.input = input;
	fake.input_bytes = 1;
	take(INTERRUPT_UART);
	assert_int_equal(fake.input_bytes, 0);
}

static void interrupt_and_wake(void)
{
	fake.interrupts = ALL;
	kernel.vcpus[0].wait = WAIT_NOTHING;
}

/* Four of seven, the most urgent first; the others come as exceptions. */
static void test_a_sleep_ends_with_a_few(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	kernel.vcpus[0].wait = WAIT_IRQ;
	fake.on_idle = interrupt_and_wake;
	c->resched = 1;
	assert_ptr_equal(sched_resume(c), &kernel.vcpus[0].regs);
	assert_int_equal(fake.interrupts,
	                 BIT(INTERRUPT_UART) | BIT(INTERRUPT_LINE) | BIT(INTERRUPT_STRAY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_guests_timer_stays_active),
		cmocka_unit_test(test_each_does_its_own),
		cmocka_unit_test(test_a_sleep_ends_with_a_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
