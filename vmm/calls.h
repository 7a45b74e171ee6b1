/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of abi/calls.h as C functions. Two back ends implement this header:
 * vmm/aarch64/calls.c issues them, tests/unit/vmm_fake_kernel.c records them on the host. The VMM
 * has no other way to act on anything outside of itself but the control pages that it has mapped.
 */
#ifndef VMM_CALLS_H
#define VMM_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/calls.h"
#include "abi/err.h"

/* A message of the kernel: word[0] is an enum pv_msg, the others as abi/calls.h says. */
struct message {
	uint64_t word[8];
};

/* What the VMM owes for a message. */
struct reply {
	enum pv_reply kind;
	uint64_t value;
	uint64_t more[3]; /* PV_REPLY_RESULTS: the guest's x1 to x3 */
};

/* What STREAM_GET tells of a stream. */
struct stream_faults {
	uint64_t count;   /* since boot */
	uint64_t address; /* of the last */
	uint64_t kind;    /* its event number */
};

/** Answer the message before with @reply and sleep until the next is there. */
void call_wait(const struct reply *reply, struct message *message);

/** A random number of the CPU's own, where PV_CPU_RNDR says that it has any; false: none now. */
MUST_USE bool call_rndr(uint64_t *value);

/** Start a vCPU at @pc with @argument in x0. Errors: ERR_STATE it is on; ERR_AGAIN it was started and
 * stopped only just now; ERR_CAP. */
MUST_USE err_t call_vcpu_start(uint32_t cap, uint64_t pc, uint64_t argument);

/** Turn a vCPU off, whatever it does. Errors: ERR_AGAIN its CPU has been asked for it; ERR_CAP. */
MUST_USE err_t call_vcpu_stop(uint32_t cap);

/** Between two tries of a call that answers ERR_AGAIN: other CPUs go first. */
void call_pause(void);

/**
 * Set the configuration (PV_VIRQ_*) of a virtual interrupt. @vcpu matters for private interrupts
 * only. Errors: ERR_RANGE, ERR_CAP, ERR_ARG; ERR_AGAIN another CPU has it in a list register and
 * has been asked for it, as for the next two.
 */
MUST_USE err_t call_virq_set(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t config);

/** Change the state of a virtual interrupt. Errors: ERR_RANGE, ERR_CAP, ERR_AGAIN. */
MUST_USE err_t call_virq_op(uint32_t cap, uint32_t vcpu, uint32_t intid, enum pv_virq_op op);

/** Read configuration and state (PV_VIRQ_*) of a virtual interrupt; on an error it is 0. Errors:
 * ERR_RANGE, ERR_CAP, ERR_AGAIN. */
MUST_USE err_t call_virq_get(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t *state);

/** Let the distributor forward interrupts, or not. Errors: ERR_CAP. */
MUST_USE err_t call_vgic_enable(uint32_t cap, bool enable);

/** Bring all interrupts of the domain to power-on state and mask its doorbells. Errors: ERR_STATE a
 * vCPU of the domain is on; ERR_CAP. */
MUST_USE err_t call_vgic_reset(uint32_t cap);

/** Have PV_EVENT_TIMER set when the counter is @at or later; UINT64_MAX: never. */
MUST_USE err_t call_timer_set(uint64_t at);

/** The counter that call_timer_set compares with, and how much it counts in a second. */
uint64_t call_counter(void);
uint64_t call_counter_hz(void);

/** Have DMA of a stream translated, or let it abort. Errors: ERR_STATE all vCPUs are off; ERR_CAP. */
MUST_USE err_t call_stream_set(uint32_t cap, bool on);

/** What faults a stream had; nothing tells of further ones. Errors: ERR_CAP. */
MUST_USE err_t call_stream_get(uint32_t cap, struct stream_faults *faults);

/** Read or write dword @word of a page of registers. Errors: ERR_STATE it is closed; ERR_RIGHT no rule
 * lets anybody write it; ERR_RANGE, ERR_CAP. */
MUST_USE err_t call_window_read(uint32_t cap, uint32_t word, uint32_t *value);
MUST_USE err_t call_window_write(uint32_t cap, uint32_t word, uint32_t value);

/** What the kernel has counted of a vCPU since boot. Errors: ERR_CAP. */
MUST_USE err_t call_vcpu_get(uint32_t cap, enum pv_counter which, uint64_t *value);

/** How often a doorbell was rung since boot, by who holds the right to ring it, or to be rung by it.
 * Errors: ERR_STATE it is an event; ERR_CAP. */
MUST_USE err_t call_doorbell_sent(uint32_t cap, uint64_t *rings);
MUST_USE err_t call_doorbell_came(uint32_t cap, uint64_t *rings);

/** Ring a doorbell. Errors: ERR_CAP. */
MUST_USE err_t call_doorbell_ring(uint32_t cap);

/** Make a doorbell raise SPI @intid, or latch silently with 0. Errors: ERR_CAP, ERR_RANGE. */
MUST_USE err_t call_doorbell_bind(uint32_t cap, uint32_t intid);

/**
 * Write the low @count (1 .. 16) bytes of @low and @high to a console channel.
 * @taken: how many the kernel took, from the first on; 0 if there is no room now.
 * Errors: ERR_CAP, ERR_RANGE.
 */
MUST_USE err_t call_console_write(uint32_t cap, uint32_t count, uint64_t low, uint64_t high,
                                  uint32_t *taken);

/** Read up to 8 bytes, LSB first in @bytes; @count is 0 when none wait. Errors: ERR_CAP. */
MUST_USE err_t call_console_read(uint32_t cap, uint64_t *bytes, uint32_t *count);

#endif
