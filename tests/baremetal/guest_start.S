/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry and exception vectors of the bare-metal test guests. x0 at entry is the function to run,
 * on the first vCPU and on those that PV_CALL_VCPU_START starts; each vCPU has a stack by its
 * MPIDR.
 */
#define STACK_BYTES 0x2000

	.section .entry, "ax"
	.globl	_start
_start:
	mov	x19, x0
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	adrp	x2, guest_stacks
	add	x2, x2, :lo12:guest_stacks
	add	x1, x1, #1
	mov	x3, #STACK_BYTES
	madd	x2, x1, x3, x2
	mov	sp, x2
	adrp	x1, guest_vectors
	add	x1, x1, :lo12:guest_vectors
	msr	vbar_el1, x1
	mov	x1, #(3 << 20)		/* the case for FP uses it */
	msr	cpacr_el1, x1
	isb
	blr	x19
	b	guest_finish

	.macro	vector handler
	.balign	0x80
	stp	x29, x30, [sp, #-0xc0]!
	mov	x29, #\handler
	b	guest_exception
	.endm

	.text
	.balign	0x800
guest_vectors:
	.irp	kind, 3, 2, 2, 2, 0, 1, 2, 2
	vector	\kind
	.endr
	.balign	0x80
	mov	x1, #1
	b	guest_from_el0
	.irp	kind, 2, 2, 2
	vector	\kind
	.endr
	.balign	0x80
	mov	x1, #0
	b	guest_from_el0
	.irp	kind, 2, 2, 2
	vector	\kind
	.endr

guest_exception:
	stp	x0, x1, [sp, #0x10]
	stp	x2, x3, [sp, #0x20]
	stp	x4, x5, [sp, #0x30]
	stp	x6, x7, [sp, #0x40]
	stp	x8, x9, [sp, #0x50]
	stp	x10, x11, [sp, #0x60]
	stp	x12, x13, [sp, #0x70]
	stp	x14, x15, [sp, #0x80]
	stp	x16, x17, [sp, #0x90]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x18, x0, [sp, #0xa0]
	str	x1, [sp, #0xb0]
	mov	x0, x29
	mov	x1, sp
	bl	guest_exception_c
	ldr	x1, [sp, #0xb0]
	ldp	x18, x0, [sp, #0xa0]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x0, x1, [sp, #0x10]
	ldp	x2, x3, [sp, #0x20]
	ldp	x4, x5, [sp, #0x30]
	ldp	x6, x7, [sp, #0x40]
	ldp	x8, x9, [sp, #0x50]
	ldp	x10, x11, [sp, #0x60]
	ldp	x12, x13, [sp, #0x70]
	ldp	x14, x15, [sp, #0x80]
	ldp	x16, x17, [sp, #0x90]
	ldp	x29, x30, [sp], #0xc0
	eret

/* uint64_t guest_call(function, x1, x2, x3): HVC; all but x0 must come back as they were. */
	.globl	guest_call, guest_call_smc
guest_call:
	hvc	#0
	ret
guest_call_smc:
	smc	#0
	ret

/* int guest_call_keeps(function): HVC with patterns in x1..x30; 0 if all came back. */
	.globl	guest_call_keeps
guest_call_keeps:
	stp	x29, x30, [sp, #-0x60]!
	stp	x19, x20, [sp, #0x10]
	stp	x21, x22, [sp, #0x20]
	stp	x23, x24, [sp, #0x30]
	stp	x25, x26, [sp, #0x40]
	stp	x27, x28, [sp, #0x50]
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, #(0x500 + \n)
	.endr
	hvc	#0
	mov	x0, #0
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
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

/*
 * void guest_run_el0(pc, pstate, r1): the frame of the caller stays on the stack while user code
 * runs, and its first exception comes back here.
 */
	.globl	guest_run_el0
guest_run_el0:
	stp	x29, x30, [sp, #-0x60]!
	stp	x19, x20, [sp, #0x10]
	stp	x21, x22, [sp, #0x20]
	stp	x23, x24, [sp, #0x30]
	stp	x25, x26, [sp, #0x40]
	stp	x27, x28, [sp, #0x50]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	mov	x0, #0
	mov	x1, x2
	isb
	eret

guest_from_el0:
	adrp	x5, guest_el0
	add	x5, x5, :lo12:guest_el0
	mrs	x2, esr_el1
	mrs	x3, elr_el1
	mrs	x4, spsr_el1
	mrs	x6, far_el1
	stp	x2, x3, [x5]
	stp	x4, x0, [x5, #0x10]
	stp	x6, x1, [x5, #0x20]
	ldp	x19, x20, [sp, #0x10]
	ldp	x21, x22, [sp, #0x20]
	ldp	x23, x24, [sp, #0x30]
	ldp	x25, x26, [sp, #0x40]
	ldp	x27, x28, [sp, #0x50]
	ldp	x29, x30, [sp], #0x60
	ret

/* void guest_fp_fill(uint64_t seed): q0..q31 = seed + n in both halves. */
	.arch_extension simd
	.globl	guest_fp_fill, guest_fp_check
guest_fp_fill:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #\n
	dup	v\n\().2d, x1
	.endr
	msr	fpcr, xzr
	and	x1, x0, #0x1f
	msr	fpsr, x1
	ret

/* uint64_t guest_fp_check(uint64_t seed): 0 if q0..q31 and FPSR are as guest_fp_fill left them. */
guest_fp_check:
	mov	x2, #0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #\n
	mov	x3, v\n\().d[0]
	eor	x3, x3, x1
	orr	x2, x2, x3
	mov	x3, v\n\().d[1]
	eor	x3, x3, x1
	orr	x2, x2, x3
	.endr
	mrs	x3, fpsr
	and	x1, x0, #0x1f
	eor	x3, x3, x1
	orr	x0, x2, x3
	ret

	.bss
	.balign	16
guest_stacks:
	.space	STACK_BYTES * 4
