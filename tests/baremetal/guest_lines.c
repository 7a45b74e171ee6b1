/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that have a device: the board's second PL011, at T_UART_IPA, whose interrupt is a
 * level and their SPI LINE. It is high while the transmitter's is not masked, from each byte sent
 * until it is cleared (DDI 0183, 3.3.10 to 3.3.13).
 */
#include "tests/baremetal/guest.h"

#define LINE ((uint32_t)T_LINE)
#define OTHERS 48U /* interrupts of no device, more than list registers */
#define OTHERS_COUNT 12U
#define SPURIOUS 0x3ffU
#define ROUNDS 300U
#define UARTDR (T_UART_IPA + 0x00)
#define UARTCR (T_UART_IPA + 0x30)
#define UARTIMSC (T_UART_IPA + 0x38)
#define UARTMIS (T_UART_IPA + 0x40)
#define UARTICR (T_UART_IPA + 0x44)
#define TX 0x20U

extern char guest_entry[] __asm__("_start");

static void raise(void)
{
	mmio_write32(UARTIMSC, TX);
	mmio_write32(UARTDR, 'x');
}

static void lower(void)
{
	mmio_write32(UARTICR, TX);
}

static bool is_high(void)
{
	return mmio_read32(UARTMIS) & TX;
}

static void start(void)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	mmio_write32(UARTCR, 0x301);
	lower();
}

static void disable(void)
{
	guest_call(T_VIRQ_SET, 0, LINE, 0x80 << PV_VIRQ_PRIORITY_SHIFT);
}

static void enable(uint32_t target)
{
	guest_virq(0, LINE, 0, 0x80, target);
}

/* Acknowledges what must come next. */
static uint32_t check_comes(const char *name, uint32_t want)
{
	uint32_t iar = guest_irq_poll();

	check_equal(name, iar & 0x3ff, want);
	return iar;
}

static void check_comes_once(const char *name)
{
	uint32_t iar = check_comes(name, LINE);

	lower();
	guest_irq_end(iar);
	check_comes("  and no more", SPURIOUS);
}

PROGRAM(guest_line)
{
	start();
	raise();
	check_comes("one that is disabled does not come", SPURIOUS);
	enable(0);
	uint32_t iar = check_comes("enabled it does", LINE);

	check_comes("not while it is handled", SPURIOUS);
	guest_irq_end(iar);
	iar = check_comes("still high it comes again", LINE);
	check_equal("it is active", guest_call(T_VIRQ_GET, 0, LINE, 0) & PV_VIRQ_ACTIVE,
	            PV_VIRQ_ACTIVE);
	guest_irq_end(iar);
	check_comes_once("folded meanwhile it comes again");
	for (uint32_t i = 0; i < ROUNDS; i++) {
		raise();
		iar = guest_irq_poll();
		guest_irq_count[iar & 0x3ff]++;
		lower();
		guest_irq_end(iar);
	}
	check_equal("each time", guest_irq_count[LINE], ROUNDS);
	raise();
	guest_virq_op(0, LINE, PV_VIRQ_OP_UNPEND);
	iar = check_comes("what is high cannot be made not pending", LINE);
	guest_virq_op(0, LINE, PV_VIRQ_OP_DEACTIVATE);
	guest_irq_end(iar);
	check_comes_once("deactivated it comes again");
	raise();
	disable();
	check_comes("disabled while it is high it goes away", SPURIOUS);
	enable(0);
	check_comes_once("and comes back");
}

/* More that are pending, and more that are handled, than there are list registers. */
PROGRAM(guest_line_overflow)
{
	uint32_t stack[OTHERS_COUNT + 1];
	uint32_t depth = 0;

	start();
	enable(0);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < OTHERS_COUNT; i++) {
			/* Half of them above it; in the second round they nest. */
			guest_virq(0, OTHERS + i, PV_VIRQ_EDGE, 0xe0 - 0x10 * i, 0);
		}
		raise();
		for (uint32_t i = 0; i < OTHERS_COUNT; i++) {
			guest_virq_op(0, OTHERS + i, PV_VIRQ_OP_PEND);
			if (round == 1 || i == OTHERS_COUNT - 1) {
				stack[depth++] = guest_irq_poll();
			}
		}
		while (depth > 0) {
			uint32_t intid = stack[--depth] & 0x3ff;

			guest_irq_count[intid]++;
			if (intid == LINE) {
				lower();
			}
			guest_irq_end(stack[depth]);
			uint32_t iar = guest_irq_poll();

			if ((iar & 0x3ff) != SPURIOUS) {
				stack[depth++] = iar;
			}
		}
		check_equal("it came, once", guest_irq_count[LINE], round + 1);
		check_equal("so did the least", guest_irq_count[OTHERS], round + 1);
	}
	raise();
	check_comes_once("it comes on");
}

