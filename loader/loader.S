/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader: the first code of a VM at each of its starts, at EL1 of vCPU 0, in the VM's ROM. x0 is
 * the address of struct pv_loads (abi/loader.h). It clears and fills all RAM of the VM, so that
 * nothing of what was there before is seen by what it then jumps to; it cannot be written, has no
 * stack and keeps no state. Last it asks the VMM for the seed of the kernel's own layout: what is
 * loaded is the same at each start.
 *
 * It runs with MMU and caches on, by a constant identity map in which all is Normal memory: with the
 * MMU off all data is Device memory, where DC ZVA faults (Arm ARM, "DC ZVA") and each store waits
 * for itself. What stage 2 maps as Device stays Device, and is not touched. The lines of RAM are
 * cleaned and invalidated: those too that an earlier start of the VM has left behind.
 */
	.set	SCTLR_ON, 1 << 0 | 1 << 2 | 1 << 12	/* M, C, I */
	.set	MAIR_NORMAL, 0xff			/* attribute 0: write-back, allocating */
	/* T0SZ: 39 bits from level 1; walks write-back, inner shareable; EPD1; IPS: 40 bits */
	.set	TCR_ON, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32
	/* A block of 1 GiB: attribute 0, EL1 alone, inner shareable, accessed. */
	.set	BLOCK, 1 | 3 << 8 | 1 << 10
	.set	TRNG_RND64, 0xc4000053			/* DEN 0098, 2.1 */

	.text
	.global	_start
_start:
	ldp	x19, x20, [x0]		/* entry, entry_arg */
	ldp	x21, x26, [x0, #16]	/* loads, seed */
	add	x22, x0, #32		/* the next one */
	mrs	x23, sctlr_el1
	adr	x1, map
	msr	ttbr0_el1, x1
	ldr	x1, =MAIR_NORMAL
	msr	mair_el1, x1
	ldr	x1, =TCR_ON
	msr	tcr_el1, x1
	isb
	tlbi	vmalle1is		/* translations of what ran before */
	dsb	ish
	ldr	x1, =SCTLR_ON
	orr	x1, x1, x23
	msr	sctlr_el1, x1
	isb

	mrs	x1, dczid_el0
	and	x2, x1, #15		/* BS: log2 of the words of a block */
	mov	x3, #4
	lsl	x24, x3, x2
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4		/* DminLine: log2 of the words of a line */
	lsl	x25, x3, x2

next:
	ldp	x4, x5, [x22], #16	/* to, from */
	ldr	x6, [x22], #8		/* bytes */
	add	x6, x6, x4		/* end */
	mov	x7, x4
	cbnz	x5, copy
	tbnz	x1, #4, store_zeros	/* DZP: DC ZVA is not allowed */
1:	dc	zva, x4
	add	x4, x4, x24
	cmp	x4, x6
	b.lo	1b
	b	clean
store_zeros:
	stp	xzr, xzr, [x4], #16
	cmp	x4, x6
	b.lo	store_zeros
	b	clean
copy:
	ldp	x8, x9, [x5], #16
	ldp	x10, x11, [x5], #16
	stp	x8, x9, [x4], #16
	stp	x10, x11, [x4], #16
	cmp	x4, x6
	b.lo	copy
clean:
	dc	civac, x7
	add	x7, x7, x25
	cmp	x7, x6
	b.lo	clean
	subs	x21, x21, #1
	b.ne	next

	cbz	x26, 1f
	ldr	w0, =TRNG_RND64
	mov	x1, #64
	hvc	#0
	cbnz	x0, 1f			/* there is no source: the kernel says so */
	str	x3, [x26]
	dc	civac, x26
	add	x26, x26, #4
	dc	civac, x26		/* it may lie across two lines */
1:
	dsb	sy
	msr	sctlr_el1, x23
	isb
	msr	ttbr0_el1, xzr
	msr	tcr_el1, xzr
	msr	mair_el1, xzr
	ic	ialluis			/* what was loaded is code */
	tlbi	vmalle1is
	dsb	ish
	isb
	mov	x0, x20
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x19
	.ltorg

	.balign	4096
map:
	.set	n, 0
	.rept	512
	.quad	n << 30 | BLOCK
	.set	n, n + 1
	.endr
	.section .note.GNU-stack, "", %progbits
