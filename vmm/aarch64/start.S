/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel enters the VMM's only thread: x0 is the address of struct pv_vmm_config, x1
 * and x2 say what the CPU has (PV_CPU_*, MIDR_EL1), x3 how many VMMs have died before, SP is set.
 * Data is zeros at the start: the kernel has cleared it at boot, and this does where the VMM starts
 * again, on memory that the one before has left. vmm_main does not return.
 */
	.section .text.start, "ax"
	.global _start
	.type _start, %function
_start:
	adrp	x9, __bss_start
	add	x9, x9, #:lo12:__bss_start
	adrp	x10, __bss_end
	add	x10, x10, #:lo12:__bss_end
1:	stp	xzr, xzr, [x9], #16
	cmp	x9, x10
	b.lo	1b
	mov	x29, xzr
	mov	x30, xzr
	b	vmm_main
	.size _start, . - _start
	.section .note.GNU-stack, "", %progbits
