/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First instructions of each physical CPU, at EL2, MMU off. The arm64 Image header is what boot
 * loaders look for (Linux, Documentation/arch/arm64/booting.rst).
 */
#include "abi/limits.h"
#include "kernel/aarch64/asm_offsets.h"
#include "kernel/aarch64/mmu_values.h"

	.section .head, "ax"
	.global _start
_start:
	b	primary
	.long	0
	.quad	__text_offset		/* from the start of RAM */
	.quad	__kernel_bytes		/* image_size */
	.quad	0x2			/* little-endian, 4 KiB pages, near the start of RAM */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

/*
 * Until the MMU is on, loads and stores go past the caches. So no line of what is stored until
 * then, stack and translation tables among it, may be in one; the loader left clean lines at most.
 */
primary:
	adrp	x1, __data_start
	adrp	x2, __kernel_end
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4		/* DminLine: log2 of the words of a line */
	mov	x4, #4
	lsl	x4, x4, x3
1:	dc	civac, x1
	add	x1, x1, x4
	cmp	x1, x2
	b.lo	1b
	dsb	sy
	mov	x19, xzr
	adr	x20, boot_primary
	b	call_on_stack

/* x0: the CPU's number, the context of PSCI CPU_ON. The MMU comes first: the other CPUs' caches may
 * hold lines of this CPU's stack. */
	.global secondary_entry
secondary_entry:
	mov	x19, x0
	bl	mmu_enable
	adr	x20, boot_secondary

/* x19: the CPU's number; x20: the function, which does not return. */
call_on_stack:
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x19, #1
	mov	x3, #STACK_BYTES
	madd	x1, x2, x3, x1
	mov	sp, x1
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	br	x20

/* See boot.h. Uses x0 alone, and no stack. */
	.global mmu_enable
mmu_enable:
	ldr	x0, =MMU_MAIR
	msr	mair_el2, x0
	ldr	x0, =MMU_TCR
	msr	tcr_el2, x0
	adrp	x0, mmu_root
	msr	ttbr0_el2, x0
	dsb	sy			/* the tables were stored past the caches */
	isb
	tlbi	alle2
	dsb	nsh
	isb
	ldr	x0, =MMU_SCTLR
	msr	sctlr_el2, x0
	isb
	ret
	.ltorg

/* See boot.h. */
	.global boot_probe_ram
boot_probe_ram:
	ldr	x0, [x0]
	dsb	sy
	ret

	.section .bss.stacks, "aw", %nobits
	.balign	16
	.global stacks
stacks:
	.skip	STACK_BYTES * 8
