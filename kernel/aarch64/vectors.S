/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception vectors of EL2. An exception from below stores the registers of what ran into the
 * frame that this CPU's `regs` names (TPIDR_EL2 holds the CPU's struct), asks C what to do, and
 * loads the frame that C returns. EL2 itself takes no exception but a fatal one and, where it looks
 * for one, an SError; interrupts stay masked there.
 */
#include "kernel/aarch64/asm_offsets.h"

/* x2 to x29 to the frame at x0, or from it. */
#define PAIR(a, b) \op x##a, x##b, [x0, #REGS_X(a)]
	.macro	most op
	PAIR(2, 3); PAIR(4, 5); PAIR(6, 7); PAIR(8, 9); PAIR(10, 11); PAIR(12, 13); PAIR(14, 15)
	PAIR(16, 17); PAIR(18, 19); PAIR(20, 21); PAIR(22, 23); PAIR(24, 25); PAIR(26, 27)
	PAIR(28, 29)
	.endm

	.macro	save_frame
	stp	x0, x1, [sp, #-16]!
	mrs	x1, tpidr_el2
	ldr	x0, [x1, #CPU_REGS]
	most	stp
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0, #REGS_X(0)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [x0, #REGS_X(30)]
	str	x3, [x0, #REGS_PSTATE]
	mov	x0, x1
	.endm

	.macro	lower entry
	.balign	128
	b	from_\entry
	.endm

	.macro	fatal
	.balign	128
	bl	panic_exception
	b	.
	.endm

	.text
	.balign	2048
	.global vectors
vectors:
	fatal			/* EL2 with SP_EL0 */
	fatal
	fatal
	fatal
	fatal			/* EL2 */
	fatal
	fatal
	.balign	128		/* SError: unmasked in take_late_abort() alone, which looks at x0 */
	mov	x0, #1
	eret
	lower	synchronous	/* from below, AArch64 */
	lower	interrupt
	lower	interrupt
	lower	serror
	lower	synchronous	/* from below, AArch32: a guest's user space */
	lower	interrupt
	lower	interrupt
	lower	serror

from_synchronous:
	save_frame
	bl	handle_synchronous
	b	enter_frame

from_interrupt:
	save_frame
	bl	handle_interrupt
	b	enter_frame

from_serror:
	save_frame
	bl	handle_serror

/* x0: the frame to run. Does not return. */
	.global enter_frame
enter_frame:
	ldp	x30, x2, [x0, #REGS_X(30)]
	ldr	x3, [x0, #REGS_PSTATE]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	most	ldp
	ldp	x0, x1, [x0, #REGS_X(0)]
	eret
