/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold when one vCPU follows another, on a fake machine: translations of vCPUs that share
 * a VMID, what is left of a budget, and whose turn it is with the VMM.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define ESR(ec) ((uint64_t)(ec) << 26 | 1U << 25)
#define EC_WFX 0x01U
#define EC_SVC 0x15U
#define EC_HVC 0x16U

static void trap_on(uint32_t cpu, uint64_t ec)
{
	const struct trap trap = {.esr = ESR(ec)};

	fake.cpu = cpu;
	fake.in_vmm = kernel.cpus[cpu].world == WORLD_VMM;
	trap_synchronous(&kernel.cpus[cpu], &trap);
}

static const struct regs *resume_on(uint32_t cpu)
{
	fake.cpu = cpu;
	fake.in_vmm = kernel.cpus[cpu].world == WORLD_VMM;
	return sched_resume(&kernel.cpus[cpu]);
}

/* Let @next run on CPU 0, and nobody else. */
static void run_only(uint32_t next)
{
	for (uint32_t i = 0; i < kernel.vcpu_count; i++) {
		kernel.vcpus[i].wait = i == next ? WAIT_NOTHING : WAIT_IRQ;
	}
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(resume_on(0), &kernel.vcpus[next].regs);
}

/* vCPUs of a domain share a VMID: what one of them has left in the TLB the next must not find, even
 * if vCPUs of others ran between the two. One that comes back by itself keeps its own. */
static void test_translations_of_another_vcpu_are_flushed(void **state)
{
	static const struct {
		uint32_t vcpu;
		uint64_t flushes;
	} steps[] = {{0, 0}, {1, 1}, {0, 1}, {2, 0}, {0, 1}, {2, 0}, {3, 1}, {1, 2}, {3, 1}};

	(void)state;
	fake_build(2, 2, 1);
	for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		run_only(steps[i].vcpu);
		assert_int_equal(kernel.vcpus[steps[i].vcpu].arch.flushes, steps[i].flushes);
	}
}

static void ring(uint32_t vcpu)
{
	struct vcpu *v = &kernel.vcpus[vcpu];

	locked_wake(v);
}

/* A VM with a budget is preempted again and again before the budget ends: what it has run counts. */
static void test_preemption_renews_no_budget(void **state)
{
	uint64_t ran = 0;

	(void)state;
	fake_build(3, 1, 1);
	kernel.vcpus[0].budget.ticks = 30;
	kernel.vcpus[0].budget.period = 100;
	fake_set_priority(&kernel.vcpus[1], 200);
	kernel.vcpus[1].wait = WAIT_IRQ;
	fake_set_priority(&kernel.vcpus[2], 50);
	kernel.cpus[0].resched = 1;
	fake.now = 5000;
	while (fake.now < 15000) {
		const struct regs *regs = resume_on(0);

		if (regs == &kernel.vcpus[1].regs) {
			fake.now += 2;
			trap_on(0, EC_WFX);
			continue;
		}
		uint64_t from = fake.now;
		uint64_t rung = from - from % 20 + 20;

		fake.now = fake.deadline < rung ? fake.deadline : rung;
		ran += regs == &kernel.vcpus[0].regs ? fake.now - from : 0;
		if (fake.now == rung) {
			ring(1);
		}
		if (fake.now >= fake.deadline) {
			sched_deadline(&kernel.cpus[0]);
		}
	}
	assert_in_range(ran, 2500, 3030);
}

/* All vCPUs want the VMM all the time: each gets it as often as the others. */
static void test_vmm_serves_its_vcpus_in_turn(void **state)
{
	uint32_t served[PV_DOMAIN_VCPUS_MAX] = {0};
	struct domain *d = &kernel.domains[0];

	(void)state;
	fake_build(1, PV_DOMAIN_VCPUS_MAX, PV_DOMAIN_VCPUS_MAX);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX; n++) {
		assert_ptr_equal(resume_on(n), &kernel.vcpus[n].regs);
	}
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX; n++) {
		trap_on(n, EC_HVC);
	}
	for (uint32_t round = 0; round < 100 * PV_DOMAIN_VCPUS_MAX; round++) {
		uint32_t owner = d->vmm_owner;

		assert_true(owner < PV_DOMAIN_VCPUS_MAX);
		served[owner]++;
		assert_ptr_equal(resume_on(owner), &d->vmm_regs);
		d->vmm_regs.x[8] = PV_CALL_WAIT;
		d->vmm_regs.x[0] = PV_REPLY_RESUME;
		trap_on(owner, EC_SVC);
		assert_ptr_equal(resume_on(owner), &kernel.vcpus[owner].regs);
		trap_on(owner, EC_HVC); /* and again */
	}
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX; n++) {
		assert_int_equal(served[n], 100);
	}
}

#define SPI 40U

/* The VMM, as it answers for the distributor, makes @intid an edge for vCPU @target. */
static void aim(uint32_t intid, uint64_t target)
{
	struct vcpu *v = &kernel.vcpus[0];

	assert_int_equal(
		locked_configure(v, intid,
	                         PV_VIRQ_ENABLED | PV_VIRQ_EDGE | target << PV_VIRQ_TARGET_SHIFT),
		OK);
}

static void pend(uint32_t intid)
{
	locked_pend_spi(&kernel.domains[0], intid);
}

/* vCPU 0 handles an interrupt that is then aimed at its sleeping sibling, and comes again. That it
 * has ended the first is found out when its VMM returns to it: the sibling wakes then, and gets the
 * CPU at the end of vCPU 0's slice, not at whatever exit comes next. */
static void test_whom_a_flush_wakes_has_its_turn(void **state)
{
	struct domain *d = &kernel.domains[0];

	(void)state;
	fake_build(1, 2, 1);
	kernel.vcpus[1].wait = WAIT_IRQ;
	kernel.cpus[0].resched = 1;
	fake.now = 1000;
	assert_ptr_equal(resume_on(0), &kernel.vcpus[0].regs);
	assert_int_equal(fake.deadline, UINT64_MAX);
	aim(SPI, 0);
	pend(SPI);
	(void)resume_on(0);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	aim(SPI, 1);
	(void)resume_on(0);
	fake.now += 10;
	trap_on(0, EC_HVC);
	assert_ptr_equal(resume_on(0), &d->vmm_regs);
	pend(SPI);
	fake_guest_end(SPI); /* it was done before the call */
	fake.now += 10;
	d->vmm_regs.x[8] = PV_CALL_WAIT;
	d->vmm_regs.x[0] = PV_REPLY_RESUME;
	trap_on(0, EC_SVC);
	assert_ptr_equal(resume_on(0), &kernel.vcpus[0].regs);
	assert_int_equal(kernel.vcpus[1].wait, WAIT_NOTHING);
	assert_int_equal(fake.deadline, 1000 + kernel.slice_ticks);
	fake.now = fake.deadline;
	sched_deadline(&kernel.cpus[0]);
	assert_ptr_equal(resume_on(0), &kernel.vcpus[1].regs);
	assert_int_equal(fake_guest_acknowledge(), SPI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translations_of_another_vcpu_are_flushed),
		cmocka_unit_test(test_preemption_renews_no_budget),
		cmocka_unit_test(test_vmm_serves_its_vcpus_in_turn),
		cmocka_unit_test(test_whom_a_flush_wakes_has_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
