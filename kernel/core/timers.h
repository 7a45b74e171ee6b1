/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes due on a CPU: timers of guests that sleep, rests of VMMs, timers of VMMs. Whoever finds
 * the CPU's deadline past calls these before it chooses anew.
 */
#ifndef KERNEL_CORE_TIMERS_H
#define KERNEL_CORE_TIMERS_H

#include <stdint.h>

#include "kernel/core/kernel.h"
#include "kernel/core/vcpu.h"

/** Wake those whose timers are due on @c, this CPU, the most urgent first, and a few at once: the
 * deadline of the others stays due. Whoever runs next because of that pays for it. Takes domain locks. */
void timers_wake(struct cpu *c, uint64_t now);

/** Tell the VMMs whose timers are due, as above; whatever their priority, or one whose vCPU gets no CPU
 * here could not go on in the place of another. Takes domain locks. */
void timers_ring(struct cpu *c, uint64_t now);

/** The VMM that runs here, in the place of @v, sets its timer to @at, or takes it back (UINT64_MAX).
 * Then PV_EVENT_TIMER is set. The timer stays at this CPU, so that setting it interrupts no other.
 * Takes the domain lock. */
void timers_set(struct vcpu *v, uint64_t at);

#endif
