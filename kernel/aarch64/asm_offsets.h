/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that assembly and C share. context.c asserts that they are those of the structures.
 */
#ifndef KERNEL_AARCH64_ASM_OFFSETS_H
#define KERNEL_AARCH64_ASM_OFFSETS_H

#define REGS_X(n) (8 * (n))
#define REGS_PC 248
#define REGS_PSTATE 256
#define CPU_REGS 0

#define STACK_BYTES 8192 /* of each physical CPU */

#endif
