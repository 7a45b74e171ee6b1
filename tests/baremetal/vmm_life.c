/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test VMMs that use their timer, and that switch their VM off and on again.
 */
#include "tests/baremetal/vmm.h"

#define SPI 40
#define LATE 6  /* params[]: by how many ticks the timer came too late at most */
#define RINGS 7 /* how often it came */
#define WAKE 0  /* params[]: what is done then, an enum of guest_timers.c */
#define PENDS 1U
#define STARTS 2U

static uint64_t due;

static uint64_t now(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value));
	return value;
}

static void set(uint64_t ticks)
{
	due = now() + ticks;
	vmm_call(PV_CALL_TIMER_SET, due, 0, 0, 0);
}

static void on_timer(uint64_t bits)
{
	uint64_t late = now() - due;

	if ((bits & 1U << PV_EVENT_TIMER) == 0) {
		return;
	}
	params[RINGS]++;
	/* One that comes too early is late by far. */
	params[LATE] = late > params[LATE] ? late : params[LATE];
	if (params[WAKE] == PENDS) {
		vmm_call(PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, SPI, PV_VIRQ_OP_PEND);
	} else if (params[WAKE] == STARTS) {
		vmm_call(PV_CALL_VCPU_START, T_CAP_VCPU, T_RAM_IPA, params[1], 0);
	}
}

/* The guest asks for its timer, in so many ticks; bit 63 and 62 of that say what is done then. */
static void set_and_then(uint64_t argument)
{
	params[WAKE] = argument >> 62;
	set(argument << 2 >> 2);
}

PROGRAM(vmm_timer)
{
	vmm_do = set_and_then;
	vmm_on_events = on_timer;
}

/* Goes off and on: the guest sets the timer, then has its VM stopped; the timer starts it again. */
PROGRAM(vmm_off_and_on)
{
	vmm_do = set_and_then;
	vmm_on_events = on_timer;
}

/* What the guest asks for kills the VMM. The kernel says how many have died before. */
static void die(uint64_t argument)
{
	if (argument) {
		vmm_call(PV_CALL_WAIT, PV_REPLY_COUNT, 0, 0, 0); /* a reply that fits nothing */
	}
	vmm_do_brk();
}

void vmm_mortal(uint64_t self, uint64_t cpu, uint64_t midr, uint64_t deaths);
void vmm_mortal(uint64_t self, uint64_t cpu, uint64_t midr, uint64_t deaths)
{
	(void)self;
	(void)cpu;
	(void)midr;
	params[0] = deaths;
	vmm_do = die;
}
