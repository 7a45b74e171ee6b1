/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Synchronous exceptions from below EL2: what a guest did that it may not do by itself, and the
 * system calls and faults of VMMs.
 */
#ifndef KERNEL_CORE_TRAP_H
#define KERNEL_CORE_TRAP_H

#include "kernel/arm/syndrome.h"
#include "kernel/core/kernel.h"

/** Handle @trap, taken on @c from what it runs. sched_resume() then says what goes on. */
void trap_synchronous(struct cpu *c, const struct trap *trap);

#endif
