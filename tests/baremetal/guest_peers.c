/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that need more than one vCPU or more than one domain: start and off, SGIs,
 * doorbells, scheduling, floating point, and bystanders that watch what a hostile peer can do.
 */
#include "tests/baremetal/guest.h"

#define SGI 3U
#define SGI_BACK 4U
#define SPI 48U
#define DOORBELL ((uint64_t)T_DOORBELL_IPA)

extern char guest_entry[] __asm__("_start");

/* What the vCPUs of one guest share. */
static volatile uint64_t second_runs;
static volatile uint64_t second_argument;
static volatile uint64_t second_sctlr;

static bool wait_until(const volatile uint64_t *word, uint64_t value)
{
	uint64_t limit = guest_now() + guest_patience();

	while (*word != value) {
		if (guest_now() > limit) {
			return false;
		}
	}
	return true;
}

static void second_vcpu(void)
{
	uint64_t sctlr;

	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
	second_sctlr = sctlr;
	/* Leave something behind that a fresh start must not find: I and C, harmless without M. */
	__asm__ volatile("msr sctlr_el1, %0\n\tisb" : : "r"(sctlr | 1UL << 12 | 1UL << 2));
	second_runs++;
	for (;;) {
		guest_call(T_OFF, 0, 0, 0);
	}
}

static uint64_t start_second(void (*function)(void))
{
	return guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)function);
}

PROGRAM(guest_second_vcpu)
{
	check_equal("a running vCPU cannot be started",
	            guest_call(T_VCPU_START, 0, (uint64_t)guest_entry, 0), (uint64_t)ERR_STATE);
	check_equal("one of another domain neither", guest_call(T_VCPU_START, 2, 0, 0),
	            (uint64_t)ERR_CAP);
	for (uint64_t i = 1; i <= 20; i++) {
		uint64_t limit = guest_now() + guest_patience();
		uint64_t status;

		/* It says that it runs before it is off. */
		do {
			status = start_second(second_vcpu);
		} while (status == (uint64_t)ERR_STATE && guest_now() < limit);
		if (status != 0 || !wait_until(&second_runs, i)) {
			break;
		}
		if ((second_sctlr & (1UL << 12 | 1UL << 2 | 1)) != 0) {
			check_equal("a fresh vCPU has the reset SCTLR", second_sctlr, 0);
			break;
		}
	}
	check_equal("a vCPU starts, goes off, starts again", second_runs, 20);
}

static void second_sgi_loop(void)
{
	guest_irq_start(true);
	second_runs = 1;
	for (;;) {
		GUEST_SLEEP_WHILE(guest_irq_count[SGI] == second_argument);
		second_argument = guest_irq_count[SGI];
		/* Back to the sender, as vCPU 1. */
		guest_virq_op(0, SGI_BACK | 1U << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND);
	}
}

static volatile uint64_t echoes;
static volatile uint32_t echo_source;

/* Both vCPUs take it; which one says its number. */
static void count_sgi(uint32_t iar)
{
	if ((iar & 0x3ff) == SGI_BACK) {
		echoes++;
		echo_source = iar;
	} else {
		guest_irq_count[iar & 0x3ff]++;
	}
	guest_irq_end(iar);
}

PROGRAM(guest_sgi_between)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	for (uint32_t v = 0; v < 2; v++) {
		guest_call(T_VIRQ_SET, v, v ? SGI : SGI_BACK,
		           0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
	}
	guest_irq_hook = count_sgi;
	guest_irq_start(true);
	check_equal("second vCPU starts", start_second(second_sgi_loop), 0);
	check_true("  and runs", wait_until(&second_runs, 1));
	for (uint64_t i = 1; i <= 100; i++) {
		guest_virq_op(1, SGI, PV_VIRQ_OP_PEND);
		GUEST_SLEEP_WHILE(echoes != i && guest_irq_count[SGI] <= i);
	}
	check_equal("100 SGIs there", guest_irq_count[SGI], 100);
	check_equal("100 back", echoes, 100);
	check_equal("with their source", echo_source >> PV_SGI_SOURCE_SHIFT, guest_gicv3() ? 0 : 1);
}

/* Doorbells. params[0]: how many rounds; params[1]: 1 = this side begins. SPI 48 is bound to the
 * doorbell that the peer rings; capability T_CAP_EXTRA sends, T_CAP_EXTRA + 1 receives. */
static volatile uint64_t rung;

