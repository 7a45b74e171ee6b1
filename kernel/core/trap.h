/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Synchronous exceptions from below EL2: what a guest did that it may not do by itself, and the
 * system calls and faults of VMMs. Syndromes: Arm ARM (DDI 0487) D24.2.40, ESR_EL2.
 */
#ifndef KERNEL_CORE_TRAP_H
#define KERNEL_CORE_TRAP_H

#include "kernel/core/kernel.h"

/** Bytes of the instruction that a trap with syndrome @esr was taken from: 2 in T32 user space. */
static inline uint64_t trap_instruction_bytes(uint64_t esr)
{
	return (esr & (1U << 25)) != 0 ? 4 : 2; /* ESR_EL2.IL */
}

/** Handle @trap, taken on @c from what it runs. sched_resume() then says what goes on. */
void trap_synchronous(struct cpu *c, const struct trap *trap);

#endif
