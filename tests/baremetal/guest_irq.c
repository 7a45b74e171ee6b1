/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs for virtual interrupts on one vCPU: priorities, more of them than list registers,
 * level and edge, masks, the state that the distributor would show, the virtual timer.
 */
#include "tests/baremetal/guest.h"

#define SPI 40U
#define MANY 40U
#define SPURIOUS 0x3ffU

static void start(void)
{
	check_equal("distributor on", guest_call(T_VGIC_ENABLE, 1, 0, 0), 0);
	guest_irq_start(false);
}

static void check_next(const char *name, uint32_t want)
{
	uint32_t iar = guest_irq_poll();

	check_equal(name, iar & 0x3ff, want);
	if ((iar & 0x3ff) != SPURIOUS) {
		guest_irq_end(iar);
	}
}

/* More are pending at once than any CPU interface has list registers: all come, best first. */
PROGRAM(guest_irq_overflow)
{
	bool in_order = true;
	uint32_t got = 0;
	uint32_t last = 0;

	start();
	for (uint32_t i = 0; i < MANY; i++) {
		/* Five-bit priorities in a scrambled order; the worst, 0xf8, no mask lets through. */
		guest_virq(0, SPI + i, PV_VIRQ_EDGE, ((i * 7) % 31) * 8, 0);
		guest_virq_op(0, SPI + i, PV_VIRQ_OP_PEND);
	}
	for (;;) {
		uint32_t iar = guest_irq_poll();
		uint32_t intid = iar & 0x3ff;

		if (intid == SPURIOUS) {
			break;
		}
		guest_irq_count[intid]++;
		uint32_t priority = (((intid - SPI) * 7) % 31) * 8;

		in_order = in_order && priority >= last;
		last = priority;
		got++;
		guest_irq_end(iar);
	}
	check_equal("all interrupts came", got, MANY);
	check_true("in the order of their priority", in_order);
	uint32_t once = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		once += guest_irq_count[SPI + i] == 1;
	}
	check_equal("each once", once, MANY);
}

/*
 * Nested handlers: each is acknowledged before the one before it has ended. As many nest as there
 * are priorities, whatever the number of list registers, and each more urgent one comes at once.
 */
PROGRAM(guest_irq_nested)
{
	uint32_t stack[16];
	uint32_t depth = 0;
	uint32_t rest = 0;

	start();
	for (uint32_t i = 0; i < 16; i++) {
		guest_virq(0, SPI + i, PV_VIRQ_EDGE, (15 - i) * 16, 0);
	}
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t iar;

		guest_virq_op(0, SPI + i, PV_VIRQ_OP_PEND);
		iar = guest_irq_poll();
		if ((iar & 0x3ff) != SPURIOUS) {
			stack[depth++] = iar;
		}
	}
	check_equal("sixteen handlers nest", depth, 16);
	while (depth > 0) {
		guest_irq_end(stack[--depth]);
		guest_irq_count[stack[depth] & 0x3ff]++;
	}
	for (uint32_t iar = guest_irq_poll(); (iar & 0x3ff) != SPURIOUS; iar = guest_irq_poll()) {
		guest_irq_count[iar & 0x3ff]++;
		guest_irq_end(iar);
	}
	for (uint32_t i = 0; i < 16; i++) {
		rest += guest_irq_count[SPI + i] == 1;
	}
	check_equal("all sixteen came once", rest, 16);
}

/* Five handlers nested, others pending below, between and above them: after each end comes what is
 * more urgent than the handler that goes on, and nothing else. */
PROGRAM(guest_irq_between)
{
	const uint32_t outer = SPI;      /* priorities 0x90, 0x70, ... 0x10 */
	const uint32_t inner = SPI + 10; /* 0x80, 0x60, ... 0x00 */
	uint32_t stack[5];

	start();
	for (uint32_t i = 0; i < 5; i++) {
		guest_virq(0, outer + i, PV_VIRQ_EDGE, 0x90 - 0x20 * i, 0);
		guest_virq(0, inner + i, PV_VIRQ_EDGE, 0x80 - 0x20 * i, 0);
	}
	for (uint32_t i = 0; i < 5; i++) {
		guest_virq_op(0, outer + i, PV_VIRQ_OP_PEND);
		stack[i] = guest_irq_poll();
		check_equal("each preempts the one before", stack[i] & 0x3ff, outer + i);
	}
	for (uint32_t i = 0; i < 5; i++) {
		guest_virq_op(0, inner + i, PV_VIRQ_OP_PEND);
	}
	for (uint32_t i = 5; i-- > 0;) {
		check_next("the one above it comes", inner + i);
		check_next("and those below it do not", SPURIOUS);
		guest_irq_end(stack[i]);
	}
	check_next("no more", SPURIOUS);
}

