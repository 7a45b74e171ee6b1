/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on a fake machine: what a device signals comes to the guest, and comes again only when the
 * guest has ended it, whatever the guest and its VMM do meanwhile, and in whatever order; and what it
 * costs whoever runs in the place of the guest is bounded.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/vgic_lr.c kernel/core/vgic.c kernel/core/line.c kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c tests/fake_arch/arch.c */
/* links: kernel/core/message.c kernel/core/domain.c kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c */
/* links: kernel/variants/debug.c kernel/arm/s2.c */
#include <string.h>

#include "kernel/core/domain.h"
#include "kernel/core/line.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic.h"
#include "lib/bits.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/fake_arch/pte.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define SPI 50U   /* of the guest */
#define INTID 40U /* of the machine */
#define LINES 6U  /* more than list registers; the odd ones are edges */
#define TO_1 (1ULL << PV_VIRQ_TARGET_SHIFT)
#define STEPS 200000U
#define MSI_FIRST 100U
#define MSIS 3U
#define MESSAGE(stream, n) ((stream)*PV_MSIS_MAX + (n))

uint64_t fake_pool[FAKE_POOL_PAGES][512];
uint32_t fake_pool_page;

static struct domain *const d = &kernel.domains[0];
static struct vcpu *const v0 = &kernel.vcpus[0], *const v1 = &kernel.vcpus[1];
static uint32_t taken; /* interrupts of lines */
/* What each vCPU handles, the last acknowledged on top. */
static uint32_t stacks[2][PV_VIRQS], depths[2];
static bool due[LINES]; /* signalled since the guest acknowledged it last */

/* One domain with two vCPUs, each loaded on a CPU of its own. */
static void boot(void)
{
	fake_build(1, 2, 2);
	kernel.domains_on = 2; /* there is another one */
	for (uint32_t n = 0; n < 2; n++) {
		kernel.cpus[n].current = &kernel.vcpus[n];
		kernel.vcpus[n].wait = WAIT_NOTHING;
	}
	for (uint32_t n = 0; n < LINES; n++) {
		line_add(d, SPI + n, INTID + n, n % 2);
	}
	lock_acquire(&d->lock);
	vgic_reset_locked(d);
	lock_release(&d->lock);
	d->vgic_enabled = true;
	taken = 0;
	memset(depths, 0, sizeof(depths));
	memset(due, 0, sizeof(due));
}

/* A guest of @v goes on. */
static void go_on(struct vcpu *v)
{
	fake.cpu = v->number;
	if (v->vgic.dirty) {
		vgic_flush(v);
	}
}

static err_t retried(err_t (*call)(struct vcpu *, uint32_t, uint64_t), struct vcpu *v,
                     uint32_t intid, uint64_t argument)
{
	err_t err;
	uint32_t cpu = fake.cpu;

	while ((err = call(v, intid, argument)) == ERR_AGAIN) {
		go_on(&kernel.vcpus[cpu ^ 1]);
		fake.cpu = cpu;
	}
	return err;
}

static void configure(uint32_t n, uint64_t more)
{
	assert_int_equal(
		retried(locked_configure, &kernel.vcpus[fake.cpu], SPI + n,
	                0xa0U << PV_VIRQ_PRIORITY_SHIFT | (n % 2 ? PV_VIRQ_EDGE : 0) | more),
		OK);
}

static void operate(uint32_t n, enum pv_virq_op op)
{
	assert_int_equal(retried(locked_operate, &kernel.vcpus[fake.cpu], SPI + n, op), OK);
}

/* CPUs take what comes to them. */
static void deliver(void)
{
	uint32_t cpu = fake.cpu;

	for (uint32_t n = 0; n < LINES; n++) {
		struct fake_line *line = &fake.lines[INTID + n];

		if (line->on && line->pending && !line->active) {
			line->active = true;
			line->pending = !line->edge;
			fake.cpu = line->cpu;
			line_take(INTID + n);
			taken++;
		}
	}
	fake.cpu = cpu;
}

/* What the guest of @v acknowledges next: which line, or LINES. */
static uint32_t acknowledge(struct vcpu *v)
{
	go_on(v);
	uint32_t intid = fake_guest_acknowledge();

	return intid == 1023 ? LINES : intid - SPI;
}

static void end(struct vcpu *v, uint32_t n)
{
	go_on(v);
	fake_guest_end(SPI + n);
	if (fake_maintenance(fake_gic())) {
		vgic_sync(v);
	}
}

