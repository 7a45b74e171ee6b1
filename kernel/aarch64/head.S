/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First instructions of each physical CPU, at EL2, MMU off. The arm64 Image header is what boot
 * loaders look for (Linux, Documentation/arch/arm64/booting.rst).
 */
#include "kernel/aarch64/asm_offsets.h"
#include "abi/limits.h"

	.section .head, "ax"
	.global _start
_start:
	b	primary
	.long	0
	.quad	0x200000		/* text_offset: 2 MiB from the start of RAM */
	.quad	__kernel_bytes		/* image_size */
	.quad	0xa			/* little-endian, 4 KiB pages, placed anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

primary:
	mov	x19, xzr
	adr	x20, boot_primary
	b	1f

/* x0: the CPU's number, the context of PSCI CPU_ON. */
	.global secondary_entry
secondary_entry:
	mov	x19, x0
	adr	x20, boot_secondary
1:	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x19, #1
	mov	x3, #STACK_BYTES
	madd	x1, x2, x3, x1
	mov	sp, x1
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	br	x20

	.section .bss.stacks, "aw", %nobits
	.balign	16
	.global stacks
stacks:
	.skip	STACK_BYTES * 8
