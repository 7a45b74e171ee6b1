/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel enters the VMM's only thread: x0 is the address of struct pv_vmm_config, x1
 * and x2 say what the CPU has (PV_CPU_*, MIDR_EL1), SP is set, all memory of the VMM is loaded or zero. vmm_main does not return.
 */
	.section .text.start, "ax"
	.global _start
	.type _start, %function
_start:
	mov	x29, xzr
	mov	x30, xzr
	b	vmm_main
	.size _start, . - _start
	.section .note.GNU-stack, "", %progbits