PROGRAM(guest_irq_level)
{
	start();
	guest_virq(0, SPI, 0, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_LINE_HIGH);
	check_next("a high line interrupts", SPI);
	check_next("and again while it is high", SPI);
	check_next("and again", SPI);
	guest_virq_op(0, SPI, PV_VIRQ_OP_LINE_LOW);
	/* At most one more may be on its way in a list register when the line falls. */
	uint32_t iar = guest_irq_poll();

	if ((iar & 0x3ff) != SPURIOUS) {
		guest_irq_end(iar);
	}
	check_next("a low line does not", SPURIOUS);
	guest_virq_op(0, SPI, PV_VIRQ_OP_LINE_HIGH);
	iar = guest_irq_poll();
	check_equal("high once more", iar & 0x3ff, SPI);
	guest_virq_op(0, SPI, PV_VIRQ_OP_LINE_LOW);
	guest_irq_end(iar);
	check_next("the line fell while it was handled", SPURIOUS);
}

PROGRAM(guest_irq_edge)
{
	uint32_t iar;

	start();
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	iar = guest_irq_poll();
	check_equal("two edges make one interrupt", iar & 0x3ff, SPI);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("an active one does not interrupt again", guest_irq_poll() & 0x3ff, SPURIOUS);
	guest_irq_end(iar);
	check_next("but an edge meanwhile is kept", SPI);
	check_next("once", SPURIOUS);
}

