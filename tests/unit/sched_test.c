/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduler and VMM messages on a fake machine: who runs, in which world, and that a domain's VMM
 * serves one vCPU at a time.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "abi/mux.h"
#include "kernel/core/call.h"
#include "kernel/core/console.h"
#include "kernel/core/domain.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define IL (1U << 25) /* the instruction has four bytes */
#define ESR(ec, iss) ((uint64_t)(ec) << 26 | IL | (iss))
#define EC_HVC 0x16U
#define EC_SMC 0x17U
#define EC_WFX 0x01U
#define EC_SVC 0x15U
#define EC_DATA 0x24U

static struct cpu *here(void)
{
	return &kernel.cpus[fake.cpu];
}

static struct regs *resume(void)
{
	return sched_resume(here());
}

static void trap_at(uint64_t esr, uint64_t ipa)
{
	const struct trap trap = {.esr = esr, .far = ipa & 0xfff, .hpfar = ipa >> 12 << 4};

	trap_synchronous(here(), &trap);
}

/* The VMM that runs here calls WAIT. */
static struct regs *wait_call(struct domain *d, enum pv_reply reply, uint64_t value)
{
	d->vmm_regs.x[8] = PV_CALL_WAIT;
	d->vmm_regs.x[0] = reply;
	d->vmm_regs.x[1] = value;
	trap_at(ESR(EC_SVC, 0), 0);
	return resume();
}

static void test_highest_priority_runs(void **state)
{
	(void)state;
	fake_build(3, 1, 1);
	fake_set_priority(&kernel.vcpus[1], 200);
	fake_set_priority(&kernel.vcpus[2], 50);
	kernel.cpus[0].resched = 1;
	assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
	trap_at(ESR(EC_WFX, 0), 0);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	/* It wakes up: at the next exit it has the CPU again. */
	locked_wake(&kernel.vcpus[1]);
	assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
}

/* CPU_ON by another CPU while this one still holds the vCPU that went off. */
static void test_start_is_seen_without_a_poke(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	struct vcpu *v = &kernel.vcpus[0];

	kernel.cpus[0].resched = 1;
	assert_ptr_equal(resume(), &v->regs);
	v->wait = WAIT_OFF;
	vcpu_unsettle();
	locked_start(v, 0x1000, 7);
	kernel.cpus[0].resched = 0; /* the store of vcpu_poke() has not arrived yet */
	assert_ptr_equal(resume(), &v->regs);
	assert_int_equal(v->regs.pc, 0x1000);
	assert_int_equal(v->regs.x[0], 7);
}

static void test_equals_take_turns(void **state)
{
	(void)state;
	uint32_t ran[3] = {0};

	fake_build(3, 1, 1);
	kernel.cpus[0].resched = 1;
	for (uint32_t n = 0; n < 300; n++) {
		const struct regs *regs = resume();

		for (uint32_t i = 0; i < 3; i++) {
			ran[i] += regs == &kernel.vcpus[i].regs;
		}
		/* Contended: the end of the slice has to come as an interrupt. */
		assert_int_equal(fake.deadline, fake.now + kernel.slice_ticks);
		fake.now = fake.deadline;
		sched_deadline(here());
	}
	assert_int_equal(ran[0], 100);
	assert_int_equal(ran[1], 100);
	assert_int_equal(ran[2], 100);
}

static void wake_first(void)
{
	locked_wake(&kernel.vcpus[0]);
}

