/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel counts of a vCPU and of a doorbell is what the guest has done. */
#include "tests/baremetal/guest.h"

#define SPI 48U
#define ROUNDS 100U

static uint64_t counter(enum pv_counter which)
{
	return guest_call(T_GET, PV_CALL_VCPU_GET, T_CAP_VCPU, which);
}

static uint64_t sent(void)
{
	return guest_call(T_GET, PV_CALL_DOORBELL_SENT, T_CAP_EXTRA, 0);
}

static uint64_t came(void)
{
	return guest_call(T_GET, PV_CALL_DOORBELL_CAME, T_CAP_EXTRA + 1, 0);
}

static void ring(void)
{
	*(volatile uint32_t *)(uint64_t)T_DOORBELL_IPA = 1;
}

/* It rings its own doorbell, and takes that interrupt. */
static void count_interrupts(void)
{
	uint64_t rings = counter(PV_COUNTER_DOORBELLS);
	uint64_t interrupts = counter(PV_COUNTER_INTERRUPTS);
	uint64_t before = sent();

	for (uint32_t i = 0; i < ROUNDS; i++) {
		ring();
		guest_irq_end(guest_irq_poll());
	}
	/* Of the last one, the list register may not have told yet: the next one tells. */
	ring();
	ring();
	guest_irq_end(guest_irq_poll());
	check_equal("doorbells", counter(PV_COUNTER_DOORBELLS) - rings, ROUNDS + 2);
	check_equal("sent", sent() - before, ROUNDS + 2);
	check_equal("came", came(), sent());
	rings = counter(PV_COUNTER_INTERRUPTS) - interrupts;
	check_true("interrupts", rings == ROUNDS || rings == ROUNDS + 1);
}

static void count_waits(void)
{
	uint64_t waits = counter(PV_COUNTER_WAITS);

	for (uint32_t i = 0; i < ROUNDS; i++) {
		guest_timer_arm(60);
		guest_wfi();
		guest_timer_off();
		guest_irq_end(guest_irq_acknowledge());
	}
	check_equal("waits", counter(PV_COUNTER_WAITS) - waits, ROUNDS);
}

static void count_registers(void)
{
	uint64_t registers = counter(PV_COUNTER_REGISTERS);

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t value;

		__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(value));
	}
	check_equal("registers", counter(PV_COUNTER_REGISTERS) - registers, ROUNDS);
}

/* Nobody else runs: all of the time is its own, but what it waits. */
static void count_time(void)
{
	uint64_t begin = guest_now();
	uint64_t time = counter(PV_COUNTER_TIME);
	uint64_t middle = guest_now();

	while (guest_now() < middle + guest_hertz() / 100) {
	}
	uint64_t last = guest_now();
	uint64_t ran = counter(PV_COUNTER_TIME) - time;

	check_true("it has run at least so long", ran >= last - middle);
	check_true("and no longer", ran <= guest_now() - begin);
	check_equal("nothing holds it", counter(PV_COUNTER_HELD), 0);
}

PROGRAM(guest_counters)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq(0, 27, 0, 0x80, 0);
	guest_call(T_BIND, T_CAP_EXTRA + 1, SPI, 0);
	guest_irq_start(false);
	count_interrupts();
	count_waits();
	count_registers();
	count_time();
}
