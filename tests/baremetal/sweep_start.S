/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of an arm64 Image (Documentation/arch/arm64/booting.rst) and its first instructions. */
	.section .entry, "ax"
	.globl	_start
_start:
	b	start
	.word	0
	.quad	0			/* text_offset */
	.quad	sweep_image_bytes
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

start:
	adrp	x1, stack_end
	add	x1, x1, :lo12:stack_end
	mov	sp, x1
	bl	sweep
	b	.

	.bss
	.balign	16
	.space	0x1000
stack_end:
	.quad	0