/* A busy vCPU of high priority: its budget, then the other, then its next period. */
static void test_budget_bounds_a_busy_vcpu(void **state)
{
	(void)state;
	uint64_t ran[2] = {0};

	fake_build(2, 1, 1);
	fake_set_priority(&kernel.vcpus[0], 200);
	kernel.vcpus[0].budget.ticks = 30;
	kernel.vcpus[0].budget.period = 100;
	kernel.cpus[0].resched = 1;
	kernel.slice_ticks = 7;
	fake.now = 5000;
	while (fake.now < 15000) {
		const struct regs *regs = resume();
		uint64_t from = fake.now;

		/* It makes a call of its VMM now and then, and is interrupted at the deadline. */
		fake.now = fake.deadline < fake.now + 11 ? fake.deadline : fake.now + 11;
		ran[regs == &kernel.vcpus[1].regs] += fake.now - from;
		if (fake.now == fake.deadline) {
			sched_deadline(here());
		} else {
			vcpu_unsettle();
		}
	}
	assert_int_equal(ran[0], 3000);
	assert_int_equal(ran[1], 7000);
	assert_int_equal(sched_counter(&kernel.vcpus[0], PV_COUNTER_TIME), 3000);
	assert_int_equal(sched_counter(&kernel.vcpus[0], PV_COUNTER_HELD), 7000);
	assert_int_equal(sched_counter(&kernel.vcpus[1], PV_COUNTER_TIME), 7000);
	assert_int_equal(sched_counter(&kernel.vcpus[1], PV_COUNTER_HELD), 0);
}

static void wake_at_the_deadline(void)
{
	fake.now = fake.deadline;
	sched_deadline(here());
}

/* Nobody else wants the CPU: it stays idle until the next period, whatever wakes it meanwhile. */
static void test_spent_budget_leaves_the_cpu_idle(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	struct vcpu *v = &kernel.vcpus[0];

	v->budget.ticks = 30;
	v->budget.period = 100;
	kernel.cpus[0].resched = 1;
	fake.now = 5000;
	assert_ptr_equal(resume(), &v->regs);
	fake.now = 5030;
	sched_deadline(here());
	fake.on_idle = wake_at_the_deadline;
	assert_ptr_equal(resume(), &v->regs);
	assert_int_equal(fake.now, 5100);
	assert_int_equal(fake.idles, 1);
	assert_int_equal(budget_left(&v->budget), 30);
	assert_int_equal(sched_counter(v, PV_COUNTER_HELD), 70);
}

static void interrupt_later(void)
{
	fake.now = 5060;
	locked_wake(&kernel.vcpus[0]);
}

/* Who sleeps does not pay. */
static void test_sleep_costs_no_budget(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	struct vcpu *v = &kernel.vcpus[0];

	v->budget.ticks = 30;
	v->budget.period = 100;
	kernel.cpus[0].resched = 1;
	fake.now = 5000;
	assert_ptr_equal(resume(), &v->regs);
	fake.now = 5010;
	trap_at(ESR(EC_WFX, 0), 0);
	fake.on_idle = interrupt_later;
	assert_ptr_equal(resume(), &v->regs);
	assert_int_equal(budget_left(&v->budget), 20);
	/* What runs has its time at once; and nobody kept it from running. */
	fake.now += 5;
	assert_int_equal(sched_counter(v, PV_COUNTER_TIME), 15);
	assert_int_equal(sched_counter(v, PV_COUNTER_HELD), 0);
	assert_int_equal(sched_counter(v, PV_COUNTER_WAITS), 1);
}

/* The first vCPU of this CPU waits. */
static void stop_the_first(void)
{
	fake.on_now = NULL;
	fake.cpu = 0;
	kernel.vcpus[0].wait = WAIT_IRQ;
	vcpu_unsettle();
	assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
	fake.cpu = 1;
}

/* Its VMM reads it on another CPU: the time of one that stops meanwhile, and of one that runs on past
 * the deadline, which others pay. */
