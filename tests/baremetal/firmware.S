/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware for a test, at EL3 from the machine's reset on: it gives the GIC, of either version, to
 * the non-secure world and enters the kernel at EL2. It answers as firmware of a Cortex-A72 does that has
 * workarounds 1 to 3 of DEN 0070, and counts their calls. At SYSTEM_OFF it says on the UART
 *   workarounds ABC
 * a digit for each, how often it was called, 9 for nine times and more, and ends the machine.
 */
#define KERNEL 0x40200000
#define GICD 0x08000000
#define GICC 0x08010000
#define GICR 0x080a0000
#define ICC_SRE_EL3 S3_6_C12_C12_5
#define UART 0x09000000
#define SECURE_GPIO 0x090b0000
#define DIGITS_MOST 9

	.section .text, "ax"
	.global _start
_start:
	ldr	x0, =vectors
	msr	vbar_el3, x0
	msr	tpidr_el3, xzr			/* the counts: a byte for each workaround */
	msr	cptr_el3, xzr
	msr	mdcr_el3, xzr
	mrs	x4, id_aa64pfr0_el1		/* GIC: 0 where the interface is none of registers */
	ubfx	x4, x4, #24, #4
	ldr	x0, =GICD
	cbz	x4, 0f
	mov	w1, #0x30			/* affinity routing in both worlds, before the groups */
	str	w1, [x0]
0:	mov	w1, #-1				/* every interrupt in group 1 */
	mov	x2, #0
1:	add	x3, x0, x2
	str	w1, [x3, #0x80]
	add	x2, x2, #4
	cmp	x2, #0x80
	b.lo	1b
	cbnz	x4, gicv3
	ldr	x0, =GICC			/* the non-secure world may set its mask */
	mov	w1, #0xff
	str	w1, [x0, #4]
enter:
	mov	x0, #0x531			/* NS, RES1, HCE, RW */
	msr	scr_el3, x0
	mov	x0, #0x3c9			/* EL2h, masked */
	msr	spsr_el3, x0
	ldr	x0, =KERNEL
	msr	elr_el3, x0
	isb
	eret
gicv3:
	ldr	x0, =GICR			/* this CPU's redistributor: awake, its interrupts in group 1 */
	str	wzr, [x0, #0x14]
	add	x0, x0, #0x10000
	str	w1, [x0, #0x80]
	mov	x0, #9				/* EL2 has the registers, and may say so of EL1 */
	msr	ICC_SRE_EL3, x0
	isb
	b	enter

	.balign 2048
vectors:
	.rept	16				/* the ninth: synchronous, from EL2 in AArch64 */
	.balign 128
	b	smc
	.endr

/* SMCCC: x4 to x17 are ours. */
smc:
	mov	x10, x30
	mov	w4, #0x80000000			/* SMCCC_VERSION */
	cmp	w0, w4
	b.eq	version
	add	w5, w4, #1			/* SMCCC_ARCH_FEATURES */
	cmp	w0, w5
	b.eq	features
	ldr	w5, =0x84000008			/* SYSTEM_OFF */
	cmp	w0, w5
	b.eq	off
	ldr	w5, =0x8400000a			/* PSCI_FEATURES: of SMCCC_VERSION */
	cmp	w0, w5
	b.eq	psci_features
	bl	find
	cbz	w6, unknown
	mrs	x7, tpidr_el3			/* count */
	lsl	w8, w6, #3
	lsr	x9, x7, x8
	and	x9, x9, #0xff
	cmp	x9, #DIGITS_MOST
	b.eq	2f
	mov	x9, #1
	lsl	x9, x9, x8
	add	x7, x7, x9
	msr	tpidr_el3, x7
2:	mov	x0, #0x5a			/* registers that the caller gives up */
	mov	x1, #0x5a
	mov	x2, #0x5a
	mov	x3, #0x5a
	eret
psci_features:
	cmp	w1, w4
	b.ne	unknown
	mov	x0, #0
	eret
version:
	ldr	w0, =0x10001
	eret
features:
	mov	w0, w1
	bl	find
	cbz	w6, unknown
	mov	x0, #0
	eret
unknown:
	mov	x0, #-1
	eret

/* w6: 1, 2 or 3 for the workaround that w0 names, else 0. x30 is the caller's again. */
find:
	mov	w6, #1
	ldr	w5, =0x80008000
	cmp	w0, w5
	b.eq	3f
	mov	w6, #2
	ldr	w5, =0x80007fff
	cmp	w0, w5
	b.eq	3f
	mov	w6, #3
	ldr	w5, =0x80003fff
	cmp	w0, w5
	b.eq	3f
	mov	w6, #0
3:	mov	x11, x30
	mov	x30, x10
	br	x11

off:
	ldr	x0, =UART
	ldr	x1, =said
4:	ldrb	w2, [x1], #1
	cbz	w2, 5f
	str	w2, [x0]
	b	4b
5:	mrs	x3, tpidr_el3
	mov	x4, #3
6:	lsr	x3, x3, #8
	and	w2, w3, #0xff
	add	w2, w2, #'0'
	str	w2, [x0]
	subs	x4, x4, #1
	b.ne	6b
	mov	w2, #'\n'
	str	w2, [x0]
	ldr	x0, =SECURE_GPIO		/* PL061: line 0 is the machine's power */
	mov	w1, #1
	str	w1, [x0, #0x400]
	str	w1, [x0, #4]
	b	.
said:
	.asciz	"\nworkarounds "
	.balign 4
	.ltorg
	.section .note.GNU-stack, "", %progbits
