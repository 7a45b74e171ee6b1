/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that bench/run counts instructions of: each does one thing ROUNDS times and calls
 * bench_mark before each, whose address stands in QEMU's log of executed instructions between
 * those of EL2 and EL0. Nothing else happens in the machine meanwhile.
 */
#include "abi/limits.h"
#include "tests/baremetal/guest.h"

#define SPI 48U
#define ROUNDS 200U
#define UART_FLAGS 0x18U /* of the PL011 that the real VMM emulates at T_DEVICE_IPA */
#define UART_DATA (T_UART_IPA + 0x00)
#define UART_CONTROL (T_UART_IPA + 0x30)
#define UART_MASK (T_UART_IPA + 0x38)
#define UART_CLEAR (T_UART_IPA + 0x44)
#define UART_TX 0x20U
#define CONFIG_COMMAND 0x04U
#define CONFIG_DECODES 2U
#define PSCI_VERSION 0x84000000U
#define PSCI_SYSTEM_OFF 0x84000008U

/* Its address is the mark. */
__attribute__((noinline)) void bench_mark(void);
__attribute__((noinline)) void bench_mark(void)
{
	__asm__ volatile("nop");
}

static volatile uint64_t taken;

static void count(uint32_t iar)
{
	taken++;
	guest_irq_end(iar);
}

static void lower_line(uint32_t iar)
{
	mmio_write32(UART_CLEAR, UART_TX);
	count(iar);
}

static void listen(void)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = count;
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_call(T_BIND, T_CAP_EXTRA + 1, SPI, 0);
	guest_irq_start(true);
}

/* The machine runs its CPUs in turn, each until it yields. */
static void yield(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* A device whose interrupt is a level: a byte to send from the second PL011. Raised, taken,
 * lowered and ended. */
PROGRAM(guest_bench_line)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = lower_line;
	mmio_write32(UART_CONTROL, 0x301);
	mmio_write32(UART_MASK, UART_TX);
	guest_virq(0, T_LINE, 0, 0x80, 0);
	guest_irq_start(true);
	for (uint32_t i = 0; i < ROUNDS + 1; i++) {
		bench_mark();
		mmio_write32(UART_DATA, 0);
		while (taken <= i) {
		}
	}
}

/* How long a sender stays away from EL2, so that the peer has taken the interrupt. */
static void pause(void)
{
	for (uint32_t i = 0; i < 100; i++) {
		yield();
	}
}

/* One direction, the peer busy: params[0] = 1 rings, 0 listens. */
PROGRAM(guest_bench_ring)
{
	if (params[0] == 0) {
		listen();
		while (taken < ROUNDS + 1) {
			yield();
		}
		return;
	}
	pause();
	for (uint32_t i = 0; i < ROUNDS; i++) {
		bench_mark();
		mmio_write32(T_DOORBELL_IPA, 1);
		pause();
	}
	bench_mark();
	mmio_write32(T_DOORBELL_IPA, 1);
}

static void wait_taken(uint64_t count, bool asleep)
{
	if (asleep) {
		GUEST_SLEEP_WHILE(taken < count);
		return;
	}
	while (taken < count) {
		yield();
	}
}

/* Both ways: each answers what it was rung with; params[0] = 1 begins. Busy, or asleep between. */
static void rounds(bool asleep)
{
	listen();
	pause();
	pause();
	for (uint64_t i = 1; i <= ROUNDS + 1; i++) {
		if (params[0] == 1) {
			bench_mark();
			mmio_write32(T_DOORBELL_IPA, 1);
		}
		wait_taken(i, asleep);
		if (params[0] == 0) {
			mmio_write32(T_DOORBELL_IPA, 1);
		}
	}
}

PROGRAM(guest_bench_rounds)
{
	rounds(false);
}

PROGRAM(guest_bench_rounds_asleep)
{
	rounds(true);
}