static volatile uint32_t life;

/* params[0]: this program. Each life leaves its line high in another state. */
PROGRAM(guest_line_restarts)
{
	start();
	if (life > 0) {
		check_comes("nothing of the life before", SPURIOUS);
	}
	enable(0);
	raise();
	switch (life++) {
	case 0: /* handled */
		check_comes("it comes in the first life", LINE);
		break;
	case 1: /* listed */
		guest_call(T_NOTHING, 0, 0, 0);
		break;
	case 2: /* disabled */
		disable();
		break;
	default:
		check_comes_once("it comes in the last life");
		return;
	}
	guest_call(T_RESTART, (uint64_t)guest_entry, params[0], 0);
}

static volatile uint64_t there, taken_by_second, over;

/* As a driver does, which asks its device: QEMU's GICv2 holds apart for each CPU whether an interrupt is
 * active, so one that is moved while it is high comes there, too. */
static bool take(void)
{
	if (!is_high()) {
		return false; /* nor may it be lowered: it may have been raised since */
	}
	lower();
	return true;
}

static void second(void)
{
	guest_irq_start(false);
	there = 1;
	while (!over) {
		uint32_t iar = guest_irq_acknowledge();

		if ((iar & 0x3ff) == LINE) {
			taken_by_second += take();
			guest_irq_end(iar);
		}
	}
	guest_call(T_OFF, 0, 0, 0);
}

static uint64_t taken_by_first;

/* Whoever gets it lowers it: wait until one of both has, this one perhaps handing it over meanwhile. */
static void take_or_let(uint64_t before, bool hand_over, uint64_t limit)
{
	while (taken_by_first + taken_by_second <= before && guest_now() < limit) {
		uint32_t iar = guest_irq_acknowledge();

		if ((iar & 0x3ff) != LINE) {
			continue;
		}
		taken_by_first += take();
		if (hand_over) {
			enable(1);
		}
		guest_irq_end(iar);
	}
}

/* It goes to one vCPU and the other in turn, before, while and after it is high. */
PROGRAM(guest_line_moves)
{
	uint64_t limit = guest_now() + guest_patience();

	start();
	guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)second);
	while (!there && guest_now() < limit) {
	}
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t before = taken_by_first + taken_by_second;

		enable(i % 2);
		raise();
		if (i % 3 == 0) {
			enable((i + 1) % 2);
		}
		take_or_let(before, i % 5 == 0, limit);
	}
	over = 1;
	check_true("it came each time", taken_by_first + taken_by_second >= ROUNDS);
	/* Two of six rounds end at the first whatever the other does meanwhile, three at the second. */
	check_true("to both", taken_by_first > ROUNDS / 5 && taken_by_second > ROUNDS / 5);
}

static void end_only(uint32_t iar)
{
	guest_irq_end(iar);
}

/* What devices signal by messages, params[0] of it on, params[1] of them: an observer looks how often
 * each has come. */
PROGRAM(guest_msis)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	for (uint32_t i = 0; i < params[1]; i++) {
		guest_virq(0, (uint32_t)params[0] + i, PV_VIRQ_EDGE, 0x80, 0);
	}
	guest_irq_start(true);
	for (;;) {
		guest_wfi();
	}
}

/* Nobody lowers it. */
PROGRAM(guest_line_storm)
{
	start();
	guest_irq_hook = end_only;
	enable(0);
	raise();
	guest_irq_unmask();
	for (;;) {
	}
}

static void provoke(void)
{
	guest_irq_start(false);
	for (;;) {
		guest_virq_op(0, LINE, PV_VIRQ_OP_UNPEND);
		guest_virq_op(0, LINE, PV_VIRQ_OP_ACTIVATE);
		guest_virq_op(0, LINE, PV_VIRQ_OP_DEACTIVATE);
		enable(1);
		disable();
		enable(0);
		guest_irq_end(guest_irq_acknowledge());
	}
}

/* The first vCPU sleeps, and the second does all it can to have it come to the CPU of the first. */
PROGRAM(guest_line_provoked)
{
	start();
	enable(0);
	raise();
	guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)provoke);
	for (;;) {
		guest_wfi();
	}
}
