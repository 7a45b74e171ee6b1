/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who rings a VM takes nothing of its vCPUs on other CPUs: an event that vCPU 0 cannot have served now,
 * since its CPU runs somebody above it or its budget is spent, keeps the VMM from nobody.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "kernel/core/vcpu.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

static struct regs *run_on(uint32_t cpu)
{
	fake.cpu = cpu;
	fake.in_vmm = kernel.cpus[cpu].world == WORLD_VMM;
	return sched_resume(&kernel.cpus[cpu]);
}

static void fail_on_idle(void)
{
	fail_msg("vCPU 1 waits for a VMM that waits for vCPU 0");
}

/* While CPU 1 sleeps, the VM above wakes on CPU 0. */
static void preempt(void)
{
	fake.cpu = 0;
	locked_wake(&kernel.vcpus[2]);
	assert_ptr_equal(run_on(0), &kernel.vcpus[2].regs);
	assert_int_equal(fake.pokes[1], 1);
	fake.cpu = 1;
	fake.in_vmm = false;
}

/* By the VMM of @d, on the CPU that runs. */
static void wait_call(struct domain *d, enum pv_reply reply)
{
	const struct trap t = {.esr = 0x15ULL << 26};

	d->vmm_regs.x[8] = PV_CALL_WAIT;
	d->vmm_regs.x[0] = reply;
	trap_synchronous(&kernel.cpus[fake.cpu], &t);
}

static void test_above_it(void **state)
{
	const struct message message = {{PV_MSG_CALL, 1}};
	struct vcpu *v = kernel.vcpus;

	(void)state;
	fake_build(2, 2, 2);
	kernel.doorbells[0] = (struct doorbell){
		.domain = &kernel.domains[0], .kind = PV_DOORBELL_EVENT, .number = 9};
	fake_set_priority(&v[2], 200); /* another VM's, on the CPU of vCPU 0; it never stops */
	v[3].wait = WAIT_OFF;
	kernel.cpus[0].resched = 1;
	kernel.cpus[1].resched = 1;
	assert_ptr_equal(run_on(0), &v[2].regs);
	assert_ptr_equal(run_on(1), &v[1].regs);
	fake.cpu = 0;
	doorbell_ring(0); /* by that VM, or any other that may */
	assert_ptr_equal(run_on(0), &v[2].regs);
	fake.cpu = 1;
	v[1].message = message;
	message_send(&v[1]);
	fake.on_idle = fail_on_idle;
	assert_ptr_equal(run_on(1), &kernel.domains[0].vmm_regs);
}

/* Preempted while it serves events: whoever waits goes on with that, and has its own served then. */
static void test_in_the_middle(void **state)
{
	const struct message message = {{PV_MSG_CALL, 1}};
	struct vcpu *v = kernel.vcpus;
	struct domain *d = &kernel.domains[0];

	(void)state;
	fake_build(2, 2, 2);
	kernel.doorbells[0] =
		(struct doorbell){.domain = d, .kind = PV_DOORBELL_EVENT, .number = 9};
	fake_set_priority(&v[2], 200);
	v[2].wait = WAIT_IRQ;
	v[3].wait = WAIT_OFF;
	assert_ptr_equal(run_on(1), &v[1].regs);
	fake.cpu = 0;
	doorbell_ring(0);
	assert_ptr_equal(run_on(0), &d->vmm_regs);
	fake.cpu = 1;
	v[1].message = message;
	message_send(&v[1]);
	fake.on_idle = preempt;
	assert_ptr_equal(run_on(1), &d->vmm_regs);
	assert_ptr_equal(kernel.cpus[0].regs, &v[2].regs);
	assert_int_equal(d->serving, SERVING_EVENTS);
	wait_call(d, PV_REPLY_NONE);
	assert_ptr_equal(run_on(1), &d->vmm_regs);
	assert_int_equal(d->serving, SERVING_VCPU);
	wait_call(d, PV_REPLY_RESUME);
	assert_ptr_equal(run_on(1), &v[1].regs);
	/* vCPU 0 rests: it is not interrupted while another VM has its CPU. */
	assert_true(v[0].resting);
	doorbell_ring(0);
	assert_int_equal(d->vmm_owner, NONE);
}

static void sleep_until_the_deadline(void)
{
	assert_in_range(fake.deadline, fake.now, fake.now + kernel.slice_ticks);
	fake.now = fake.deadline;
	sched_deadline(&kernel.cpus[0]);
}

/* The counter goes on while a host does not run the emulated CPU: who served an event then is not kept
 * from the next one for twice as long, and not for all such times together. */
static void test_a_stall_is_no_rest(void **state)
{
	struct domain *d = &kernel.domains[0];

	(void)state;
	fake_build(1, 1, 1);
	kernel.doorbells[0] =
		(struct doorbell){.domain = d, .kind = PV_DOORBELL_EVENT, .number = 9};
	kernel.vcpus[0].wait = WAIT_IRQ;
	fake.on_idle = sleep_until_the_deadline;
	doorbell_ring(0);
	for (uint32_t n = 0; n < 3; n++) {
		assert_ptr_equal(run_on(0), &d->vmm_regs);
		fake.now += 1000 * kernel.slice_ticks;
		doorbell_ring(0);
		wait_call(d, PV_REPLY_NONE);
	}
	/* A service of a usual length is rested from in full. */
	assert_ptr_equal(run_on(0), &d->vmm_regs);
	fake.now += 10;
	wait_call(d, PV_REPLY_NONE);
	assert_int_equal(kernel.vcpus[0].rest_at, fake.now + 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_above_it),
		cmocka_unit_test(test_in_the_middle),
		cmocka_unit_test(test_a_stall_is_no_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