static void count_ring(uint32_t iar)
{
	rung++;
	guest_irq_end(iar);
}

/* The same, and the peer may see how many. */
static void count_ring_shared(uint32_t iar)
{
	count_ring(iar);
	*(volatile uint32_t *)(T_SHARED_IPA + 12UL) = (uint32_t)rung;
}

static void doorbell_start(void)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = count_ring;
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	check_equal("bind", guest_call(T_BIND, T_CAP_EXTRA + 1, SPI, 0), 0);
	guest_irq_start(true);
}

PROGRAM(guest_doorbell_rounds)
{
	uint64_t rounds = params[0];

	doorbell_start();
	for (uint64_t i = 1; i <= rounds; i++) {
		if (params[1] != 0) {
			mmio_write32(DOORBELL, 1);
		}
		GUEST_SLEEP_WHILE(rung < i);
		if (params[1] == 0) {
			mmio_write32(DOORBELL, 1);
		}
	}
	check_equal("every ring came", rung, rounds);
}

/* The receiver of guest_doorbell_forms. Words of the shared page: 0 its step, 1 the sender's, 2
 * how many stores should have rung since it was bound anew, 3 its count. */
PROGRAM(guest_doorbell_masked)
{
	volatile uint32_t *shared = (volatile uint32_t *)(uint64_t)T_SHARED_IPA;

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = count_ring_shared;
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_irq_start(true);
	shared[0] = 1; /* ready, the doorbell is masked still */
	while (shared[1] != 1) {
	}
	check_equal("a masked doorbell is silent", rung, 0);
	check_equal("bind", guest_call(T_BIND, T_CAP_EXTRA + 1, SPI, 0), 0);
	uint64_t limit = guest_now() + guest_patience();

	while (rung == 0 && guest_now() < limit) {
	}
	check_equal("what was rung meanwhile comes once", rung, 1);
	check_equal("mask", guest_call(T_BIND, T_CAP_EXTRA + 1, 0, 0), 0);
	check_equal("an SGI cannot be bound", guest_call(T_BIND, T_CAP_EXTRA + 1, 5, 0),
	            (uint64_t)ERR_RANGE);
	check_equal("nor a PPI", guest_call(T_BIND, T_CAP_EXTRA + 1, 27, 0), (uint64_t)ERR_RANGE);
	check_equal("nor one beyond the last", guest_call(T_BIND, T_CAP_EXTRA + 1, 288, 0),
	            (uint64_t)ERR_RANGE);
	check_equal("bind anew", guest_call(T_BIND, T_CAP_EXTRA + 1, SPI, 0), 0);
	check_equal("  nothing was latched", rung, 1);
	shared[0] = 2;
	while (shared[1] != 2) {
	}
	check_equal("each form of store rang, no other did", rung, 1 + shared[2]);
}

/* One ring at a time: its interrupt is taken before the next, or 20 ms go by. */
static void settle(uint32_t want)
{
	volatile uint32_t *shared = (volatile uint32_t *)(uint64_t)T_SHARED_IPA;
	uint64_t limit = guest_now() + guest_patience();

	while (shared[3] < want && guest_now() < limit) {
	}
}

static void wait_20_ms(void)
{
	uint64_t limit = guest_now() + guest_hertz() / 50;

	while (guest_now() < limit) {
	}
}

