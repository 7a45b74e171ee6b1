/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of a VMM on a fake machine: however often they are rung, the guest of vCPU 0, in whose
 * place they are served, gets more time than they take, or while it waits others do; who does not
 * flood does not wait.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define IL (1ULL << 25)
#define WFI (0x01ULL << 26 | IL)
#define HVC (0x16ULL << 26 | IL)
#define SVC (0x15ULL << 26 | IL)
#define SERVICE 30ULL /* ticks that the VMM takes for events */

static struct domain *const domain = &kernel.domains[0];
static struct vcpu *const first = &kernel.vcpus[0];
static struct vcpu *const second = &kernel.vcpus[1];

static struct {
	uint64_t guest, vmm, above; /* ticks that each has run; above: the other VM */
	uint64_t services;
	uint64_t left; /* of the service in progress */
} ran;

static void switch_to(uint32_t cpu)
{
	fake.cpu = cpu;
	fake.in_vmm = kernel.cpus[cpu].world == WORLD_VMM;
}

static struct regs *resume(void)
{
	return sched_resume(&kernel.cpus[fake.cpu]);
}

static void trap(uint64_t esr)
{
	const struct trap t = {.esr = esr};

	trap_synchronous(&kernel.cpus[fake.cpu], &t);
}

static void reply(enum pv_reply what)
{
	domain->vmm_regs.x[8] = PV_CALL_WAIT;
	domain->vmm_regs.x[0] = what;
	domain->vmm_regs.x[1] = 0;
	trap(SVC);
}

static void build(uint32_t domains, uint32_t vcpus, uint32_t cpus)
{
	fake_build(domains, vcpus, cpus);
	memset(&ran, 0, sizeof(ran));
	kernel.doorbells[0] =
		(struct doorbell){.domain = domain, .kind = PV_DOORBELL_EVENT, .number = 9};
	fake.now = 1000;
	(void)resume();
}

/* What runs on CPU 0 runs for @ticks, to the deadline, or to the end of its service. */
static void step(uint64_t ticks)
{
	switch_to(0);
	const struct regs *regs = resume();
	uint64_t until = fake.now + ticks < fake.deadline ? fake.now + ticks : fake.deadline;
	bool serves = regs == &domain->vmm_regs;

	if (serves && !ran.left) {
		ran.left = SERVICE;
	}
	if (serves && fake.now + ran.left < until) {
		until = fake.now + ran.left;
	}
	uint64_t used = until - fake.now;

	fake.now = until;
	if (serves) {
		ran.vmm += used;
		ran.left -= used;
	} else {
		*(regs == &first->regs ? &ran.guest : &ran.above) += used;
	}
	if (fake.now == fake.deadline) {
		sched_deadline(&kernel.cpus[0]);
	}
	if (serves && !ran.left) {
		ran.services++;
		reply(PV_REPLY_NONE);
	}
}

/* Rung all the time, from everywhere. */
static void test_flood(void **state)
{
	(void)state;
	for (uint64_t ticks = 1; ticks < 2 * SERVICE; ticks++) {
		build(1, 1, 2);
		while (fake.now < 20000) {
			switch_to(1);
			doorbell_ring(0);
			step(ticks);
			doorbell_ring(0);
		}
		assert_true(ran.guest + SERVICE >= ran.vmm);
		assert_true(2 * ran.vmm + 3 * SERVICE >= ran.guest); /* and they are served */
	}
}

/* Preempted, in its guest and in its VMM: neither pays for the time of others. */
static void test_flood_under_preemption(void **state)
{
	(void)state;
	build(2, 1, 1);
	struct vcpu *above = &kernel.vcpus[1];

	fake_set_priority(above, 200);
	for (uint32_t n = 0; fake.now < 40000; n++) {
		above->wait = n % 13 < 4 ? WAIT_NOTHING : WAIT_IRQ;
		kernel.cpus[0].resched = 1;
		doorbell_ring(0);
		step(7);
	}
	assert_true(ran.above > 5000);
	assert_true(ran.guest + SERVICE >= ran.vmm);
	assert_true(2 * ran.vmm + 3 * SERVICE >= ran.guest);
}

/* One event now and then: served when the guest is interrupted next, without a wait. */
static void test_alone_it_does_not_wait(void **state)
{
	(void)state;
	build(1, 1, 2);
	for (uint32_t n = 1; n <= 20; n++) {
		for (uint32_t i = 0; i <= 2 * SERVICE; i++) {
			step(1);
		}
		switch_to(1);
		doorbell_ring(0);
		assert_int_equal(fake.pokes[0] + (kernel.cpus[1].pokes != 0), n);
		kernel.cpus[1].pokes = 0;
		fake.pokes[0] = n;
		switch_to(0);
		assert_ptr_equal(resume(), &domain->vmm_regs);
		step(SERVICE);
		assert_int_equal(ran.services, n);
	}
}

