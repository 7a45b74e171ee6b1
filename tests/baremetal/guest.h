/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime of the bare-metal test guests (EL1, MMU off): calls to the test VMM, results as
 * lines, exceptions, the GIC's CPU interface and the virtual timer. Every program is a function
 * void(void) that the case names; when it returns the guest says "end N" (N: results so far) and
 * powers off.
 */
#ifndef TESTS_BAREMETAL_GUEST_H
#define TESTS_BAREMETAL_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/calls.h"
#include "abi/err.h"
#include "tests/baremetal/protocol.h"

/* Define a program: a function that a case names by its symbol. */
#define PROGRAM(name)                                                                              \
	void name(void);                                                                           \
	void name(void)

extern uint64_t params[T_PARAMS]; /* filled in by the case */

/* guest_start.S */
uint64_t guest_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t guest_call_smc(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t guest_call_keeps(uint64_t function);
void guest_fp_fill(uint64_t seed);
uint64_t guest_fp_check(uint64_t seed);

/* How a run of user code ended: by which exception, from which state, where, and with what in x0. */
struct guest_el0 {
	uint64_t esr, elr, spsr, x0, far;
	uint64_t wide; /* 1: it came to the vector for AArch64 */
};
extern struct guest_el0 guest_el0;

/** Run user code from @pc on, with x0 = 0, until it takes an exception (guest_el0). */
void guest_run_el0(uint64_t pc, uint64_t pstate, uint64_t r1);

/** From now on print by the UART of the real VMM, and power off by PSCI. */
void guest_under_real_vmm(void);

/** Print a string, a number in hexadecimal. Only one vCPU of a guest may print at a time. */
void guest_print(const char *text);
void guest_print_hex(uint64_t value);

/** One result: "ok NAME" or "FAIL NAME got ... want ...". */
void check_equal(const char *name, uint64_t got, uint64_t want);
void check_true(const char *name, bool holds);

/** Say "end N" and power off; does not return. */
_Noreturn void guest_finish(void);

/** End without a word after this; for programs whose domain reports nothing more. */
_Noreturn void guest_stop(uint64_t reason);

/**
 * Run @function(@argument) and say how many synchronous exceptions it took; each was skipped, or,
 * for a fetch that failed, returned from. The last one's ESR and FAR are in guest_esr, guest_far.
 */
uint64_t guest_exceptions_of(void (*function)(uint64_t), uint64_t argument);
extern volatile uint64_t guest_esr, guest_far;
/** Whether the last one came to the vector for exceptions from EL1 with SP_EL0. */
extern volatile bool guest_was_el1t;
#define ESR_CLASS(esr) ((esr) >> 26)

/* Unless a program sets it, an interrupt is acknowledged, counted by number and ended. */
extern void (*volatile guest_irq_hook)(uint32_t iar);
extern volatile uint32_t guest_irq_count[1024];

/** Switch this vCPU's CPU interface on, all priorities, and unmask IRQ where @unmask. */
void guest_irq_start(bool unmask);
void guest_irq_unmask(void);
void guest_irq_mask(void);
/** Whether the CPU interface is one of system registers, as an operating system finds out. It decides
 * what all functions here touch. An interrupt has a source, iar[12:10], where it is not. */
bool guest_gicv3(void);
uint32_t guest_irq_acknowledge(void);
void guest_irq_end(uint32_t iar);
/** Where the real VMM's distributor has its bank at @offset, for interrupts below 32 of @vcpu. */
uint64_t guest_private_bank(uint32_t offset, uint64_t vcpu);
/** Let only interrupts of a higher priority through. */
void guest_irq_priority_mask(uint32_t priority);
/** The priority of what is handled; the most urgent that is pending. */
uint32_t guest_irq_running(void);
uint32_t guest_irq_highest(void);
/** By a GICv3: make SGI @intid pending for vCPU @to. */
void guest_irq_send(uint32_t intid, uint64_t to);
/** Acknowledge, polling for a while before 1023 counts. */
uint32_t guest_irq_poll(void);

/** Configure an interrupt through the VMM: enabled, @flags of PV_VIRQ_*, @priority, @target. */
uint64_t guest_virq(uint32_t vcpu, uint32_t intid, uint32_t flags, uint32_t priority,
                    uint32_t target);
uint64_t guest_virq_op(uint32_t vcpu, uint32_t intid, enum pv_virq_op operation);

/** Counter of the virtual timer and its frequency; a deadline @ticks from now. */
uint64_t guest_now(void);
uint64_t guest_hertz(void);
void guest_timer_arm(uint64_t ticks);

/** Ticks in which all comes that comes at all: on a busy host another CPU may stand still for long.
 * What never comes is ended by the case's limit, which is one of CPU time. */
static inline uint64_t guest_patience(void)
{
	return 1000 * guest_hertz();
}

void guest_timer_off(void);

static inline void guest_wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

/* Sleep as long as the condition holds, which interrupt handlers change. It is looked at with IRQ
 * masked, or the interrupt that ends it could come between the look and the WFI. */
#define GUEST_SLEEP_WHILE(condition)                                                               \
	do {                                                                                       \
		guest_irq_mask();                                                                  \
		while (condition) {                                                                \
			guest_wfi();                                                               \
			guest_irq_unmask();                                                        \
			__asm__ volatile("isb" ::: "memory");                                      \
			guest_irq_mask();                                                          \
		}                                                                                  \
		guest_irq_unmask();                                                                \
	} while (false)

/*
 * Accesses that leave a valid syndrome: one register, one plain address. The compiler is free to
 * choose a post-indexed form for a volatile access, which traps without one.
 */
static inline uint32_t mmio_read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static inline uint64_t mmio_read64(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write64(uint64_t address, uint64_t value)
{
	__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
}

#endif