PROGRAM(guest_doorbell_forms)
{
	volatile uint32_t *shared = (volatile uint32_t *)(uint64_t)T_SHARED_IPA;
	uint64_t before = guest_call(T_COUNT, 0, 0, 0);

	while (shared[0] != 1) {
	}
	mmio_write32(DOORBELL, 1);
	mmio_write32(DOORBELL, 1);
	wait_20_ms();
	shared[1] = 1;
	while (shared[0] != 2) {
	}
	/* These ring. */
	mmio_write32(DOORBELL, 0);
	settle(2);
	__asm__ volatile("strb wzr, [%0]" : : "r"(DOORBELL) : "memory");
	settle(3);
	__asm__ volatile("str xzr, [%0]" : : "r"(DOORBELL) : "memory");
	settle(4);
	check_equal("ring by a call", guest_call(T_RING, T_CAP_EXTRA, 0, 0), 0);
	settle(5);
	shared[2] = 4;
	/* These do not: not aligned, an empty capability, beyond the slice, loads. */
	__asm__ volatile("strb wzr, [%0]" : : "r"(DOORBELL + 1) : "memory");
	__asm__ volatile("strh wzr, [%0]" : : "r"(DOORBELL + 2) : "memory");
	for (uint64_t offset = 4; offset < 4096; offset += 4) {
		mmio_write32(DOORBELL + offset, 1);
	}
	check_equal("a load reads zero", mmio_read32(DOORBELL), 0);
	check_equal("  everywhere", mmio_read32(DOORBELL + 4092), 0);
	check_equal("no VMM was asked", guest_call(T_COUNT, 0, 0, 0), before);
	check_equal("a receiving capability cannot ring", guest_call(T_RING, T_CAP_EXTRA + 1, 0, 0),
	            (uint64_t)ERR_CAP);
	check_equal("nor can a sending one be bound", guest_call(T_BIND, T_CAP_EXTRA, SPI, 0),
	            (uint64_t)ERR_CAP);
	mmio_write32(DOORBELL + 4096, 1);
	check_equal("behind the window the VMM is asked", guest_call(T_COUNT, 0, 0, 0), before + 1);
	wait_20_ms();
	shared[1] = 2;
}

/* Events of the VMM: bits 9 and 63 are rung by the peer. */
PROGRAM(guest_event_receiver)
{
	uint64_t bits = 0;
	uint64_t limit = guest_now() + guest_patience();

	while (bits != (1UL << 9 | 1UL << 63) && guest_now() < limit) {
		bits |= guest_call(T_EVENTS, 0, 0, 0);
	}
	check_equal("the VMM saw both events", bits, 1UL << 9 | 1UL << 63);
}

PROGRAM(guest_event_sender)
{
	mmio_write32(DOORBELL, 1);
	mmio_write32(DOORBELL + 4, 1);
	check_equal("ringing an event needs no answer", guest_call(T_NOTHING, 1, 1, 1), 3);
}

/* Scheduling, by a page that both domains see. params[0]: my word in it; params[1]: the other's;
 * params[2]: how many ticks in a thousandth of a second to go on. */
static volatile uint64_t *word_of(uint64_t index)
{
	return (volatile uint64_t *)(uint64_t)T_SHARED_IPA + index;
}

/* Two equals on one CPU, both busy: each gets its share. */
PROGRAM(guest_share_cpu)
{
	volatile uint64_t *mine = word_of(params[0]);
	volatile uint64_t *other = word_of(params[1]);
	uint64_t turns = 0;
	uint64_t seen = 0;
	uint64_t limit;

	*mine = 1;
	while (*other == 0) {
	}
	limit = guest_now() + guest_hertz() / 1000 * params[2];
	while (guest_now() < limit) {
		++*mine;
		if (*other != seen) {
			seen = *other;
			turns++;
		}
	}
	/* The other counts on CPU time of its own only: a turn is a switch to it and back. */
	check_true("the other had several turns", turns >= 5);
	check_true("and about half of the time", *other > *mine / 4 && *mine > *other / 4);
	/* Let the other come to its end too before the domain ends. */
	limit = guest_now() + guest_hertz() / 1000 * params[2];
	while (guest_now() < limit) {
		++*mine;
	}
}

/* The lower one of two on a CPU. */
PROGRAM(guest_low)
{
	volatile uint64_t *mine = word_of(params[0]);
	volatile uint64_t *other = word_of(params[1]);

	while (*other != 2) {
		++*mine;
	}
	check_true("the lower one runs when the higher one sleeps", *mine > 0);
}

static volatile uint64_t ticks_taken;

static void on_tick(uint32_t iar)
{
	guest_timer_off();
	ticks_taken++;
	guest_irq_end(iar);
}

static void sleep_ticks(uint64_t ticks)
{
	uint64_t before = ticks_taken;

	guest_timer_arm(ticks);
	GUEST_SLEEP_WHILE(ticks_taken == before);
}

