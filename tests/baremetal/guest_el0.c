/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's user space in AArch32: its traps come by another vector, its instructions may have two
 * bytes, and an exception that the kernel injects for it goes to another vector of the guest.
 * Encodings: Arm ARM F5 (A32), F6 (T32).
 */
#include "tests/baremetal/guest.h"

#define PSTATE_USER32 0x10U
#define PSTATE_IF (3U << 6)
#define PSTATE_T32 (1U << 5)
#define SCTLR_NTWI (1UL << 16)
#define EC_UNKNOWN 0x00U
#define EC_SVC32 0x11U
#define PATTERN 0x85868788U
#define TIMER 27U

/* Filled in by guest_start.S. */
struct guest_el0 guest_el0;

static const uint32_t read_virtual_counter[] = {
	0xec510f1e, /* mrrc p15, 1, r0, r1, c14 */
	0xef000000, /* svc #0 */
};

static const uint32_t read_physical_counter[] = {
	0xec510f0e, /* mrrc p15, 0, r0, r1, c14 */
	0xef000000,
};

static const uint32_t load_a32[] = {
	0xe5910000, /* ldr r0, [r1] */
	0xe2800001, /* add r0, r0, #1 */
	0xef000000,
};

static const uint16_t load_t32[] __attribute__((aligned(4))) = {
	0x6808, /* ldr r0, [r1] */
	0x3001, /* adds r0, #1 */
	0xdf00, /* svc #0 */
	0xdf00,
};

static const uint16_t load_wide_t32[] __attribute__((aligned(4))) = {
	0xf8d1, 0x0000, /* ldr.w r0, [r1] */
	0x3001,         /* adds r0, #1 */
	0xdf00,         /* svc #0 */
	0xdf00, 0xdf00,
};

static const uint32_t wfi_a32[] = {
	0xe320f003, /* wfi */
	0xe2800001, /* add r0, r0, #1 */
	0xef000000,
};

static const uint16_t wfi_t32[] __attribute__((aligned(4))) = {
	0xbf30, /* wfi */
	0x3001, /* adds r0, #1 */
	0xdf00, /* svc #0 */
	0xdf00,
};

static const uint32_t smc_a32[] = {
	0xe1600070, /* smc #0: undefined in user space, and never firmware's */
	0xef000000,
};

static void run(const void *code, bool thumb, uint64_t r1)
{
	guest_run_el0((uint64_t)code, PSTATE_USER32 | PSTATE_IF | (thumb ? PSTATE_T32 : 0), r1);
}

/* The code ran to its SVC, @bytes behind its start, with @r0 in r0. */
static void check_done(const char *name, const void *code, uint64_t bytes, uint64_t r0)
{
	check_equal(name, ESR_CLASS(guest_el0.esr), EC_SVC32);
	check_equal("  at its end", guest_el0.elr - (uint64_t)code, bytes);
	check_equal("  with its result", guest_el0.x0 & 0xffffffff, r0);
}

/* Run what waits for an interrupt: the timer's, in a while. */
static void sleep_user(const void *code, bool thumb)
{
	guest_timer_arm(guest_hertz() / 500);
	run(code, thumb, 0);
	guest_timer_off();
	guest_irq_end(guest_irq_poll());
}

PROGRAM(guest_user32)
{
	uint64_t sctlr;

	guest_call(T_SET_READ, PATTERN, 0, 0);
	/* Both counters for user space, and WFI: EL1 does not stand in the way. */
	__asm__ volatile("msr cntkctl_el1, %0" : : "r"(3UL));
	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
	__asm__ volatile("msr sctlr_el1, %0\n\tisb" : : "r"(sctlr | SCTLR_NTWI));

	run(read_virtual_counter, false, 0);
	check_equal("the virtual counter can be read", ESR_CLASS(guest_el0.esr), EC_SVC32);
	run(read_physical_counter, false, 0);
	check_equal("the physical one cannot", ESR_CLASS(guest_el0.esr), EC_UNKNOWN);
	check_equal("  where it was read", guest_el0.elr, (uint64_t)read_physical_counter);
	check_equal("  by user space", guest_el0.spsr & 0x1f, PSTATE_USER32);
	run(smc_a32, false, 0);
	check_equal("an SMC is undefined", ESR_CLASS(guest_el0.esr), EC_UNKNOWN);

	run(load_a32, false, T_DEVICE_IPA);
	check_done("a load that the VMM answers, A32", load_a32, 12, PATTERN + 1);
	run(load_wide_t32, true, T_DEVICE_IPA);
	check_done("T32 of four bytes", load_wide_t32, 8, PATTERN + 1);
	run(load_t32, true, T_DEVICE_IPA);
	check_done("T32 of two bytes", load_t32, 6, PATTERN + 1);

	/* The timer ends WFI; that it is masked here does not matter. */
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	guest_virq(0, TIMER, 0, 0x80, 0);
	sleep_user(wfi_a32, false);
	check_done("WFI, A32", wfi_a32, 12, 1);
	sleep_user(wfi_t32, true);
	check_done("WFI, T32", wfi_t32, 6, 1);
}