static void sleep_to_deadline(void)
{
	assert_true(fake.deadline != UINT64_MAX);
	fake.now = fake.deadline;
	sched_deadline(&kernel.cpus[0]);
}

static void ring_when_nothing_is_due(void)
{
	if (fake.deadline != UINT64_MAX) {
		sleep_to_deadline();
	} else {
		doorbell_ring(0);
	}
}

/* A guest that waits rests in time: the next events follow at the end of that, by themselves. */
static void test_guest_waits(void **state)
{
	(void)state;
	build(1, 1, 1);
	doorbell_ring(0);
	step(SERVICE);
	doorbell_ring(0);
	assert_ptr_equal(resume(), &first->regs); /* it rests */
	fake.on_idle = sleep_to_deadline;
	trap(WFI);
	for (uint32_t n = 0; n < 10; n++) {
		uint64_t begin = fake.now;

		assert_ptr_equal(resume(), &domain->vmm_regs);
		assert_int_equal(fake.now - begin, 2 * SERVICE);
		doorbell_ring(0);
		step(SERVICE);
	}
	/* An interrupt meanwhile: its guest has its turn. */
	locked_wake(first);
	step(SERVICE);
	doorbell_ring(0);
	assert_ptr_equal(resume(), &first->regs);
	/* And it goes off in its rest, which goes on. */
	trap(HVC);
	assert_ptr_equal(resume(), &domain->vmm_regs);
	assert_int_equal(domain->vmm_regs.x[0], PV_MSG_CALL);
	reply(PV_REPLY_OFF);
	uint64_t off = fake.now;

	assert_ptr_equal(resume(), &domain->vmm_regs);
	assert_int_equal(domain->vmm_regs.x[0], PV_MSG_EVENTS);
	assert_int_equal(fake.now - off, SERVICE);
	/* Where its rest is over, events are served at once. */
	step(SERVICE);
	uint64_t end = fake.now;

	fake.on_idle = ring_when_nothing_is_due;
	assert_ptr_equal(resume(), &domain->vmm_regs);
	assert_int_equal(fake.now - end, 2 * SERVICE);
}

/* Messages of any vCPU wait for one service at most, in a rest for none. */
static void test_messages_go_before(void **state)
{
	(void)state;
	build(1, 2, 2);
	switch_to(1);
	assert_ptr_equal(resume(), &second->regs);
	switch_to(0);
	doorbell_ring(0);
	assert_ptr_equal(resume(), &domain->vmm_regs);
	doorbell_ring(0);
	switch_to(1);
	trap(HVC);
	step(SERVICE);
	assert_int_equal(domain->vmm_owner, 1);
	switch_to(1);
	assert_ptr_equal(resume(), &domain->vmm_regs);
	reply(PV_REPLY_RESUME);
	assert_ptr_equal(resume(), &second->regs);
	/* The first one rests, and its own messages are served. */
	switch_to(0);
	assert_ptr_equal(resume(), &first->regs);
	trap(HVC);
	assert_ptr_equal(resume(), &domain->vmm_regs);
	assert_int_equal(domain->vmm_regs.x[0], PV_MSG_CALL);
	reply(PV_REPLY_RESUME);
	assert_ptr_equal(resume(), &first->regs);
	fake.now += 2 * SERVICE;
	sched_deadline(&kernel.cpus[0]);
	assert_ptr_equal(resume(), &domain->vmm_regs);
	assert_int_equal(domain->vmm_regs.x[0], PV_MSG_EVENTS);
}

/* While the guest sleeps, and another VM of lower priority works on the same CPU: who rings has no
 * capability for that one's time. */
static void test_flood_of_a_sleeper(void **state)
{
	(void)state;
	build(2, 1, 1);
	fake_set_priority(first, 200);
	first->wait = WAIT_IRQ;
	kernel.cpus[0].resched = 1;
	while (fake.now < 20000) {
		doorbell_ring(0);
		step(10);
		doorbell_ring(0);
	}
	assert_true(ran.above >= ran.vmm);
	assert_true(2 * ran.vmm + 3 * SERVICE >= ran.above);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_of_a_sleeper),
		cmocka_unit_test(test_flood_under_preemption),
		cmocka_unit_test(test_alone_it_does_not_wait),
		cmocka_unit_test(test_guest_waits),
		cmocka_unit_test(test_messages_go_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