/* Under the real VMM: one emulated register, and one call that it answers. */
PROGRAM(guest_bench_register)
{
	for (uint32_t i = 0; i < ROUNDS + 1; i++) {
		bench_mark();
		mmio_read32(T_DEVICE_IPA + UART_FLAGS);
	}
	guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

/* A word of the configuration of a physical function, which stays as it is. */
PROGRAM(guest_bench_config_read)
{
	for (uint32_t i = 0; i < ROUNDS + 1; i++) {
		bench_mark();
		mmio_read32(T_HARDWARE_ECAM_IPA + CONFIG_COMMAND);
	}
	guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

PROGRAM(guest_bench_config_write)
{
	mmio_write32(T_HARDWARE_ECAM_IPA + CONFIG_COMMAND, CONFIG_DECODES);
	for (uint32_t i = 0; i < ROUNDS + 1; i++) {
		bench_mark();
		mmio_write32(T_HARDWARE_ECAM_IPA + CONFIG_COMMAND, CONFIG_DECODES);
	}
	guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

PROGRAM(guest_bench_psci)
{
	for (uint32_t i = 0; i < ROUNDS + 1; i++) {
		bench_mark();
		guest_call(PSCI_VERSION, 0, 0, 0);
	}
	guest_call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

static void stop_timer(uint32_t iar)
{
	guest_timer_off();
	guest_irq_end(iar);
}

static void sleep_until(uint64_t at)
{
	uint64_t now = guest_now();

	guest_timer_arm(at > now ? at - now : 1);
	GUEST_SLEEP_WHILE(guest_now() < at);
}

/* For the longest path, too: all VMs of a CPU sleep to one moment, each with as many pieces of its
 * budget due as there are. params: 1 marks; its number; when all are there, in ms. */
PROGRAM(guest_bench_wakes)
{
	uint64_t ms = guest_hertz() / 1000;
	uint64_t begin = params[2] * ms; /* a moment that is the same for all */

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = stop_timer;
	guest_virq(0, 27, 0, 0x80, 0);
	guest_irq_start(true);

	sleep_until(begin);
	if (params[0]) {
		bench_mark();
	}
	for (uint32_t i = 0; i < 7; i++) {
		uint64_t end = begin + ((uint64_t)i + 1) * 3 * ms + params[1] * ms / 20;
		uint64_t spin = guest_now() + ms / 100;

		while (guest_now() < spin) {
		}
		sleep_until(end);
	}
	sleep_until(begin + 60 * ms);
	if (params[0]) {
		bench_mark();
	}
	sleep_until(begin + 80 * ms);
}

extern char guest_entry[] __asm__("_start");

static void spin(void)
{
	for (;;) {
	}
}

/* For the longest path, too: all messages of a VM, of all its streams, become one vCPU's at once, and
 * then the other's, which another vCPU had; see vmm_bench_messages. */
PROGRAM(guest_bench_messages)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)spin);
	bench_mark();
	for (uint64_t i = 0; i < 4; i++) {
		uint64_t until = guest_now() + guest_hertz() / 500;

		guest_call(T_DO, i % 2, 0, 0);
		while (guest_now() < until) {
		}
	}
	bench_mark();
}

/* For the longest path through the kernel: all SPIs are ready at once, in priorities of no order,
 * when the distributor goes on, when it goes off and on again, and when each of them ends; handlers
 * nest in as many as there are priorities. */
PROGRAM(guest_bench_longest)
{
	uint32_t stack[32];
	uint32_t depth = 0;

	guest_irq_start(false);
	for (uint32_t i = PV_SPI_FIRST; i < PV_VIRQS; i++) {
		guest_virq(0, i, i % 3 ? PV_VIRQ_EDGE : 0, i * 88 % 248, 0);
		guest_virq_op(0, i, PV_VIRQ_OP_PEND);
	}
	bench_mark();
	for (uint32_t i = 0; i < 3; i++) {
		guest_call(T_VGIC_ENABLE, 1, 0, 0);
		guest_call(T_VGIC_ENABLE, 0, 0, 0);
	}
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	for (uint32_t i = 0; i < PV_VIRQS; i++) {
		guest_irq_end(guest_irq_acknowledge());
	}
	for (uint32_t i = 0; i < 31; i++) {
		guest_virq(0, PV_SPI_FIRST + i, PV_VIRQ_EDGE, 240 - 8 * i, 0);
		guest_virq_op(0, PV_SPI_FIRST + i, PV_VIRQ_OP_PEND);
		stack[depth++] = guest_irq_acknowledge();
	}
	for (uint32_t i = PV_SPI_FIRST; i < PV_VIRQS; i++) {
		guest_virq_op(0, i, PV_VIRQ_OP_PEND);
	}
	while (depth > 0) {
		guest_irq_end(stack[--depth]);
	}
	bench_mark();
}
