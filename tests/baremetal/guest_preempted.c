/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that lose their CPU within the handler of an interrupt: what is active is the
 * vCPU's own, in the virtual CPU interface and in the physical GIC. All are bounded by turns of the
 * others on the same CPU, each of which counts its own in a word of the shared page.
 */
#include "tests/baremetal/guest.h"

#define SPI 40U
#define TIMER 27U
#define SPURIOUS 0x3ffU
#define TURNS 6U
#define IDLE_PRIORITY 0xffU

/* params: own word, number of words, own priority (none: no interrupt), whether the timer's. */
static volatile uint64_t *word(uint64_t index)
{
	return (volatile uint64_t *)((uint64_t)T_SHARED_IPA + 64 * index);
}

/* Until each other one has run @turns times more; count own turns meanwhile. */
static void wait_turns(uint64_t turns)
{
	for (uint64_t other = 0; other < params[1]; other++) {
		for (uint64_t n = 0, seen = *word(other); other != params[0] && n < turns;) {
			++*word(params[0]);
			if (*word(other) != seen) {
				seen = *word(other);
				n++;
			}
		}
	}
}

/* Be there for the others until all have come to their end. */
static void await_all(void)
{
	*word(params[1] + params[0]) = 1;
	for (uint64_t other = 0; other < params[1]; other++) {
		while (!*word(params[1] + other)) {
			++*word(params[0]);
		}
	}
}

static uint32_t taken_of(uint32_t intid)
{
	uint32_t iar = guest_irq_poll();

	check_equal("the interrupt is taken", iar & SPURIOUS, intid);
	return iar;
}

/* In the handler of an SPI, or in none. */
PROGRAM(guest_preempted_in_handler)
{
	uint32_t priority = (uint32_t)params[2];
	uint32_t active = priority ? priority : IDLE_PRIORITY;
	uint32_t iar = 0;
	uint32_t wrong = 0;

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	guest_virq(0, SPI, 0, priority, 0);
	guest_virq(0, SPI + 1, 0, 0x60, 0);
	if (priority) {
		guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
		iar = taken_of(SPI);
	}
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		wait_turns(1);
		wrong += guest_irq_running() != active;
	}
	check_equal("the running priority is the vCPU's own", wrong, 0);
	/* One of 0x60 interrupts a handler of 0x80, not one of 0x40. */
	guest_virq_op(0, SPI + 1, PV_VIRQ_OP_PEND);
	wait_turns(2);
	uint32_t other = guest_irq_poll();
	check_equal("one of another priority interrupts it or not", other & SPURIOUS,
	            active > 0x60 ? SPI + 1 : SPURIOUS);
	if ((other & SPURIOUS) != SPURIOUS) {
		guest_irq_end(other);
	}
	if (priority) {
		guest_irq_end(iar);
	}
	check_equal("at its end", guest_irq_running(), IDLE_PRIORITY);
	await_all();
}

/* In the handler of the timer: the others' timers still come, and this one's next. */
PROGRAM(guest_preempted_in_timer)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	guest_virq(0, TIMER, 0, 0x80, 0);
	for (uint32_t round = 0; round < 3; round++) {
		guest_timer_arm(0);
		wait_turns(2);
		uint32_t iar = taken_of(TIMER);

		guest_timer_off();
		wait_turns(2);
		check_equal("it does not come again", guest_irq_acknowledge() & SPURIOUS, SPURIOUS);
		guest_irq_end(iar);
	}
	await_all();
}