static void raise(uint32_t n)
{
	fake.lines[INTID + n].pending = true;
	deliver();
}

/* The hardware ends it, without the kernel; a level that is still there comes again. */
static void test_level(void **state)
{
	(void)state;
	boot();
	raise(0);
	assert_int_equal(taken, 0); /* masked until the guest enables it */
	configure(0, PV_VIRQ_ENABLED);
	deliver();
	assert_int_equal(taken, 0);
	go_on(v0);
	deliver();
	assert_int_equal(taken, 1);
	assert_int_equal(acknowledge(v0), 0);
	assert_true(fake_gic()->lrs[0].hw);
	assert_int_equal(fake_gic()->lrs[0].physical, INTID);
	deliver();
	assert_int_equal(taken, 1);
	end(v0, 0);
	assert_false(fake.lines[INTID].active);
	deliver();
	assert_int_equal(taken, 2);
	assert_int_equal(acknowledge(v0), 0);
	fake.lines[INTID].pending = false;
	end(v0, 0);
	deliver();
	assert_int_equal(taken, 2);
	assert_int_equal(acknowledge(v0), LINES);
}

static void test_edge(void **state)
{
	(void)state;
	boot();
	configure(1, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(1);
	assert_int_equal(acknowledge(v0), 1);
	raise(1); /* waits where the machine has it */
	assert_int_equal(taken, 1);
	end(v0, 1);
	deliver();
	assert_int_equal(acknowledge(v0), 1);
	end(v0, 1);
	assert_int_equal(acknowledge(v0), LINES);
	assert_int_equal(taken, 2);
}

/* What comes alone takes a list register, the one that it had, and no other is looked at. */
static void test_alone(void **state)
{
	(void)state;
	boot();
	configure(1, PV_VIRQ_ENABLED);
	configure(3, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(3);
	assert_int_equal(acknowledge(v0), 3);
	fake_gic()->lrs[0].priority |= 7; /* which a fold would lose */
	for (uint32_t n = 0; n < 3; n++) {
		raise(1);
		go_on(v0);
		assert_int_equal(v0->vgic.lr_used, 3);
		assert_int_equal(fake_gic()->lrs[0].priority & 7, 7);
		assert_int_equal(fake_gic()->lrs[1].intid, SPI + 1);
		assert_int_equal(fake_gic()->lrs[1].state, LR_PENDING);
		assert_int_equal(fake_gic()->lrs[1].physical, INTID + 1);
		fake_gic()->lrs[1].state = LR_EMPTY; /* the guest has taken and ended it */
		fake.lines[INTID + 1].active = false;
	}
	end(v0, 3);
	raise(3);
	raise(1);
	assert_true(acknowledge(v0) < LINES);
	assert_int_equal(taken, 6);
}

/* That one comes again tells that the one before has ended, which nobody else sees. */
static void test_each_end_is_counted(void **state)
{
	(void)state;
	boot();
	for (uint32_t n = 0; n < 2; n++) {
		uint64_t before = v0->counters[PV_COUNTER_INTERRUPTS];

		configure(n, PV_VIRQ_ENABLED);
		go_on(v0);
		for (uint32_t i = 0; i < 4; i++) {
			raise(n);
			assert_int_equal(acknowledge(v0), n);
			fake.lines[INTID + n].pending = false;
			end(v0, n);
			assert_int_equal(v0->counters[PV_COUNTER_INTERRUPTS], before + i);
		}
		lock_acquire(&d->lock);
		vgic_fold_locked(v0);
		lock_release(&d->lock);
		assert_int_equal(v0->counters[PV_COUNTER_INTERRUPTS], before + 4);
	}
}

/* More than list registers, all in the hands of the guest at once. */
static void test_more_than_list_registers(void **state)
{
	(void)state;
	uint32_t came = 0;

	boot();
	for (uint32_t n = 0; n < LINES; n++) {
		configure(n, PV_VIRQ_ENABLED);
	}
	go_on(v0);
	for (uint32_t n = 0; n < LINES; n++) {
		raise(n);
	}
	for (uint32_t n = 0; n < LINES; n++) {
		uint32_t got = acknowledge(v0);

		assert_true(got < LINES);
		came |= 1U << got;
		fake.lines[INTID + got].pending = false;
		end(v0, got);
		assert_false(fake.lines[INTID + got].active);
	}
	assert_int_equal(came, (1U << LINES) - 1);
	assert_int_equal(acknowledge(v0), LINES);
}

/* What another CPU does to it interrupts the CPU of its target, where another VM may run, no more
 * before its target runs. */
static void test_only_its_target_lets_it_come_again(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(0);
	kernel.cpus[0].current = NULL; /* somebody else runs there */
	fake.cpu = 1;
	for (uint32_t n = 0; n < 100; n++) {
		operate(0, PV_VIRQ_OP_UNPEND);
		operate(0, PV_VIRQ_OP_ACTIVATE);
		operate(0, PV_VIRQ_OP_DEACTIVATE);
		configure(0, TO_1);
		configure(0, 0);
		configure(0, PV_VIRQ_ENABLED);
		deliver();
	}
	assert_int_equal(taken, 1);
	kernel.cpus[0].current = v0;
	go_on(v0);
	deliver();
	assert_int_equal(taken, 2);
	assert_int_equal(acknowledge(v0), 0);
}

/* An end on one CPU, whose next interrupt comes to another before the first CPU has looked. */
static void test_moves_while_active(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(0);
	assert_int_equal(acknowledge(v0), 0);
	fake.cpu = 1;
	configure(0, PV_VIRQ_ENABLED | TO_1);
	go_on(v1);
	assert_int_equal(fake.lines[INTID].cpu, 1);
	fake.cpu = 0;
	locked_fold(v0); /* it still handles it, when it has the CPU again */
	go_on(v0);
	assert_true(fake_gic()->lrs[0].hw);
	end(v0, 0);
	deliver();
	assert_int_equal(taken, 2);
	assert_int_equal(acknowledge(v1), 0);
	assert_int_equal(acknowledge(v0), LINES);
	fake.lines[INTID].pending = false;
	end(v1, 0);
	assert_false(fake.lines[INTID].active);
	assert_int_equal(acknowledge(v1), LINES);
}

/* Aimed elsewhere before the first target has looked: that leaves it alone. */
static void test_the_last_target_has_it(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	configure(0, PV_VIRQ_ENABLED | TO_1);
	go_on(v0);
	assert_false(fake.lines[INTID].on);
	go_on(v1);
	assert_true(fake.lines[INTID].on);
	assert_int_equal(fake.lines[INTID].cpu, 1);
}

/* WFI of the target, which what another vCPU does makes fit to take it again. */
static void test_a_sleeping_target_is_woken(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(0);
	go_on(v0);
	fake.cpu = 1;
	configure(0, 0);
	go_on(v0);
	assert_false(locked_has_pending(v0));
	v0->wait = WAIT_IRQ;
	fake.cpu = 1;
	configure(0, PV_VIRQ_ENABLED);
	assert_int_equal(v0->wait, WAIT_NOTHING);
	v0->wait = WAIT_IRQ;
	operate(0, PV_VIRQ_OP_UNPEND);
	assert_int_equal(v0->wait, WAIT_NOTHING);
	go_on(v0);
	deliver();
	assert_int_equal(taken, 2);
}

static void stop(struct vcpu *v)
{
	fake.cpu = v->number;
	lock_acquire(&d->lock);
	(void)message_stop_locked(v, v);
	lock_release(&d->lock);
	kernel.cpus[v->number].current = NULL;
}

static void test_masked_while_off(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	configure(1, PV_VIRQ_ENABLED);
	go_on(v0);
	raise(1);
	assert_int_equal(taken, 1);
	stop(v0);
	raise(0); /* the other vCPU is on */
	assert_int_equal(taken, 2);
	stop(v1);
	assert_false(fake.lines[INTID].on || fake.lines[INTID + 1].on);
	fake.lines[INTID + 1].pending = true;
	fake.lines[INTID].pending = false;
	fake.lines[INTID + LINES] = (struct fake_line){.on = true, .pending = true};
	fake.line_stores = 0;
	lock_acquire(&d->lock);
	vgic_reset_locked(d);
	lock_release(&d->lock);
	/* However many there are: others wait for the lock. */
	assert_int_equal(fake.line_stores, 2);
	assert_false(fake.lines[INTID + 1].pending);
	/* What is beside them in the registers is another domain's. */
	assert_true(fake.lines[INTID + LINES].on && fake.lines[INTID + LINES].pending);
	/* The next life has nothing of the last, and gets what comes. */
	kernel.cpus[0].current = v0;
	v0->wait = WAIT_NOTHING;
	d->vgic_enabled = true;
	fake.cpu = 0;
	configure(0, PV_VIRQ_ENABLED);
	configure(1, PV_VIRQ_ENABLED);
	assert_int_equal(acknowledge(v0), LINES);
	assert_false(fake.lines[INTID].active || fake.lines[INTID + 1].active);
	raise(1);
	assert_int_equal(acknowledge(v0), 1);
}

/* Started again as it was: what its interrupts were enabled for they are again. */
static void test_unmasked_when_on_again(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	go_on(v0);
	stop(v1);
	stop(v0);
	raise(0);
	assert_int_equal(taken, 0);
	kernel.cpus[0].current = v0;
	v0->wait = WAIT_NOTHING;
	go_on(v0);
	deliver();
	assert_int_equal(acknowledge(v0), 0);
}

static void test_dead_and_nobodys(void **state)
{
	(void)state;
	boot();
	configure(0, PV_VIRQ_ENABLED);
	go_on(v0);
	domain_stop(d, PV_STOP_FAULT, "");
	assert_false(fake.lines[INTID].on);
	fake.lines[INTID].active = true; /* it was on its way */
	line_take(INTID);
	assert_true(fake.lines[INTID].active);
	assert_false(d->spis[SPI - VIRQ_PRIVATE].flags & (VIRQ_PASSED | VIRQ_LATCH));
	fake.lines[INTID + LINES].active = true;
	line_take(INTID + LINES);
	assert_false(fake.lines[INTID + LINES].active);
	line_take(4096); /* of the extended range: no line of anybody */
}

/* Two streams with messages, both on. */
static void boot_messages(void)
{
	boot();
	d->image.msi_first = MSI_FIRST;
	d->image.msi_count = MSIS;
	d->streams = 3;
	d->streams_on = 2;
	line_add_messages(d);
	for (uint32_t n = 0; n < 2; n++) {
		kernel.streams[n] = (struct stream){.domain = d, .id = 8 + n, .on = true};
	}
	for (uint32_t n = 0; n < ARRAY_COUNT(fake.messages); n++) {
		fake.messages[n].on = true;
	}
}

static void configure_message(uint32_t n, uint64_t more)
{
	assert_int_equal(retried(locked_configure, &kernel.vcpus[fake.cpu], MSI_FIRST + n,
	                         0xa0U << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_EDGE | more),
	                 OK);
}

static void deliver_messages(void)
{
	uint32_t cpu = fake.cpu;

	for (uint32_t n = 0; n < ARRAY_COUNT(fake.messages); n++) {
		struct fake_line *message = &fake.messages[n];

		if (message->on && message->pending) {
			message->pending = false;
			fake.cpu = message->cpu;
			line_take(ARCH_MESSAGES + n);
			taken++;
		}
	}
	fake.cpu = cpu;
}

static void send(uint32_t message)
{
	fake.messages[message].pending = true;
	deliver_messages();
}

/* Of either stream it is the same SPI; those beyond the domain's, or of no stream, are nothing. */
static void test_messages(void **state)
{
	(void)state;
	boot_messages();
	for (uint32_t n = 0; n < MSIS; n++) {
		configure_message(n, PV_VIRQ_ENABLED);
	}
	for (uint32_t n = 0; n < ARRAY_COUNT(fake.messages); n++) {
		send(n);
		if (n % PV_MSIS_MAX < MSIS && n / PV_MSIS_MAX < 2) {
			go_on(v0);
			assert_int_equal(fake_guest_acknowledge(), MSI_FIRST + n % PV_MSIS_MAX);
			fake_guest_end(MSI_FIRST + n % PV_MSIS_MAX);
		}
		go_on(v0);
		assert_int_equal(fake_guest_acknowledge(), 1023);
	}
	line_take(ARCH_MESSAGES + ARRAY_COUNT(fake.messages));
	line_take(UINT32_MAX);
	go_on(v0);
	assert_int_equal(fake_guest_acknowledge(), 1023);
}

/* A storm costs who runs in the place of the target two interrupts, whatever the VM does elsewhere. */
static void test_storm_of_messages(void **state)
{
	(void)state;
	boot_messages();
	configure_message(0, PV_VIRQ_ENABLED);
	go_on(v0);
	kernel.cpus[0].current = NULL; /* somebody else runs there */
	for (uint32_t n = 0; n < 100; n++) {
		send(MESSAGE(0, 0));
		fake.cpu = 1;
		configure_message(0, 0);
		configure_message(0, PV_VIRQ_ENABLED);
		go_on(v1);
	}
	assert_int_equal(taken, 2);
	/* It costs the VM itself what interrupts cost, and no commands. */
	kernel.cpus[0].current = v0;
	go_on(v0);
	deliver_messages();
	assert_int_equal(taken, 3);
	uint32_t changes = fake.message_changes;

	for (uint32_t n = 0; n < 100; n++) {
		send(MESSAGE(0, 0));
		go_on(v0);
	}
	assert_int_equal(taken, 103);
	assert_int_equal(fake.message_changes, changes);
	assert_int_equal(fake_guest_acknowledge(), MSI_FIRST);
}

/* They follow the SPI, so that they cost nobody else anything while their target takes them. */
static void test_messages_follow_the_target(void **state)
{
	(void)state;
	boot_messages();
	configure_message(1, PV_VIRQ_ENABLED | TO_1);
	go_on(v1);
	for (uint32_t stream = 0; stream < 2; stream++) {
		assert_int_equal(fake.messages[MESSAGE(stream, 1)].cpu, 1);
		assert_int_equal(fake.messages[MESSAGE(stream, 0)].cpu, 0);
	}
	/* One that was masked on the way elsewhere is not when it is there. */
	kernel.cpus[1].current = NULL;
	send(MESSAGE(0, 1));
	send(MESSAGE(0, 1));
	assert_false(fake.messages[MESSAGE(0, 1)].on);
	fake.cpu = 0;
	configure_message(1, PV_VIRQ_ENABLED);
	go_on(v0);
	assert_true(fake.messages[MESSAGE(0, 1)].on);
	assert_int_equal(fake.messages[MESSAGE(0, 1)].cpu, 0);
	assert_int_equal(fake_guest_acknowledge(), MSI_FIRST + 1);
}

/* However many messages change at once, of however many streams: the CPU of their target changes a few
 * at a time, has itself interrupted, and so takes what is more urgent in between. */
static void test_settling_many_messages(void **state)
{
	(void)state;
	uint32_t rounds = 0;

	boot_messages();
	d->image.msi_count = PV_MSIS_MAX;
	line_add_messages(d);
	for (uint32_t n = 0; n < PV_STREAMS_MAX; n++) {
		kernel.streams[n] = (struct stream){.domain = d, .id = 8 + n, .on = true};
		d->streams |= 1U << n;
	}
	for (uint32_t n = 0; n < PV_MSIS_MAX; n++) {
		configure_message(n, PV_VIRQ_ENABLED | TO_1);
	}
	kernel.cpus[1].poke_bit = 1U << 1;
	fake.cpu = 1;
	while (v1->vgic.dirty) {
		uint32_t changes = fake.message_changes;

		kernel.cpus[1].pokes = 0;
		go_on(v1);
		changes = fake.message_changes - changes;
		assert_in_range(changes, 1, PV_STREAMS_MAX + SETTLED_AT_ONCE - 1);
		assert_int_equal(kernel.cpus[1].pokes, v1->vgic.dirty ? 1U << 1 : 0);
		assert_int_equal(locked_has_pending(v1), v1->vgic.dirty != 0);
		rounds++;
	}
	assert_in_range(rounds, 2, PV_MSIS_MAX);
	for (uint32_t n = 0; n < ARRAY_COUNT(fake.messages); n++) {
		assert_int_equal(fake.messages[n].cpu, 1);
	}
}

/* What comes while the stream is off is of a life that is over; the next one gets what comes then. */
static void test_messages_of_a_life_that_is_over(void **state)
{
	(void)state;
	boot_messages();
	configure_message(0, PV_VIRQ_ENABLED);
	go_on(v0);
	stop(v1);
	kernel.cpus[0].current = NULL;
	send(MESSAGE(0, 0));
	send(MESSAGE(0, 0));
	fake.messages[MESSAGE(0, 0)].pending = true;
	kernel.cpus[0].current = v0;
	stop(v0);
	assert_false(kernel.streams[0].on);
	send(MESSAGE(0, 1));
	lock_acquire(&d->lock);
	vgic_reset_locked(d);
	lock_release(&d->lock);
	kernel.cpus[0].current = v0;
	v0->wait = WAIT_NOTHING;
	d->vgic_enabled = true;
	fake.cpu = 0;
	configure_message(0, PV_VIRQ_ENABLED);
	configure_message(1, PV_VIRQ_ENABLED);
	go_on(v0);
	deliver_messages();
	kernel.streams[0].on = true;
	go_on(v0);
	assert_int_equal(fake_guest_acknowledge(), 1023);
	send(MESSAGE(0, 0));
	go_on(v0);
	assert_int_equal(fake_guest_acknowledge(), MSI_FIRST);
}

static void random_guest(struct vcpu *v)
{
	uint32_t *depth = &depths[v->number];

	if (*depth && random_below(2)) {
		end(v, stacks[v->number][--*depth]);
		go_on(v);
		return;
	}
	uint32_t n = acknowledge(v);

	if (n < LINES) {
		due[n] = false;
		fake.lines[INTID + n].pending =
			fake.lines[INTID + n].pending && fake.lines[INTID + n].edge;
		stacks[v->number][(*depth)++] = n;
	}
}

static void random_step(void)
{
	struct vcpu *v = &kernel.vcpus[random_below(2)];
	uint32_t n = random_below(LINES);

	fake.cpu = v->number;
	switch (random_below(9)) {
	case 0:
		fake.lines[INTID + n].pending = true;
		due[n] = true;
		break;
	case 1:
		configure(n, PV_VIRQ_ENABLED | (uint64_t)random_below(2) << PV_VIRQ_TARGET_SHIFT);
		break;
	case 2:
		configure(n, (uint64_t)random_below(2) << PV_VIRQ_TARGET_SHIFT);
		break;
	case 3:
		operate(n, PV_VIRQ_OP_PEND);
		break;
	case 4:
		operate(n, PV_VIRQ_OP_UNPEND);
		due[n] = due[n] && fake.lines[INTID + n].pending;
		break;
	case 5:
		locked_fold(v); /* as when another vCPU gets the CPU */
		go_on(v);
		break;
	default:
		random_guest(v);
	}
	deliver();
}

/* Whatever happens: what is signalled comes, and nothing stays active that nobody handles. */
static void nothing_is_lost(bool told)
{
	boot();
	fake.lines_told = told;
	for (uint32_t step = 0; step < STEPS; step++) {
		random_step();
		if (step % 100) {
			continue;
		}
		for (uint32_t n = 0; n < LINES; n++) {
			fake.cpu = 0;
			configure(n, PV_VIRQ_ENABLED | (uint64_t)random_below(2)
			                                       << PV_VIRQ_TARGET_SHIFT);
		}
		for (uint32_t n = 0; n < 20 * LINES; n++) {
			random_guest(v0);
			deliver();
			random_guest(v1);
			deliver();
		}
		for (uint32_t cpu = 0; cpu < 2; cpu++) {
			while (depths[cpu]) {
				random_guest(&kernel.vcpus[cpu]);
				deliver();
			}
			fake.cpu = cpu;
			locked_fold(&kernel.vcpus[cpu]);
		}
		for (uint32_t n = 0; n < LINES; n++) {
			assert_false(due[n]);
			assert_false(fake.lines[INTID + n].active);
		}
	}
	assert_true(taken > STEPS / 50);
}

static void test_nothing_is_lost(void **state)
{
	(void)state;
	nothing_is_lost(false);
}

static void test_nothing_is_lost_where_ends_are_told(void **state)
{
	(void)state;
	nothing_is_lost(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_edge),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_each_end_is_counted),
		cmocka_unit_test(test_more_than_list_registers),
		cmocka_unit_test(test_only_its_target_lets_it_come_again),
		cmocka_unit_test(test_moves_while_active),
		cmocka_unit_test(test_the_last_target_has_it),
		cmocka_unit_test(test_a_sleeping_target_is_woken),
		cmocka_unit_test(test_masked_while_off),
		cmocka_unit_test(test_unmasked_when_on_again),
		cmocka_unit_test(test_dead_and_nobodys),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_storm_of_messages),
		cmocka_unit_test(test_messages_follow_the_target),
		cmocka_unit_test(test_settling_many_messages),
		cmocka_unit_test(test_messages_of_a_life_that_is_over),
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_nothing_is_lost_where_ends_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
