/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which vCPU a physical CPU runs, and in which world: its guest, or its VMM in its place.
 *
 * Each CPU has its own fixed slots, one for each vCPU pinned to it. The runnable slot of the
 * highest priority runs; equals take turns by time slice. A slot is runnable when its domain is
 * alive, its vCPU holds the domain's VMM or waits for nothing, and its budget is not spent. Who
 * makes a slot runnable calls vcpu_poke(); the owner CPU then chooses anew.
 */
#ifndef KERNEL_CORE_SCHED_H
#define KERNEL_CORE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

#define SCHED_SLICE_PER_SECOND 200U /* time slices of equals */

/** Choose what this CPU runs next and load it; sleeps while nothing is runnable. */
void sched_settle(struct cpu *c);

/** What this CPU goes on with after an exception: inline, since every exit passes here. */
static inline struct regs *sched_resume(struct cpu *c)
{
	if (c->world == WORLD_GUEST && __atomic_load_n(&c->current->vgic.dirty, __ATOMIC_RELAXED)) {
		vgic_flush(c->current);
	}
	/* Others who change what decides say so by vcpu_poke(). */
	uint64_t todo = __atomic_load_n(&c->todo, __ATOMIC_RELAXED);

	if (todo) {
		if (todo > TODO_POKES) {
			sched_settle(c);
		}
		if (c->pokes) {
			vcpu_send_pokes(c);
		}
	}
	return c->regs;
}

/** The deadline of arch_set_deadline() has passed on @c, this CPU. */
void sched_deadline(struct cpu *c);

/** What has been counted of @v since boot, for its VMM, which runs here. The time of one that runs on
 * another CPU, and stops at this moment, may lack its last turn or have some of the next one's, but is
 * never less than was told before. */
uint64_t sched_counter(struct vcpu *v, enum pv_counter which);

/** This CPU, whose VMM has served a message and paid for it, returns to the world of the guest in
 * whose place it ran. `serving` still says what. */
void sched_leave_vmm(void);

#endif