static void test_time_never_goes_back(void **state)
{
	(void)state;
	for (uint32_t late = 0; late < 2; late++) {
		fake_build(2, 1, 2);
		struct vcpu *v = &kernel.vcpus[0];

		kernel.vcpus[1].cpu = v->cpu;
		kernel.cpus[0].slots[kernel.cpus[0].slot_count++] = &kernel.vcpus[1];
		kernel.slice_ticks = 100;
		kernel.cpus[0].resched = 1;
		fake.now = 5000;
		fake.cpu = 0;
		assert_ptr_equal(resume(), &v->regs);
		fake.now = 5090 + 20 * late;
		fake.cpu = 1;
		assert_int_equal(sched_counter(v, PV_COUNTER_TIME), 90 + 20 * late);
		if (late) {
			fake.cpu = 0;
			sched_deadline(here());
			assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
			assert_int_equal(v->counters[PV_COUNTER_TIME], 100);
		} else {
			/* What is told by itself, not only that it is no less than before. */
			v->time_told = 0;
			fake.on_now = stop_the_first;
		}
		assert_in_range(sched_counter(v, PV_COUNTER_TIME), 90 + 20 * late, 110);
	}
}

static void test_idle_until_an_interrupt(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	fake.on_idle = wake_first;
	trap_at(ESR(EC_WFX, 0), 0);
	assert_int_equal(kernel.vcpus[0].wait, WAIT_IRQ);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	assert_int_equal(fake.idles, 1);
	assert_int_equal(kernel.vcpus[0].regs.pc, 4);
}

static void test_sleeper_wakes_at_its_deadline(void **state)
{
	(void)state;
	fake_build(2, 1, 1);
	kernel.cpus[0].resched = 1;
	kernel.vcpus[1].wait = WAIT_IRQ;
	kernel.vcpus[1].wake_at = 70;
	fake_set_priority(&kernel.vcpus[1], 200);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	assert_int_equal(fake.deadline, 70);
	fake.now = 70;
	sched_deadline(here());
	assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
}

static void test_workaround_does_not_reach_the_vmm(void **state)
{
	(void)state;
	struct domain *d = &kernel.domains[0];
	struct vcpu *v = &kernel.vcpus[0];

	fake_build(1, 1, 1);
	fake.workaround = 0x80008000;
	assert_ptr_equal(resume(), &v->regs);
	v->regs.pc = 0x1000;
	v->regs.x[0] = 0x80008000;
	trap_at(ESR(EC_HVC, 0), 0);
	assert_ptr_equal(resume(), &v->regs);
	assert_int_equal(v->regs.pc, 0x1000); /* behind the HVC */
	trap_at(ESR(EC_SMC, 0), 0);
	assert_ptr_equal(resume(), &v->regs);
	assert_int_equal(v->regs.pc, 0x1004);
	v->regs.x[0] = 0x80003fff; /* another: its VMM knows */
	trap_at(ESR(EC_HVC, 0), 0);
	assert_ptr_equal(resume(), &d->vmm_regs);
}

static void test_call_goes_to_the_vmm_and_back(void **state)
{
	(void)state;
	struct domain *d = &kernel.domains[0];
	struct vcpu *v = &kernel.vcpus[0];

	fake_build(1, 1, 1);
	assert_ptr_equal(resume(), &v->regs);
	v->regs.pc = 0x1000;
	v->regs.x[0] = 0x84000000;
	trap_at(ESR(EC_HVC, 0), 0);
	assert_ptr_equal(resume(), &d->vmm_regs);
	assert_true(fake.in_vmm);
	assert_int_equal(d->vmm_regs.x[0], PV_MSG_CALL);
	assert_int_equal(d->vmm_regs.x[2], 0x84000000);
	assert_ptr_equal(wait_call(d, PV_REPLY_RESUME, 0x10001), &v->regs);
	assert_false(fake.in_vmm);
	assert_int_equal(v->regs.x[0], 0x10001);
	assert_int_equal(v->regs.pc, 0x1000);
}

