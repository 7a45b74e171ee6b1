/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime of the test VMMs (EL0): system calls, printing on console channel 0 of the domain,
 * and a serving loop that does what protocol.h lets the guest ask for. Every program is a
 * function void(void) that the case names; it may do its work and return into vmm_serve(), or
 * serve in its own way.
 */
#ifndef TESTS_BAREMETAL_VMM_H
#define TESTS_BAREMETAL_VMM_H

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

/* vmm_start.S */
void vmm_svc(uint64_t x[9]);
uint64_t vmm_svc_keeps(uint64_t call);
uint64_t vmm_code(uint64_t x0);
void vmm_do_fp(void);
void vmm_do_brk(void);
void vmm_do_hvc(void);
void vmm_do_smc(void);
void vmm_do_undefined(void);
void vmm_do_mask_irq(void);
void vmm_do_mrs(void);
void vmm_do_eret(void);
void vmm_do_wfi(void);
void vmm_do_timer(void);

/** A system call: returns x0. */
int64_t vmm_call(uint64_t call, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
/** The same, with x1 of the result in *@out. */
int64_t vmm_call_out(uint64_t call, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t *out);

/** PV_CALL_WAIT: @m holds x0..x7 of the next message. */
void vmm_wait(uint64_t reply, uint64_t value, uint64_t m[8]);

void vmm_print(const char *text);
void vmm_print_hex(uint64_t value);
void vmm_check_equal(const char *name, uint64_t got, uint64_t want);
/** "end N", as guest_finish() says it; without stopping. */
void vmm_print_end(void);

/* What a load from unmapped memory returns; what T_DO calls. */
extern uint64_t vmm_read_value;
extern void (*vmm_do)(uint64_t argument);
/* Called for each PV_MSG_EVENTS with the bits, where a program sets it. */
extern void (*vmm_on_events)(uint64_t bits);

/** Stop the VM, reset its interrupts, start it at @pc with @argument. Nothing is owed then. */
void vmm_restart(uint64_t pc, uint64_t argument);

/** Serve the guest for ever. */
_Noreturn void vmm_serve(void);

/** The answer to message @m: a pv_reply, with its value in *@value. */
uint64_t vmm_answer(const uint64_t m[8], uint64_t *value);

#endif
