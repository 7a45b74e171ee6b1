/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical interrupts but pokes and lines (interrupt.h).
 */
#include "kernel/core/interrupt.h"

#include "kernel/core/arch.h"
#include "kernel/core/console.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic.h"

RARE bool interrupt_handle(struct cpu *c, enum interrupt_kind kind)
{
	struct vcpu *v = c->current;

	if (kind == INTERRUPT_TIMER && v) {
		vgic_pend_timer(v);
		return false;
	}
	if (kind == INTERRUPT_MAINTENANCE && v) {
		vgic_sync(v); /* the exit path does the rest, if the guest is what goes on */
	} else if (kind == INTERRUPT_DEADLINE) {
		sched_deadline(c);
	} else if (kind == INTERRUPT_UART) {
		console_input();
	}
	return true;
}