PROGRAM(guest_irq_masks)
{
	start();
	guest_call(T_VIRQ_SET, 0, SPI, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_EDGE);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_next("a disabled interrupt waits", SPURIOUS);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	check_next("until it is enabled", SPI);

	guest_call(T_VGIC_ENABLE, 0, 0, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_next("with the distributor off it waits", SPURIOUS);
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	check_next("until it is on", SPI);

	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_virq_op(0, SPI, PV_VIRQ_OP_UNPEND);
	check_next("a pending one can be taken back", SPURIOUS);

	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_call(T_VIRQ_SET, 0, SPI, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_EDGE);
	check_next("disabled after it was pending", SPURIOUS);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	check_next("and it was not lost", SPI);

	guest_irq_priority_mask(0x40);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_next("the priority mask holds it back", SPURIOUS);
	guest_irq_priority_mask(0xff);
	check_next("and lets it go", SPI);
}

PROGRAM(guest_irq_state)
{
	const uint64_t base = 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_EDGE | PV_VIRQ_ENABLED;
	uint32_t iar;

	start();
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	check_equal("idle", guest_call(T_VIRQ_GET, 0, SPI, 0), base);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("pending", guest_call(T_VIRQ_GET, 0, SPI, 0), base | PV_VIRQ_PENDING);
	iar = guest_irq_poll();
	check_equal("active", guest_call(T_VIRQ_GET, 0, SPI, 0), base | PV_VIRQ_ACTIVE);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("active and pending", guest_call(T_VIRQ_GET, 0, SPI, 0),
	            base | PV_VIRQ_ACTIVE | PV_VIRQ_PENDING);
	guest_irq_end(iar);
	check_equal("pending again", guest_call(T_VIRQ_GET, 0, SPI, 0), base | PV_VIRQ_PENDING);
	check_next("it comes", SPI);
	check_equal("idle again", guest_call(T_VIRQ_GET, 0, SPI, 0), base);
	guest_virq_op(0, SPI, PV_VIRQ_OP_ACTIVATE);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_next("made active by hand it does not come", SPURIOUS);
	guest_virq_op(0, SPI, PV_VIRQ_OP_DEACTIVATE);
	check_next("made inactive it does", SPI);
}

static void send_to_self(uint64_t intid)
{
	guest_irq_send((uint32_t)intid, 0);
}

/* ICC_ASGI1R_EL1, ICC_SGI0R_EL1; and ICC_SRE_EL1, which keeps its value. */
static void send_others(uint64_t value)
{
	__asm__ volatile("msr S3_0_C12_C11_6, %0\n\tmsr S3_0_C12_C11_7, %0\n\t"
	                 "msr S3_0_C12_C12_5, %1\n\tisb"
	                 :
	                 : "r"(5ULL << 24 | 1), "r"(value)
	                 : "memory");
}

static uint64_t icc_sre(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, S3_0_C12_C12_5" : "=r"(value));
	return value;
}

/* Software-generated interrupts from several senders: each is delivered by itself. A GICv3 does not say
 * whose it is. */
PROGRAM(guest_irq_sgi)
{
	uint32_t seen = 0;

	start();
	guest_call(T_VIRQ_SET, 0, 5, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
	guest_virq_op(0, 5, PV_VIRQ_OP_PEND);
	guest_virq_op(0, 5 | 1 << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t iar = guest_irq_poll();

		check_equal("an SGI", iar & 0x3ff, 5);
		seen |= 1U << ((iar >> 10) & 7);
		guest_irq_end(iar);
	}
	check_equal("of each sender", seen, guest_gicv3() ? 1 : 3);
	check_next("once", SPURIOUS);
	check_equal("of a vCPU that is not there", guest_virq_op(0, 5 | 2U << 10, PV_VIRQ_OP_PEND),
	            (uint64_t)ERR_RANGE);
}

/* By the register of a GICv3, to itself and to vCPUs that are not there. */
PROGRAM(guest_irq_sgi_register)
{
	start();
	if (!guest_gicv3()) {
		check_equal("there is no such register", guest_exceptions_of(send_to_self, 5), 1);
		return;
	}
	guest_call(T_VIRQ_SET, 0, 5, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
	send_to_self(5);
	check_next("an SGI to itself", 5);
	check_next("once", SPURIOUS);
	guest_irq_send(5, 1);
	check_next("one to a vCPU that is not there comes nowhere", SPURIOUS);
	send_to_self(6);
	check_next("a disabled one waits", SPURIOUS);
	guest_call(T_VIRQ_SET, 0, 6, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
	check_next("until it is enabled", 6);
	check_equal("registers of group 0 take stores", guest_exceptions_of(send_others, 0), 0);
	check_next("and send nothing", SPURIOUS);
	check_equal("system registers are on", icc_sre(), 7);
}

static volatile uint64_t timer_taken;

static void on_timer(uint32_t iar)
{
	timer_taken = guest_now();
	guest_timer_off();
	guest_irq_count[iar & 0x3ff]++;
	guest_irq_end(iar);
}

/* The virtual timer wakes WFI, not early, again and again. */
PROGRAM(guest_timer)
{
	uint64_t early = 0;
	uint64_t ticks = guest_hertz() / 1000;

	start();
	guest_irq_hook = on_timer;
	guest_virq(0, 27, 0, 0x80, 0);
	guest_irq_unmask();
	for (uint32_t i = 0; i < 50; i++) {
		uint64_t armed = guest_now();

		guest_timer_arm(ticks);
		GUEST_SLEEP_WHILE(guest_irq_count[27] == i);
		early += timer_taken - armed < ticks;
	}
	check_equal("50 timer interrupts", guest_irq_count[27], 50);
	check_equal("none was early", early, 0);
	/* Without WFI, from a running guest. */
	guest_timer_arm(ticks);
	uint64_t limit = guest_now() + guest_patience();

	while (guest_irq_count[27] == 50 && guest_now() < limit) {
	}
	check_equal("it interrupts a busy guest", guest_irq_count[27], 51);
	/* One whose time is past already; again after its end; not when it is off. QEMU looks at a
	 * line that stays high only when something moves it, so it is armed anew. */
	guest_irq_hook = 0;
	guest_irq_mask();
	guest_timer_arm(0);
	check_next("a timer whose time is past", 27);
	guest_timer_off();
	guest_timer_arm(0);
	check_next("comes again", 27);
	guest_timer_off();
	uint32_t iar = guest_irq_poll();

	if ((iar & 0x3ff) != SPURIOUS) {
		guest_irq_end(iar);
	}
	check_next("and not when it is off", SPURIOUS);
}

/* GICD_ISPENDR of the timer while its handler runs: it comes once more, and is not lost. */
PROGRAM(guest_timer_pended)
{
	start();
	guest_virq(0, 27, 0, 0x80, 0);
	for (uint32_t i = 0; i < 3; i++) {
		guest_timer_arm(0);
		uint32_t iar = guest_irq_poll();

		check_equal("the timer", iar & 0x3ff, 27);
		guest_timer_off();
		guest_virq_op(0, 27, PV_VIRQ_OP_PEND);
		check_equal("it is active and pending",
		            guest_call(T_VIRQ_GET, 0, 27, 0) & (PV_VIRQ_ACTIVE | PV_VIRQ_PENDING),
		            PV_VIRQ_ACTIVE | PV_VIRQ_PENDING);
		guest_irq_end(iar);
		check_next("once more by hand", 27);
		check_next("and not again", SPURIOUS);
	}
	/* Made inactive by hand it may come again at once. */
	guest_timer_arm(0);
	check_equal("the timer", guest_irq_poll() & 0x3ff, 27);
	guest_timer_off();
	guest_virq_op(0, 27, PV_VIRQ_OP_DEACTIVATE);
	guest_irq_end(27);
	guest_timer_arm(0);
	check_next("and by its line", 27);
}

/* A masked WFI falls through when an interrupt is pending, and the guest finds it afterwards. */
PROGRAM(guest_wfi_masked)
{
	start();
	guest_virq(0, 27, 0, 0x80, 0);
	guest_timer_arm(guest_hertz() / 500);
	guest_wfi();
	check_equal("WFI with IRQ masked wakes", guest_irq_poll() & 0x3ff, 27);
	guest_timer_off();
	guest_irq_end(27);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	guest_wfi();
	check_next("WFI falls through while one is pending", SPI);
}
