/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test VMMs that attack the kernel or simply break. Each does one wrong thing when its guest asks
 * (T_DO, with params[0] of the guest) and must lose its own VM, or nothing, and nothing else.
 */
#include "tests/baremetal/vmm.h"

extern char vmm_entry[] __asm__("_start");

typedef void function(void);

static void store(uint64_t address)
{
	*(volatile uint64_t *)address = 0xbad;
}

static void load(uint64_t address)
{
	(void)*(volatile uint64_t *)address;
}

static void jump(uint64_t address)
{
	((function *)address)();
}

static void store_code(uint64_t argument)
{
	(void)argument;
	store((uint64_t)vmm_entry);
}

/* Code in data: it may be written, so it must not run. */
static uint32_t code_in_data[2] = {0xd65f03c0U, 0xd65f03c0U}; /* ret */

static void jump_data(uint64_t argument)
{
	(void)argument;
	jump((uint64_t)code_in_data);
}

/* One row for each: what vmm_hostile does when the guest's argument is its index. */
static void run_single(uint64_t which)
{
	static function *const table[] = {
		vmm_do_fp,       vmm_do_brk, vmm_do_hvc,  vmm_do_smc,   vmm_do_undefined,
		vmm_do_mask_irq, vmm_do_mrs, vmm_do_eret, vmm_do_timer,
	};

	if (which < sizeof(table) / sizeof(table[0])) {
		table[which]();
	}
}

PROGRAM(vmm_store)
{
	vmm_do = store;
}

PROGRAM(vmm_load)
{
	vmm_do = load;
}

PROGRAM(vmm_jump)
{
	vmm_do = jump;
}

PROGRAM(vmm_store_code)
{
	vmm_do = store_code;
}

PROGRAM(vmm_jump_data)
{
	vmm_do = jump_data;
}

PROGRAM(vmm_instruction)
{
	vmm_do = run_single;
}

static void sleep(uint64_t argument)
{
	(void)argument;
	vmm_do_wfi();
}

PROGRAM(vmm_sleep)
{
	vmm_do = sleep;
}

static void spin(uint64_t argument)
{
	(void)argument;
	for (;;) {
	}
}

PROGRAM(vmm_spin)
{
	vmm_do = spin;
}

/* Calls without end: every call with every number in every argument that is interesting. */
static void call_everything(uint64_t argument)
{
	static const uint64_t values[] = {0,   1,   4,    5,          6,         31,        40,
	                                  287, 288, 4095, UINT32_MAX, 1UL << 63, UINT64_MAX};
	const unsigned int n = sizeof(values) / sizeof(values[0]);

	(void)argument;
	/* From 1: PV_CALL_WAIT with a wrong reply is a case of its own. */
	for (uint64_t call = 1; call < PV_CALL_COUNT + 2; call++) {
		for (unsigned int i = 0; i < n * n * n; i++) {
			/* Writing to the console would drown the result. */
			if (call == PV_CALL_CONSOLE_WRITE && values[i % n] == T_CAP_CONSOLE) {
				continue;
			}
			/* Nor may the one that tells of it go off. */
			if (call == PV_CALL_VCPU_STOP && values[i % n] == T_CAP_VCPU) {
				continue;
			}
			vmm_call(call, values[i % n], values[i / n % n], values[i / n / n], i);
		}
	}
}

PROGRAM(vmm_call_everything)
{
	vmm_do = call_everything;
}

/* Wrong replies. params[0]: the reply to the first message of kind params[1]; params[2]: x1. */
PROGRAM(vmm_reply)
{
	uint64_t m[8];
	uint64_t reply = params[1] == 0 ? params[0] : (uint64_t)PV_REPLY_NONE;
	uint64_t value = params[2];

	for (;;) {
		vmm_wait(reply, value, m);
		reply = vmm_answer(m, &value);
		if (m[0] == params[1]) {
			reply = params[0];
			value = params[2];
		}
	}
}

/* A stack that runs into the ground. */
static void overflow(uint64_t argument)
{
	/* Through a pointer that the compiler cannot follow, or it refuses to build this. */
	void (*volatile again)(uint64_t) = overflow;
	volatile uint64_t frame[64];

	frame[argument % 64] = argument;
	again(argument + 1);
	frame[0] += frame[1];
}

PROGRAM(vmm_overflow)
{
	vmm_do = overflow;
}

#define EVENTS_MOST 100000U

/* As if somebody rang without pause: the event is pending again whenever some were served. What the
 * guest loads says how often. */
static void ring_again(uint64_t bits)
{
	(void)bits;
	if (++vmm_read_value < EVENTS_MOST) {
		vmm_call(PV_CALL_DOORBELL_RING, T_CAP_EXTRA, 0, 0, 0);
	}
}

PROGRAM(vmm_rung_for_ever)
{
	vmm_on_events = ring_again;
}