static void test_load_is_extended(void **state)
{
	(void)state;
	static const struct {
		uint32_t iss; /* SAS, SSE, SF */
		uint64_t value, result;
	} rows[] = {
		{0U << 22, 0xffffff80, 0x80},
		{0U << 22 | 1U << 21, 0x80, 0xffffff80},
		{0U << 22 | 1U << 21 | 1U << 15, 0x80, 0xffffffffffffff80},
		{1U << 22 | 1U << 21 | 1U << 15, 0x18000, 0xffffffffffff8000},
		{2U << 22, 0x1234567890, 0x34567890},
		{2U << 22 | 1U << 21 | 1U << 15, 0x80000000, 0xffffffff80000000},
		{3U << 22 | 1U << 15, 0x123456789abcdef0, 0x123456789abcdef0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_build(1, 1, 1);
		struct domain *d = &kernel.domains[0];

		(void)resume();
		/* ISV, destination x5, translation fault at level 3. */
		trap_at(ESR(EC_DATA, 1U << 24 | 5U << 16 | 7 | rows[i].iss), 0x9000018);
		assert_ptr_equal(resume(), &d->vmm_regs);
		assert_int_equal(d->vmm_regs.x[0], PV_MSG_READ);
		assert_int_equal(d->vmm_regs.x[2], 0x9000018);
		(void)wait_call(d, PV_REPLY_RESUME, rows[i].value);
		assert_int_equal(kernel.vcpus[0].regs.x[5], rows[i].result);
		assert_int_equal(kernel.vcpus[0].regs.pc, 4);
	}
}

static void test_one_message_at_a_time(void **state)
{
	(void)state;
	struct domain *d = &kernel.domains[0];

	fake_build(1, 2, 2);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	fake.cpu = 1;
	assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
	kernel.vcpus[1].regs.x[0] = 111;
	fake.cpu = 0;
	trap_at(ESR(EC_HVC, 0), 0);
	assert_ptr_equal(resume(), &d->vmm_regs);
	fake.in_vmm = false; /* the flag is the other CPU's from here on */

	/* vCPU 1 asks while the VMM serves vCPU 0: it waits, its CPU sleeps. */
	fake.cpu = 1;
	trap_at(ESR(EC_HVC, 0), 0);
	assert_int_equal(kernel.vcpus[1].wait, WAIT_VMM);
	assert_int_equal(d->vmm_owner, 0);

	/* An event comes meanwhile: it waits, too. */
	lock_acquire(&d->lock);
	message_event_locked(d, PV_EVENT_DOORBELL);
	lock_release(&d->lock);

	fake.cpu = 0;
	fake.in_vmm = true;
	assert_ptr_equal(wait_call(d, PV_REPLY_RESUME, 0), &kernel.vcpus[0].regs);
	assert_int_equal(d->vmm_owner, 1);
	assert_true(fake.pokes[1] > 0);
	fake.cpu = 1;
	assert_ptr_equal(resume(), &d->vmm_regs);
	assert_int_equal(d->vmm_regs.x[0], PV_MSG_CALL);
	assert_int_equal(d->vmm_regs.x[1], 1);
	assert_int_equal(d->vmm_regs.x[2], 111);

	/* Then the event, in the place of vCPU 0. */
	assert_ptr_equal(wait_call(d, PV_REPLY_RESUME, 0), &kernel.vcpus[1].regs);
	fake.cpu = 0;
	assert_ptr_equal(resume(), &d->vmm_regs);
	assert_int_equal(d->vmm_regs.x[0], PV_MSG_EVENTS);
	assert_int_equal(d->vmm_regs.x[1], 1ULL << PV_EVENT_DOORBELL);
	assert_ptr_equal(wait_call(d, PV_REPLY_NONE, 0), &kernel.vcpus[0].regs);
	assert_int_equal(d->vmm_owner, NONE);
}

static void test_unfit_replies_end_the_domain(void **state)
{
	(void)state;
	for (uint64_t reply = 0; reply < PV_REPLY_COUNT + 2; reply++) {
		fake_build(2, 1, 1);
		struct domain *d = &kernel.domains[0];

		fake_set_priority(&kernel.vcpus[0], 200);
		(void)resume();
		/* Not valid (ISV clear): a fault, which nothing can resume. */
		trap_at(ESR(EC_DATA, 7), 0x9000000);
		assert_ptr_equal(resume(), &d->vmm_regs);
		assert_int_equal(d->vmm_regs.x[0], PV_MSG_FAULT);
		bool fits =
			reply == PV_REPLY_UNDEF || reply == PV_REPLY_OFF || reply == PV_REPLY_ABORT;

		(void)wait_call(d, (enum pv_reply)reply, PV_STOP_FAULT);
		assert_int_equal(d->alive, fits || reply == PV_REPLY_STOP);
		assert_int_equal(d->on, fits);
		assert_true(kernel.domains[1].alive);
		assert_int_equal(kernel.domains_on, fits ? 2 : 1);
	}
}

static void test_accesses_are_aborted(void **state)
{
	(void)state;
	static const struct {
		uint64_t esr;
		enum pv_msg kind;
	} rows[] = {
		{ESR(EC_DATA, 1U << 24 | 5U << 16 | 7), PV_MSG_READ},
		{ESR(EC_DATA, 1U << 24 | 1U << 6 | 7), PV_MSG_WRITE},
		{ESR(EC_DATA, 7), PV_MSG_FAULT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_build(1, 1, 1);
		struct domain *d = &kernel.domains[0];
		struct vcpu *v = &kernel.vcpus[0];

		(void)resume();
		v->regs.pc = 0x1000;
		v->regs.x[5] = 55;
		trap_at(rows[i].esr, 0x9000018);
		(void)resume();
		assert_int_equal(d->vmm_regs.x[0], rows[i].kind);
		assert_int_equal(d->vmm_regs.x[2], 0x9000018);
		assert_int_equal(d->vmm_regs.x[5], rows[i].esr);
		assert_int_equal(d->vmm_regs.x[6], 0x1000);
		assert_int_equal(d->vmm_regs.x[7], 0x18);
		assert_ptr_equal(wait_call(d, PV_REPLY_ABORT, 77), &v->regs);
		assert_int_equal(v->arch.aborts, 1);
		assert_int_equal(v->arch.abort_esr, rows[i].esr);
		assert_int_equal(v->arch.abort_far, 0x18);
		assert_int_equal(v->regs.pc, 0x1000);
		assert_int_equal(v->regs.x[5], 55);
	}
}

static void test_calls_have_four_results(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	struct domain *d = &kernel.domains[0];
	struct vcpu *v = &kernel.vcpus[0];

	(void)resume();
	v->regs.x[4] = 44;
	trap_at(ESR(EC_HVC, 0), 0);
	(void)resume();
	for (uint32_t i = 2; i < 8; i++) {
		d->vmm_regs.x[i] = 100 + i;
	}
	assert_ptr_equal(wait_call(d, PV_REPLY_RESULTS, 101), &v->regs);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(v->regs.x[i], 101 + i);
	}
	assert_int_equal(v->regs.x[4], 44);
}

static void test_calls_are_not_aborted(void **state)
{
	(void)state;
	fake_build(2, 1, 1);
	fake_set_priority(&kernel.vcpus[0], 200);
	(void)resume();
	trap_at(ESR(EC_HVC, 0), 0);
	(void)resume();
	(void)wait_call(&kernel.domains[0], PV_REPLY_ABORT, 0);
	assert_false(kernel.domains[0].alive);
	assert_int_equal(kernel.vcpus[0].arch.aborts, 0);
}

static void test_calls_check_their_capability(void **state)
{
	(void)state;
	fake_build(2, 1, 1);
	struct domain *d = &kernel.domains[0];

	kernel.caps[0] = (struct pv_cap){PV_CAP_CONSOLE, 0};
	kernel.caps[1] = (struct pv_cap){PV_CAP_VGIC, 0};
	kernel.caps[2] = (struct pv_cap){PV_CAP_CONSOLE, 0};
	kernel.domains[0].image.caps = (struct pv_slice){0, 2};
	kernel.domains[1].image.caps = (struct pv_slice){2, 1};
	fake_set_priority(&kernel.vcpus[0], 200);
	(void)resume();
	trap_at(ESR(EC_HVC, 0), 0);
	(void)resume();
	for (uint64_t call = 1; call < PV_CALL_COUNT + 2; call++) {
		for (uint64_t cap = 0; cap < 4; cap++) {
			d->vmm_regs.x[8] = call;
			d->vmm_regs.x[0] = cap;
			d->vmm_regs.x[1] = 1;
			trap_at(ESR(EC_SVC, 0), 0);
			int64_t err = (int64_t)d->vmm_regs.x[0];
			bool console =
				call == PV_CALL_CONSOLE_READ || call == PV_CALL_CONSOLE_WRITE;
			bool vgic = (call >= PV_CALL_VIRQ_SET && call <= PV_CALL_VGIC_ENABLE) ||
			            call == PV_CALL_VGIC_RESET;

			if (call == PV_CALL_NOP || call == PV_CALL_TIMER_SET) {
				assert_int_equal(err, OK);
			} else if (call >= PV_CALL_COUNT) {
				assert_int_equal(err, ERR_CALL);
			} else if (!(console && cap == 0) && !(vgic && cap == 1)) {
				assert_int_equal(err, ERR_CAP);
			}
		}
	}
}

static void test_doorbells(void **state)
{
	(void)state;
	fake_build(2, 1, 2);
	struct domain *from = &kernel.domains[0];
	struct domain *to = &kernel.domains[1];

	kernel.caps[0] = (struct pv_cap){PV_CAP_DOORBELL_SEND, 0};
	kernel.caps[1] = (struct pv_cap){PV_CAP_NONE, 1};
	kernel.caps[2] = (struct pv_cap){PV_CAP_DOORBELL_SEND, 1};
	kernel.doorbells[0] = (struct doorbell){.domain = to, .kind = PV_DOORBELL_VIRQ};
	kernel.doorbells[1] =
		(struct doorbell){.domain = to, .kind = PV_DOORBELL_EVENT, .number = 9};
	kernel.doorbell_pages[0] = (struct doorbell_page){kernel.caps, 2};
	from->image.doorbell_ipa_page = 0xa000;
	from->doorbell_pages = kernel.doorbell_pages;
	from->image.doorbell_pages.count = 1;
	const struct doorbell_page *page = doorbell_page(from, 0xa000);

	assert_ptr_equal(page, kernel.doorbell_pages);
	assert_null(doorbell_page(from, 0xa001));
	assert_null(doorbell_page(from, 0x9fff));
	assert_int_equal(locked_configure(&kernel.vcpus[1], 50, PV_VIRQ_ENABLED | PV_VIRQ_EDGE),
	                 OK);

	/* Masked: it is remembered. */
	doorbell_store(page, 0);
	assert_true(kernel.doorbells[0].latched);
	assert_int_equal(kernel.vcpus[1].vgic.ready.count, 0);
	assert_int_equal(doorbell_bind(to, 0, 31), ERR_RANGE);
	assert_int_equal(doorbell_bind(to, 0, PV_VIRQS), ERR_RANGE);
	assert_int_equal(doorbell_bind(to, 1, 50), ERR_STATE);
	assert_int_equal(doorbell_bind(to, 0, 50), OK);
	assert_int_equal(kernel.vcpus[1].vgic.ready.count, 1);
	assert_int_equal(kernel.vcpus[1].vgic.ready.bits[0][1], 1U << (50 - 32));

	/* No right, beyond the slice, unaligned: nothing rings. */
	doorbell_store(page, 4);
	doorbell_store(page, 8);
	doorbell_store(page, 2);
	assert_int_equal(to->vmm_owner, NONE);
	doorbell_ring(1);
	assert_int_equal(to->vmm_owner, VMM_OFFERED);
	assert_int_equal(to->vmm_regs.x[1], 1ULL << 9);

	/* Each ring counts, whatever becomes of it; of an event nobody is told. */
	uint64_t rings = 0;

	assert_int_equal(doorbell_rings(0, &rings), OK);
	assert_int_equal(rings, 1);
	rings = 99;
	assert_int_equal(doorbell_rings(1, &rings), ERR_STATE);
	assert_int_equal(rings, 99);

	/* A domain that has ended is told nothing. */
	kernel.vcpus[1].vgic.ready = (struct virq_set){0};
	to->spis[50 - PV_SPI_FIRST].flags &= (uint16_t)~VIRQ_LATCH;
	to->alive = false;
	doorbell_ring(0);
	assert_int_equal(kernel.vcpus[1].vgic.ready.count, 0);
}

/* After a reset a doorbell leads where the image says: a VM that serves others binds none itself. */
static void test_doorbells_after_a_reset(void **state)
{
	(void)state;
	fake_build(1, 1, 1);
	struct domain *d = &kernel.domains[0];
	const struct virq_set *ready = &kernel.vcpus[0].vgic.ready;

	kernel.doorbells[0] = (struct doorbell){.domain = d, .kind = PV_DOORBELL_VIRQ};
	kernel.doorbells[1] =
		(struct doorbell){.domain = d, .kind = PV_DOORBELL_VIRQ, .first = 51, .number = 51};
	assert_int_equal(doorbell_bind(d, 0, 50), OK);
	assert_int_equal(doorbell_bind(d, 1, 52), OK);
	lock_acquire(&d->lock);
	vgic_reset_locked(d);
	doorbell_reset_all_locked(d);
	lock_release(&d->lock);
	for (uint32_t spi = 50; spi <= 52; spi++) {
		assert_int_equal(
			locked_configure(&kernel.vcpus[0], spi, PV_VIRQ_ENABLED | PV_VIRQ_EDGE),
			OK);
	}
	doorbell_ring(0);
	assert_int_equal(ready->count, 0);
	assert_true(kernel.doorbells[0].latched);
	doorbell_ring(1);
	assert_int_equal(ready->count, 1);
	assert_int_equal(ready->bits[0][1], 1U << (51 - 32));
}

static void test_console_frames(void **state)
{
	(void)state;
	static const uint8_t input[] = {PV_MUX_ESC, 1,          'a',        PV_MUX_ESC, 2,
	                                'b',        PV_MUX_ESC, PV_MUX_ESC, PV_MUX_ESC, 200,
	                                'c',        PV_MUX_ESC, 9,          'x'};
	uint64_t bytes;

	fake_build(2, 1, 1);
	console_attach(0);
	console_attach(1);
	(void)console_write(2, 1, 0, 0); /* wherever the line stood, it is now on channel 2 */
	fake.output_bytes = 0;
	assert_int_equal(console_write(1, 2, 'h' | PV_MUX_ESC << 8, 0), 2);
	static const uint8_t output[] = {PV_MUX_ESC, 1, 'h', PV_MUX_ESC, PV_MUX_ESC};

	assert_int_equal(fake.output_bytes, sizeof(output));
	assert_memory_equal(fake.output, output, sizeof(output));
	fake.output_room = 1;
	assert_int_equal(console_write(1, 16, 0, 0), 1); /* what the UART does not take, it says */

	fake.input = input;
	fake.input_bytes = sizeof(input);
	console_input();
	assert_int_equal(console_read(1, &bytes), 1);
	assert_int_equal(bytes, 'a');
	assert_int_equal(console_read(2, &bytes), 3);
	assert_int_equal(bytes, 'b' | PV_MUX_ESC << 8 | 'c' << 16);
	assert_int_equal(kernel.domains[0].vmm_owner, VMM_OFFERED);
	assert_int_equal(kernel.domains[1].vmm_owner, VMM_OFFERED);
}

/* T32 user space: what is stepped over may have two bytes. */
static void test_instructions_of_two_bytes(void **state)
{
	(void)state;
	struct vcpu *v = &kernel.vcpus[0];

	fake_build(1, 1, 1);
	(void)resume();
	trap_at(ESR(EC_DATA, 1U << 24 | 2U << 22 | 7) & ~(uint64_t)IL, 0x9000018);
	(void)resume();
	(void)wait_call(&kernel.domains[0], PV_REPLY_RESUME, 0);
	assert_int_equal(v->regs.pc, 2);
	trap_at(ESR(EC_WFX, 1) & ~(uint64_t)IL, 0); /* WFE, or it would sleep */
	assert_int_equal(v->regs.pc, 4);
}

/* An asynchronous abort ends the domain that ran, in its guest or in its VMM, and no other. */
static void test_serror_ends_its_domain(void **state)
{
	(void)state;
	for (uint32_t in_vmm = 0; in_vmm < 2; in_vmm++) {
		fake_build(2, 1, 1);
		fake_set_priority(&kernel.vcpus[0], 200);
		assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
		if (in_vmm) {
			trap_at(ESR(EC_HVC, 0), 0);
			assert_ptr_equal(resume(), &kernel.domains[0].vmm_regs);
		}
		domain_abort(here()->current->domain);
		assert_false(kernel.domains[0].alive);
		assert_true(kernel.domains[1].alive);
		assert_ptr_equal(resume(), &kernel.vcpus[1].regs);
		assert_false(fake.powered_off);
	}
}

/* One that is found when its vCPU leaves the CPU ends its domain, too: no sibling follows. */
static void test_late_serror_ends_its_domain(void **state)
{
	(void)state;
	fake_build(2, 2, 1);
	assert_ptr_equal(resume(), &kernel.vcpus[0].regs);
	kernel.vcpus[0].arch.late_abort = true;
	trap_at(ESR(EC_WFX, 0), 0);
	assert_ptr_equal(resume(), &kernel.vcpus[2].regs);
	assert_false(kernel.domains[0].alive);
	assert_true(kernel.domains[1].alive);
	assert_int_equal(kernel.vcpus[2].arch.loads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_highest_priority_runs),
		cmocka_unit_test(test_start_is_seen_without_a_poke),
		cmocka_unit_test(test_equals_take_turns),
		cmocka_unit_test(test_budget_bounds_a_busy_vcpu),
		cmocka_unit_test(test_spent_budget_leaves_the_cpu_idle),
		cmocka_unit_test(test_sleep_costs_no_budget),
		cmocka_unit_test(test_time_never_goes_back),
		cmocka_unit_test(test_idle_until_an_interrupt),
		cmocka_unit_test(test_sleeper_wakes_at_its_deadline),
		cmocka_unit_test(test_workaround_does_not_reach_the_vmm),
		cmocka_unit_test(test_call_goes_to_the_vmm_and_back),
		cmocka_unit_test(test_load_is_extended),
		cmocka_unit_test(test_one_message_at_a_time),
		cmocka_unit_test(test_unfit_replies_end_the_domain),
		cmocka_unit_test(test_accesses_are_aborted),
		cmocka_unit_test(test_calls_are_not_aborted),
		cmocka_unit_test(test_calls_have_four_results),
		cmocka_unit_test(test_calls_check_their_capability),
		cmocka_unit_test(test_doorbells),
		cmocka_unit_test(test_doorbells_after_a_reset),
		cmocka_unit_test(test_console_frames),
		cmocka_unit_test(test_instructions_of_two_bytes),
		cmocka_unit_test(test_serror_ends_its_domain),
		cmocka_unit_test(test_late_serror_ends_its_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
