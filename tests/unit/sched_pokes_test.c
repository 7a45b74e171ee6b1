/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pokes: whatever a VM does, and how often, a CPU that runs somebody else is interrupted once at
 * most for each of its vCPUs there, to wake it; and nobody is poked while a lock is held, which
 * the fake machine sees to.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "kernel/core/call.h"
#include "kernel/core/domain.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define SPI 40U
#define PEND_SPI 0U /* the doorbells of the system below */
#define TELL_VMM 1U
#define CAP_VCPU_1 0U
#define CAP_VGIC 1U

static struct vcpu *const first = &kernel.vcpus[0]; /* of the domain that does things */
static struct vcpu *const second = &kernel.vcpus[1];
static struct vcpu *const bystander = &kernel.vcpus[3]; /* another domain's, on CPU 1, above it */

static void run_on(uint32_t cpu)
{
	fake.cpu = cpu;
	fake.in_vmm = kernel.cpus[cpu].world == WORLD_VMM;
	(void)sched_resume(&kernel.cpus[cpu]);
}

static int64_t call(enum pv_call number, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct regs *regs = &kernel.domains[0].vmm_regs;

	run_on(0);
	regs->x[8] = number;
	regs->x[0] = x0;
	regs->x[1] = x1;
	regs->x[2] = x2;
	regs->x[3] = x3;
	call_dispatch(first);
	(void)sched_resume(&kernel.cpus[0]);
	return (int64_t)regs->x[0];
}

static void configure(uint32_t intid, uint64_t target, uint64_t flags)
{
	int64_t err = call(PV_CALL_VIRQ_SET, CAP_VGIC, 1, intid,
	                   flags | target << PV_VIRQ_TARGET_SHIFT |
	                           (uint64_t)random_below(256) << PV_VIRQ_PRIORITY_SHIFT);

	assert_true(err == OK || err == ERR_AGAIN); /* the other CPU has it, and is told */
}

/* The second vCPU has interrupts of all kinds in its list registers, pending or active. Then
 * @bystander takes its CPU, with the vCPU in state @wait. */
static void build(enum vcpu_wait wait)
{
	fake_build(2, 2, 2);
	kernel.caps[CAP_VCPU_1] = (struct pv_cap){PV_CAP_VCPU, 1};
	kernel.caps[CAP_VGIC] = (struct pv_cap){PV_CAP_VGIC, 0};
	kernel.domains[0].image.caps = (struct pv_slice){0, 2};
	kernel.doorbells[PEND_SPI] = (struct doorbell){
		.domain = &kernel.domains[0], .kind = PV_DOORBELL_VIRQ, .number = SPI};
	kernel.doorbells[TELL_VMM] = (struct doorbell){
		.domain = &kernel.domains[0], .kind = PV_DOORBELL_EVENT, .number = 9};
	fake_set_priority(bystander, 200);
	bystander->wait = WAIT_OFF;
	kernel.vcpus[2].wait = WAIT_OFF;
	kernel.domains[0].vmm_owner = 0;
	for (uint32_t intid = 1; intid <= SPI; intid += 13) {
		configure(intid, 1, PV_VIRQ_ENABLED | PV_VIRQ_EDGE);
		(void)call(PV_CALL_VIRQ_OP, CAP_VGIC, 1, intid, PV_VIRQ_OP_PEND);
	}
	configure(SPI, 1, PV_VIRQ_ENABLED | PV_VIRQ_EDGE);
	run_on(1);
	assert_ptr_equal(kernel.cpus[1].current, second);
	assert_true(second->vgic.lr_used);
	second->wait = wait;
	bystander->wait = WAIT_NOTHING;
	kernel.cpus[1].resched = 1;
	run_on(1);
	assert_ptr_equal(kernel.cpus[1].current, bystander);
	memset(fake.pokes, 0, sizeof(fake.pokes));
}

/* One thing that a VM, its VMM, or who may ring it, can do. */
static void do_something(void)
{
	uint32_t intid = random_below(4) ? 1 + 13 * random_below(4) : random_below(PV_VIRQS);

	switch (random_below(8)) {
	case 0:
		(void)call(PV_CALL_VIRQ_SET, CAP_VGIC, random_below(2), intid,
		           (random_below(4) ? PV_VIRQ_ENABLED : 0) |
		                   (random_below(2) ? PV_VIRQ_EDGE : 0) |
		                   (uint64_t)random_below(2) << PV_VIRQ_TARGET_SHIFT |
		                   (uint64_t)random_below(256) << PV_VIRQ_PRIORITY_SHIFT);
		break;
	case 1:
		(void)call(PV_CALL_VIRQ_OP, CAP_VGIC, random_below(2), intid,
		           random_below(PV_VIRQ_OP_COUNT));
		break;
	case 2:
		(void)call(PV_CALL_VGIC_ENABLE, CAP_VGIC, random_below(4) != 0, 0, 0);
		break;
	case 3:
		(void)call(PV_CALL_VCPU_START, CAP_VCPU_1, 0x1000, 0, 0);
		break;
	case 4:
		(void)call(PV_CALL_VCPU_STOP, CAP_VCPU_1, 0, 0, 0);
		break;
	case 5:
		(void)call(PV_CALL_TIMER_SET, fake.now + random_below(3), 0, 0, 0);
		break;
	default:
		run_on(0);
		doorbell_ring(random_below(2) ? PEND_SPI : TELL_VMM);
		(void)sched_resume(&kernel.cpus[0]);
		break;
	}
}

