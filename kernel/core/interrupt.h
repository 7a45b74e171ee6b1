/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical interrupts: which came the machine says, what is done about it is said here.
 */
#ifndef KERNEL_CORE_INTERRUPT_H
#define KERNEL_CORE_INTERRUPT_H

#include <stdbool.h>

#include "kernel/core/arch.h"
#include "kernel/core/kernel.h"
#include "kernel/core/line.h"

#define INTERRUPTS_AT_ONCE 4U /* when a sleep ends; what is left comes as an exception */

/** Do what an interrupt of @c, this CPU, asks for. Returns whether it is to be deactivated: not that
 * of a timer, which the guest's own end of interrupt deactivates. No lock is held. */
bool interrupt_handle(struct cpu *c, enum interrupt_kind kind);

/** Take one interrupt of @c, this CPU. False: none is pending. No lock is held. Inline, since
 * doorbells pass here. */
static inline bool interrupt_take(struct cpu *c)
{
	struct interrupt interrupt = arch_interrupt_take();

	if (interrupt.kind == INTERRUPT_NONE) {
		return false;
	}
	if (interrupt.kind == INTERRUPT_LINE) {
		/* First: the guest may end it on another CPU as soon as it has it. */
		arch_interrupt_end(interrupt, false);
		line_take(interrupt.token);
		return true;
	}
	/* A poke says no more than what sched_resume() looks at in any case. */
	arch_interrupt_end(interrupt,
	                   interrupt.kind == INTERRUPT_POKE || interrupt_handle(c, interrupt.kind));
	return true;
}

#endif
