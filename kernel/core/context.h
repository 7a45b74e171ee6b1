/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register frame of whatever runs below EL2: a guest's vCPU or a VMM's thread. The exception
 * entry (kernel/aarch64/vectors.S) fills the frame that the CPU's `regs` points to; the exit
 * loads it again. Offsets are known to assembly: kernel/aarch64/asm_offsets.h.
 */
#ifndef KERNEL_CORE_CONTEXT_H
#define KERNEL_CORE_CONTEXT_H

#include <stdint.h>

struct regs {
	uint64_t x[31];
	uint64_t pc;     /* ELR_EL2 */
	uint64_t pstate; /* SPSR_EL2 */
};

#endif
