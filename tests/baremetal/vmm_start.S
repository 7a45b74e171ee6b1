/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry of the test VMMs (EL0) and the system call. x0 at entry is the function to run. */
	.section .entry, "ax"
	.globl	_start
_start:
	blr	x0
	/* A program that returns serves its guest like any other VMM. */
	b	vmm_serve

/* void vmm_svc(uint64_t x[9]): x0..x7 and the call's number in x8, in and out. */
	.text
	.globl	vmm_svc
vmm_svc:
	mov	x9, x0
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	ldp	x4, x5, [x9, #32]
	ldp	x6, x7, [x9, #48]
	ldr	x8, [x9, #64]
	svc	#0
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	str	x8, [x9, #64]
	ret

/* uint64_t vmm_svc_keeps(call): 0 if x4..x30 come back from a call as they went in. */
	.globl	vmm_svc_keeps
vmm_svc_keeps:
	stp	x29, x30, [sp, #-0x60]!
	stp	x19, x20, [sp, #0x10]
	stp	x21, x22, [sp, #0x20]
	stp	x23, x24, [sp, #0x30]
	stp	x25, x26, [sp, #0x40]
	stp	x27, x28, [sp, #0x50]
	mov	x8, x0
	.irp	n, 4,5,6,7,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, #(0x500 + \n)
	.endr
	svc	#0
	mov	x0, #0
	.irp	n, 4,5,6,7,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	sub	x\n, x\n, #(0x500 + \n)
	orr	x0, x0, x\n
	.endr
	ldp	x19, x20, [sp, #0x10]
	ldp	x21, x22, [sp, #0x20]
	ldp	x23, x24, [sp, #0x30]
	ldp	x25, x26, [sp, #0x40]
	ldp	x27, x28, [sp, #0x50]
	ldp	x29, x30, [sp], #0x60
	ret

/* uint64_t vmm_code(uint64_t x0): the instruction that the case fills in, on x0. */
	.globl	vmm_code
vmm_code:
	nop
	ret

/* Single instructions that a VMM must not get away with. */
	.globl	vmm_do_fp, vmm_do_brk, vmm_do_hvc, vmm_do_smc, vmm_do_undefined, vmm_do_mask_irq
	.globl	vmm_do_mrs, vmm_do_eret, vmm_do_wfi, vmm_do_timer
vmm_do_fp:
	.inst	0x9e670000	/* fmov d0, x0 */
	ret
vmm_do_brk:
	brk	#0
	ret
vmm_do_hvc:
	.inst	0xd4000002	/* hvc #0 */
	ret
vmm_do_smc:
	.inst	0xd4000003	/* smc #0 */
	ret
vmm_do_undefined:
	.inst	0x00000000
	ret
vmm_do_mask_irq:
	msr	daifset, #15
	ret
vmm_do_mrs:
	.inst	0xd5380000	/* mrs x0, midr_el1 */
	ret
vmm_do_eret:
	.inst	0xd69f03e0	/* eret */
	ret
vmm_do_wfi:
	wfi
	ret
vmm_do_timer:
	msr	cntv_cval_el0, x0
	ret
