/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is woken while this CPU turns from one vCPU to the next, by what the last one's list registers
 * say, is not left behind one of lower priority.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define SPI 40U

static struct regs *run(void)
{
	fake.in_vmm = kernel.cpus[0].world == WORLD_VMM;
	return sched_resume(&kernel.cpus[0]);
}

/* vCPU 0 handles an SPI that was given to vCPU 1 meanwhile, and pends again. It ends it, and @poked:
 * at the same moment another VM wakes on this CPU. */
static void build(bool other_wakes)
{
	fake_build(2, 2, 1);
	struct vcpu *v = kernel.vcpus;
	const uint64_t edge = PV_VIRQ_ENABLED | PV_VIRQ_EDGE | 0xa0U << PV_VIRQ_PRIORITY_SHIFT;

	fake_set_priority(&v[1], 200);
	v[1].wait = WAIT_IRQ;
	fake_set_priority(&v[2], 150);
	v[2].wait = WAIT_IRQ;
	v[3].wait = WAIT_OFF;
	kernel.domains[0].vgic_enabled = true;
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(run(), &v[0].regs);
	assert_int_equal(locked_configure(&v[0], SPI, edge), OK);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_ptr_equal(run(), &v[0].regs);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	assert_int_equal(locked_configure(&v[0], SPI, edge | 1U << PV_VIRQ_TARGET_SHIFT), OK);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_ptr_equal(run(), &v[0].regs);
	assert_int_equal(v[1].wait, WAIT_IRQ);
	fake_guest_end(SPI);
	if (other_wakes) {
		locked_wake(&v[2]);
	} else {
		kernel.cpus[0].resched = 1;
	}
}

static void test_woken_by_the_fold_of_who_goes(void **state)
{
	(void)state;
	build(true);
	assert_ptr_equal(run(), &kernel.vcpus[1].regs);
}

static void test_woken_by_the_flush_of_who_stays(void **state)
{
	(void)state;
	build(false);
	kernel.vcpus[0].vgic.dirty = VGIC_DIRTY;
	kernel.cpus[0].world = WORLD_IDLE; /* as behind a call */
	assert_ptr_equal(run(), &kernel.vcpus[1].regs);
}

static void fail_on_idle(void)
{
	fail_msg("sleeps although somebody can run");
}

/* The same where the vCPU waits for its VMM, which another CPU runs, and nobody else is there. */
static void test_woken_by_the_fold_before_sleep(void **state)
{
	const uint64_t edge = PV_VIRQ_ENABLED | PV_VIRQ_EDGE | 0xa0U << PV_VIRQ_PRIORITY_SHIFT;
	const struct message message = {{PV_MSG_CALL, 0}};
	struct vcpu *v = kernel.vcpus;

	(void)state;
	fake_build(1, 3, 2);
	v[2].wait = WAIT_IRQ; /* on CPU 0, as vCPU 0 */
	kernel.domains[0].vgic_enabled = true;
	kernel.domains[0].vmm_owner = 1;
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(run(), &v[0].regs);
	assert_int_equal(locked_configure(&v[0], SPI, edge), OK);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_ptr_equal(run(), &v[0].regs);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	assert_int_equal(locked_configure(&v[0], SPI, edge | 2U << PV_VIRQ_TARGET_SHIFT), OK);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_ptr_equal(run(), &v[0].regs);
	fake_guest_end(SPI);
	fake.on_idle = fail_on_idle;
	v[0].message = message;
	message_send(&v[0]);
	assert_ptr_equal(run(), &v[2].regs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_woken_by_the_fold_before_sleep),
		cmocka_unit_test(test_woken_by_the_fold_of_who_goes),
		cmocka_unit_test(test_woken_by_the_flush_of_who_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
