/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception vectors of EL2. An exception from below stores the registers of what ran into the
 * frame that this CPU's `regs` names (TPIDR_EL2 holds the CPU's struct), asks C what to do, and
 * loads the frame that C returns. EL2 itself takes no exception but a fatal one and, where it looks
 * for one, an SError; interrupts stay masked there.
 */
#include "kernel/aarch64/asm_offsets.h"

	.macro	save_frame
	stp	x0, x1, [sp, #-16]!
	mrs	x1, tpidr_el2
	ldr	x0, [x1, #CPU_REGS]
	stp	x2, x3, [x0, #REGS_X(2)]
	stp	x4, x5, [x0, #REGS_X(4)]
	stp	x6, x7, [x0, #REGS_X(6)]
	stp	x8, x9, [x0, #REGS_X(8)]
	stp	x10, x11, [x0, #REGS_X(10)]
	stp	x12, x13, [x0, #REGS_X(12)]
	stp	x14, x15, [x0, #REGS_X(14)]
	stp	x16, x17, [x0, #REGS_X(16)]
	stp	x18, x19, [x0, #REGS_X(18)]
	stp	x20, x21, [x0, #REGS_X(20)]
	stp	x22, x23, [x0, #REGS_X(22)]
	stp	x24, x25, [x0, #REGS_X(24)]
	stp	x26, x27, [x0, #REGS_X(26)]
	stp	x28, x29, [x0, #REGS_X(28)]
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
	ldp	x2, x3, [x0, #REGS_X(2)]
	ldp	x4, x5, [x0, #REGS_X(4)]
	ldp	x6, x7, [x0, #REGS_X(6)]
	ldp	x8, x9, [x0, #REGS_X(8)]
	ldp	x10, x11, [x0, #REGS_X(10)]
	ldp	x12, x13, [x0, #REGS_X(12)]
	ldp	x14, x15, [x0, #REGS_X(14)]
	ldp	x16, x17, [x0, #REGS_X(16)]
	ldp	x18, x19, [x0, #REGS_X(18)]
	ldp	x20, x21, [x0, #REGS_X(20)]
	ldp	x22, x23, [x0, #REGS_X(22)]
	ldp	x24, x25, [x0, #REGS_X(24)]
	ldp	x26, x27, [x0, #REGS_X(26)]
	ldp	x28, x29, [x0, #REGS_X(28)]
	ldp	x0, x1, [x0, #REGS_X(0)]
	eret