/* The higher one: while it is busy the lower one stands still, when its timer fires it runs. */
PROGRAM(guest_high)
{
	volatile uint64_t *mine = word_of(params[0]);
	volatile uint64_t *other = word_of(params[1]);
	uint64_t ms = guest_hertz() / 1000;
	uint64_t late = 0;
	uint64_t moved = 0;
	uint64_t slept = 0;

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = on_tick;
	guest_virq(0, 27, 0, 0x80, 0);
	guest_irq_start(true);
	*mine = 1;
	for (uint32_t i = 0; i < 20; i++) {
		uint64_t before = *other;
		uint64_t start = 0;

		/* The machine may be busy: sleep until the other has really run. */
		for (uint32_t n = 0; n < 500 && *other == before; n++) {
			start = guest_now();
			sleep_ticks(2 * ms);
			/* Far above what the emulator needs, far below the end of the other. */
			late += guest_now() - start > 500 * ms;
		}
		slept += *other != before;
		before = *other;
		start = guest_now();
		while (guest_now() - start < 10 * ms) {
		}
		moved += *other != before;
	}
	check_equal("its timer always preempts the lower one", late, 0);
	check_equal("the lower one never ran while it was busy", moved, 0);
	check_equal("and ran while it slept", slept, 20);
	*mine = 2;
}

/* Floating-point registers belong to one vCPU. params[0] is the seed. */
PROGRAM(guest_floating_point)
{
	uint64_t wrong = 0;
	uint64_t limit = guest_now() + guest_hertz() / 4;

	guest_fp_fill(params[0]);
	while (guest_now() < limit) {
		wrong |= guest_fp_check(params[0]);
		for (volatile uint32_t i = 0; i < 1000; i++) {
		}
	}
	guest_call(T_NOTHING, 0, 0, 0);
	wrong |= guest_fp_check(params[0]);
	check_equal("floating-point registers are kept", wrong, 0);
}

/*
 * A bystander: fills its memory with a pattern of its own, which its VMM's memory tells from others'
 * (params[0] there), since its own may be what is shared. It lives on for params[0] ms and some
 * rounds at least while something hostile runs, and finds all as it was. params[1]: how many us a
 * round may take beyond its sleep; 0: any time, since only with -icount does the counter count work.
 * params[2]: a peer rings SPI 40 and says in the first word of the shared page how often.
 */
#define BYSTANDER_WORDS 0x4000U
#define BYSTANDER_SPI 40U
static uint64_t garden[BYSTANDER_WORDS];
static volatile uint64_t rings_heard;
static uint64_t bystander_number;

static void on_tick_or_ring(uint32_t iar)
{
	if ((iar & 0x3ff) != BYSTANDER_SPI) {
		on_tick(iar);
		return;
	}
	rings_heard++;
	guest_irq_end(iar);
}

static uint64_t bystander_pattern(uint64_t i)
{
	return 0x5ec2e70000000000ULL + (bystander_number << 32) + i;
}

static void bystander_start(void)
{
	bystander_number = guest_call(T_PARAM, 0, 0, 0);
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = on_tick_or_ring;
	guest_virq(0, 27, 0, 0x80, 0);
	guest_virq(0, BYSTANDER_SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_irq_start(true);
	for (uint64_t i = 0; i < BYSTANDER_WORDS; i++) {
		garden[i] = bystander_pattern(i);
	}
}

/* Sleep, look at all memory, ask the VMM; count what is wrong. */
static uint64_t bystander_round(uint64_t round, uint64_t sleep)
{
	uint64_t wrong = guest_call(T_PARAM, 0, 0, 0) != bystander_number;

	sleep_ticks(sleep);
	for (uint64_t i = 0; i < BYSTANDER_WORDS; i++) {
		wrong += *(volatile uint64_t *)&garden[i] != bystander_pattern(i);
	}
	return wrong + (guest_call(T_NOTHING, round, 1, 1) != round + 2);
}

PROGRAM(guest_bystander)
{
	uint64_t sleep = guest_hertz() / 500;
	uint64_t allowed = guest_hertz() / 1000000 * params[1];
	uint64_t late = 0;
	uint64_t wrong = 0;
	uint64_t rounds = 0;
	uint64_t limit;

	bystander_start();
	limit = guest_now() + guest_hertz() / 1000 * params[0];
	while (guest_now() < limit || rounds < 4) {
		uint64_t start = guest_now();

		wrong += bystander_round(rounds, sleep);
		rounds++;
		uint64_t took = guest_now() - start - sleep;

		late = took > late ? took : late;
	}
	check_equal("the bystander's memory is as it was", wrong, 0);
	if (allowed != 0 && late > allowed) {
		check_equal("the worst round's ticks beyond its sleep", late, allowed);
	}
	if (params[2] != 0) {
		uint64_t heard = rings_heard;

		check_true("the rings of the peer arrive", heard > 0);
		check_true("none arrives that was not rung", heard <= *word_of(0));
	}
}
