/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing comes to an end, whatever other CPUs do meanwhile, and finds whom this CPU itself has
 * woken on the way.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define SPI 40U

static struct vcpu *const v = kernel.vcpus;
static uint32_t looks; /* how often this CPU has chosen */

static struct regs *resume(void)
{
	fake.in_vmm = kernel.cpus[0].world == WORLD_VMM;
	return sched_resume(&kernel.cpus[0]);
}

static void count_look(void)
{
	looks++;
}

/* CPU 1 wakes the vCPU that sleeps here whenever this one has chosen. */
static void wake_from_outside(void)
{
	looks++;
	kernel.cpus[0].deadline = 0; /* it is set again at the next time */
	if (looks > 20) {
		fail_msg("another CPU keeps this one busy");
	}
	fake.cpu = 1;
	v[2].wait = WAIT_IRQ;
	locked_wake(&v[2]);
	vcpu_send_pokes(&kernel.cpus[1]);
	fake.cpu = 0;
}

static void test_pokes_without_end(void **state)
{
	(void)state;
	fake_build(1, 3, 2);
	fake.on_deadline = wake_from_outside;
	kernel.cpus[0].resched = 1;
	looks = 0;
	assert_ptr_equal(resume(), &v[0].regs);
	assert_int_equal(looks, 1);
	/* What it has not looked at is not lost: there is a word, and an interrupt on the way. */
	assert_true(kernel.cpus[0].resched);
	assert_true(fake.pokes[0] > 0);
}

/* What vCPU 0 has handled wakes all its siblings, when its list registers are folded: one look. */
static void test_three_are_woken_at_once(void **state)
{
	const uint64_t edge = PV_VIRQ_ENABLED | PV_VIRQ_EDGE;

	(void)state;
	fake_build(1, 4, 1);
	for (uint32_t n = 1; n < 4; n++) {
		v[n].wait = WAIT_IRQ;
		fake_set_priority(&v[n], 100 + n);
	}
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(resume(), &v[0].regs);
	for (uint32_t n = 1; n < 4; n++) {
		uint64_t priority = (uint64_t)(0x80 - 0x10 * n) << PV_VIRQ_PRIORITY_SHIFT;

		assert_int_equal(locked_configure(&v[0], SPI + n, edge | priority), OK);
		locked_pend_spi(&kernel.domains[0], SPI + n);
		assert_ptr_equal(resume(), &v[0].regs);
		assert_int_equal(fake_guest_acknowledge(), SPI + n);
		assert_int_equal(
			locked_configure(&v[0], SPI + n,
		                         edge | priority | (uint64_t)n << PV_VIRQ_TARGET_SHIFT),
			OK);
		locked_pend_spi(&kernel.domains[0], SPI + n);
		assert_ptr_equal(resume(), &v[0].regs);
	}
	for (uint32_t n = 3; n > 0; n--) {
		assert_int_equal(v[n].wait, WAIT_IRQ);
		fake_guest_end(SPI + n);
	}
	looks = 0;
	fake.on_now = count_look;
	v[0].vgic.dirty = VGIC_DIRTY;
	kernel.cpus[0].unsettled = true;
	assert_ptr_equal(resume(), &v[3].regs);
	assert_int_equal(looks, 1);
	for (uint32_t n = 1; n < 4; n++) {
		assert_int_equal(v[n].wait, WAIT_NOTHING);
	}
}

static void fail_on_idle(void)
{
	fail_msg("sleeps although somebody can run");
}

/* The vCPU in whose place the VMM serves events has spent its budget. vCPU 0, which sleeps, is to
 * take them, and nobody else can run. */
static void test_an_offer_is_taken_here(void **state)
{
	struct domain *d = &kernel.domains[0];

	(void)state;
	fake_build(1, 2, 1);
	v[0].wait = WAIT_IRQ;
	v[1].wait = WAIT_VMM;
	v[1].budget.ticks = 10;
	v[1].budget.period = 1000;
	d->vmm_owner = 1;
	d->serving = SERVING_EVENTS;
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(resume(), &d->vmm_regs);
	assert_ptr_equal(kernel.cpus[0].current, &v[1]);
	fake.now = fake.deadline;
	fake.on_idle = fail_on_idle;
	sched_deadline(&kernel.cpus[0]);
	assert_ptr_equal(resume(), &d->vmm_regs);
	assert_ptr_equal(kernel.cpus[0].current, &v[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pokes_without_end),
		cmocka_unit_test(test_three_are_woken_at_once),
		cmocka_unit_test(test_an_offer_is_taken_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
