/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that die and come back: vCPUs that are stopped while they run, a VM whose VMM
 * starts it anew. RAM is not cleared by that here, so what a life has found out the next one knows.
 */
#include "abi/limits.h"
#include "tests/baremetal/guest.h"

#define SPI 48U
#define OTHER_SPI 49U
#define SGI 5U
#define TIMER 27U
#define SPURIOUS 0x3ffU
#define ROUNDS 100U

extern char guest_entry[] __asm__("_start");

static volatile uint64_t beats; /* of the second vCPU */

static void beat(void)
{
	for (;;) {
		beats++;
	}
}

/* As long as the other vCPU is told and has not left its CPU. */
static uint64_t stop_vcpu(uint64_t number)
{
	uint64_t limit = guest_now() + guest_patience();
	uint64_t status;

	do {
		status = guest_call(T_VCPU_STOP, number, 0, 0);
	} while (status == (uint64_t)ERR_AGAIN && guest_now() < limit);
	return status;
}

/* One that was stopped before it ran starts a time slice later. */
static uint64_t start_second(void (*function)(void))
{
	uint64_t limit = guest_now() + guest_patience();
	uint64_t status;

	do {
		status = guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)function);
	} while (status == (uint64_t)ERR_AGAIN && guest_now() < limit);
	return status;
}

static bool beats_reach(uint64_t count)
{
	uint64_t limit = guest_now() + guest_patience();

	while (beats < count && guest_now() < limit) {
	}
	return beats >= count;
}

static bool beats_on(void)
{
	return beats_reach(beats + 1);
}

/* A tight loop without a trap ends when it is told to; then not one more round of it is run. */
PROGRAM(guest_stop_busy)
{
	uint64_t refused = 0;
	uint64_t alive = 0;

	check_equal("what is off is off", stop_vcpu(1), 0);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		refused += start_second(beat) != 0;
		refused += !beats_on();
		refused += start_second(beat) != (uint64_t)ERR_STATE;
		refused += stop_vcpu(1) != 0;
		uint64_t seen = beats;

		for (uint32_t n = 0; n < 10; n++) {
			guest_call(T_NOTHING, 0, 0, 0);
			alive += beats != seen;
		}
	}
	check_equal("it starts, runs, and is stopped", refused, 0);
	check_equal("  and does not go on", alive, 0);
}

/* What it does when it is stopped: traps into its VMM, or sleeps, or goes off by itself. */
static void call(void)
{
	for (;;) {
		guest_call(T_NOTHING, 0, 0, 0);
		beats++;
	}
}

static void sleep(void)
{
	for (;;) {
		beats++;
		guest_wfi();
	}
}

static void leave(void)
{
	beats++;
	guest_call(T_OFF, 0, 0, 0);
}

PROGRAM(guest_stop_races)
{
	static void (*const lives[])(void) = {call, sleep, leave, beat};
	const uint64_t count = sizeof(lives) / sizeof(lives[0]);
	uint64_t refused = 0;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t seen = beats;

		refused += start_second(lives[round % count]) != 0;
		/* At whatever point of its life, from before its first instruction on. */
		refused += !beats_reach(seen + round / count % 2);
		refused += stop_vcpu(1) != 0;
	}
	check_equal("it is stopped at any time, and starts", refused, 0);
	refused = start_second(beat);
	check_equal("and at last", refused, 0);
	check_true("  it runs", beats_on());
}

/* A life that leaves as much behind as it can: handled, listed, pending, level, timer. */
static volatile uint64_t life;

static void second_of_first_life(void)
{
	guest_irq_start(false);
	guest_virq(1, SGI, 0, 0x80, 0);
	guest_virq_op(1, SGI, PV_VIRQ_OP_PEND);
	guest_irq_poll(); /* it handles it, and never ends it */
	beats = 1;
	beat();
}