/* Two thousand writes of the priority of an interrupt that is listed there. */
static void test_listed_interrupts(void **state)
{
	(void)state;
	build(WAIT_NOTHING);
	for (uint32_t n = 0; n < 2000; n++) {
		configure(SPI, 1, PV_VIRQ_ENABLED | PV_VIRQ_EDGE);
	}
	assert_int_equal(fake.pokes[1], 0);
}

static void test_anything_a_vm_can_do(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 200; seed++) {
		enum vcpu_wait wait = (enum vcpu_wait)(seed % 3);

		random_start(seed);
		build(wait);
		for (uint32_t n = 0; n < 300; n++) {
			do_something();
		}
		/* It is woken once, and once started after it was stopped. */
		assert_true(fake.pokes[1] <= (wait == WAIT_IRQ ? 2 : 1));
		/* What it was not told it finds when it runs again. */
		bystander->wait = WAIT_OFF;
		kernel.cpus[1].resched = 1;
		second->wait = WAIT_NOTHING;
		run_on(1);
		assert_false(second->vgic.dirty);
	}
}

/* While the vCPU itself runs its CPU is told, once until it has looked. */
static void test_told_when_it_runs(void **state)
{
	(void)state;
	build(WAIT_NOTHING);
	bystander->wait = WAIT_OFF;
	kernel.cpus[1].resched = 1;
	run_on(1);
	assert_ptr_equal(kernel.cpus[1].current, second);
	for (uint32_t n = 1; n <= 10; n++) {
		configure(SPI, 1, PV_VIRQ_ENABLED | PV_VIRQ_EDGE);
		configure(SPI, 1, PV_VIRQ_ENABLED | PV_VIRQ_EDGE);
		assert_int_equal(fake.pokes[1], n);
		run_on(1);
	}
}

/* It is started and stopped, and never gets to run: once in a time slice. */
static void test_starts_without_a_run(void **state)
{
	(void)state;
	build(WAIT_OFF);
	for (uint32_t slice = 1; slice <= 10; slice++) {
		for (uint32_t n = 0; n < 100; n++) {
			int64_t err = call(PV_CALL_VCPU_START, CAP_VCPU_1, 0x1000, 0, 0);

			assert_int_equal(err, n ? ERR_AGAIN : OK);
			assert_int_equal(call(PV_CALL_VCPU_STOP, CAP_VCPU_1, 0, 0, 0), OK);
		}
		assert_int_equal(fake.pokes[1], slice);
		fake.now += kernel.slice_ticks;
	}
}

/* A CPU that runs the vCPU leaves it when it is told, once; then it is stopped. */
static void test_stopped_while_it_runs(void **state)
{
	(void)state;
	build(WAIT_NOTHING);
	bystander->wait = WAIT_OFF;
	kernel.cpus[1].resched = 1;
	run_on(1);
	assert_ptr_equal(kernel.cpus[1].current, second);
	for (uint32_t n = 0; n < 10; n++) {
		assert_int_equal(call(PV_CALL_VCPU_STOP, CAP_VCPU_1, 0, 0, 0), ERR_AGAIN);
	}
	assert_int_equal(fake.pokes[1], 1);
	/* What it asks of its VMM at that moment is forgotten, and so is its sleep. */
	fake.cpu = 1;
	message_send(second);
	assert_int_equal(second->wait, WAIT_OFF);
	bystander->wait = WAIT_NOTHING;
	run_on(1);
	assert_int_equal(call(PV_CALL_VCPU_STOP, CAP_VCPU_1, 0, 0, 0), OK);
	assert_int_equal(fake.pokes[1], 1);
}

/* Messages of the vCPU that waits, and the end of its domain. */
static void test_messages_and_the_end(void **state)
{
	(void)state;
	build(WAIT_VMM);
	run_on(0);
	kernel.domains[0].vmm_owner = 0;
	kernel.domains[0].serving = SERVING_EVENTS;
	(void)call(PV_CALL_WAIT, PV_REPLY_NONE, 0, 0, 0);
	assert_int_equal(kernel.domains[0].vmm_owner, 1);
	for (uint32_t n = 0; n < 100; n++) {
		run_on(0);
		doorbell_ring(TELL_VMM);
		(void)sched_resume(&kernel.cpus[0]);
	}
	assert_int_equal(fake.pokes[1], 1);
	for (uint32_t n = 0; n < 100; n++) {
		domain_stop(&kernel.domains[0], PV_STOP_VMM, "");
	}
	assert_true(fake.pokes[1] <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed_interrupts),
		cmocka_unit_test(test_anything_a_vm_can_do),
		cmocka_unit_test(test_told_when_it_runs),
		cmocka_unit_test(test_starts_without_a_run),
		cmocka_unit_test(test_stopped_while_it_runs),
		cmocka_unit_test(test_messages_and_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
