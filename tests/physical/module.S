/* SPDX-License-Identifier: BSD-2-Clause */
/* The module as bytes of the program that loads it (map.c). */
	.section .rodata
	.global physical_module, physical_module_end
	.balign 8
physical_module:
	.incbin "peervisor_physical.ko"
physical_module_end:

	.section .note.GNU-stack, "", %progbits