static void first_life(void)
{
	guest_irq_start(false);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq(0, OTHER_SPI, 0, 0x90, 0);
	guest_virq(0, TIMER, 0, 0xa0, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("one that is handled", guest_irq_poll() & 0x3ff, SPI);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_virq_op(0, OTHER_SPI, PV_VIRQ_OP_LINE_HIGH);
	guest_timer_arm(0);
	check_equal("a doorbell", guest_call(T_BIND, T_CAP_EXTRA + 1, SPI + 2, 0), 0);
	guest_virq(0, SPI + 2, PV_VIRQ_EDGE, 0x80, 1);
	beats = 0;
	check_equal("a second vCPU", start_second(second_of_first_life), 0);
	(void)beats_reach(1);
	check_equal("no reset while it runs", guest_call(T_VGIC_RESET, 0, 0, 0),
	            (uint64_t)ERR_STATE);
	life++;
	guest_call(T_RESTART, (uint64_t)guest_entry, params[1], 0);
	check_true("nothing behind a restart runs", false);
}

static uint64_t state_of(uint32_t vcpu, uint32_t intid)
{
	return guest_call(T_VIRQ_GET, vcpu, intid, 0);
}

static void second_of_second_life(void)
{
	guest_irq_start(false);
	beats = 1 + guest_irq_poll();
	for (;;) {
		guest_call(T_OFF, 0, 0, 0);
	}
}

static void second_life(void)
{
	uint64_t different = 0;
	uint64_t control;

	for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
		for (uint32_t intid = 0; intid < PV_VIRQS; intid++) {
			different += state_of(vcpu, intid) != (intid < 16 ? PV_VIRQ_EDGE : 0);
		}
	}
	check_equal("all interrupts are as at the start", different, 0);
	__asm__ volatile("mrs %0, cntv_ctl_el0" : "=r"(control));
	check_equal("the timer is off", control & 1, 0);
	guest_irq_start(false);
	check_equal("nothing is handled", guest_irq_running() & 0xff, 0xff);
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq(0, OTHER_SPI, 0, 0x90, 0);
	guest_virq(0, TIMER, 0, 0xa0, 0);
	guest_virq(1, SGI, 0, 0x80, 0);
	check_equal("nothing is pending", guest_irq_poll() & 0x3ff, SPURIOUS);
	guest_virq(0, SPI + 2, PV_VIRQ_EDGE, 0x80, 0);
	check_equal("a doorbell", guest_call(T_RING, T_CAP_EXTRA, 0, 0), 0);
	check_equal("  is masked", guest_irq_poll() & 0x3ff, SPURIOUS);
	check_equal("  and bound", guest_call(T_BIND, T_CAP_EXTRA + 1, SPI + 2, 0), 0);
	check_equal("  comes", guest_irq_poll() & 0x3ff, SPI + 2);
	guest_irq_end(SPI + 2);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("an edge comes", guest_irq_poll() & 0x3ff, SPI);
	guest_irq_end(SPI);
	guest_timer_arm(0);
	check_equal("the timer comes", guest_irq_poll() & 0x3ff, TIMER);
	guest_timer_off();
	guest_irq_end(TIMER);
	beats = 0;
	check_equal("a second vCPU", start_second(second_of_second_life), 0);
	check_true("  runs", beats_reach(1));
	check_equal("  and has no interrupt", beats, 1 + SPURIOUS);
}

/* params[0]: how many lives; params[1]: the program itself, for its next life. */
PROGRAM(guest_restarted)
{
	if (life > 0) {
		second_life();
		if (life == params[0]) {
			return;
		}
		stop_vcpu(1);
	}
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	first_life();
}

/* params[0]: how many VMMs die, each in the way that the one before did not. */
PROGRAM(guest_vmm_dies)
{
	check_equal("the VMM knows how many have died", guest_call(T_PARAM, 0, 0, 0), life);
	check_equal("interrupts are as at the start", state_of(0, SPI), 0);
	check_equal("  of the other vCPU, too", state_of(1, SGI), PV_VIRQ_EDGE);
	if (life == params[0]) {
		return;
	}
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	beats = 0;
	check_equal("the second vCPU is off", start_second(second_of_first_life), 0);
	(void)beats_reach(1);
	guest_call(T_DO, life++ % 2, 0, 0);
	check_true("nothing behind its death runs", false);
}

/* Resets without end. */
PROGRAM(guest_restart_for_ever)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_call(T_RESTART, (uint64_t)guest_entry, (uint64_t)guest_restart_for_ever, 0);
}
