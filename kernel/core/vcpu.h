/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done to a vCPU from anywhere: it starts, is woken, has to look at its interrupts; and how
 * the CPU that it is pinned to learns of it. The bottom of the core: virtual interrupts, messages
 * and the scheduler stand on it, and it calls none of them.
 */
#ifndef KERNEL_CORE_VCPU_H
#define KERNEL_CORE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

/**
 * The CPU of @v must choose anew: @v may run now, or no longer. Any CPU, with or without a lock:
 * another CPU is poked when this one goes on. A CPU that is woken goes straight for the lock, and
 * would wait for as long as the poke takes.
 */
void vcpu_poke(const struct vcpu *v);

/** Send the pokes that this CPU, @c, owes to others. No lock is held. */
void vcpu_send_pokes(struct cpu *c);

/** @v has to be flushed before its guest goes on. Lock: domain lock held. */
void vcpu_dirty_locked(struct vcpu *v);

/** An interrupt is ready for @v: it waits for none any more. Lock: domain lock held. */
void vcpu_wake_locked(struct vcpu *v);

/**
 * Let @v, which is off, start at @pc with x0 = @arg. Its own CPU resets its registers when it
 * first runs it. Lock: domain lock held.
 */
void vcpu_start_locked(struct vcpu *v, uint64_t pc, uint64_t arg);

/**
 * @v goes off, whatever it did or waits for. False: it runs on another CPU, which leaves it when
 * that has been poked. Lock: domain lock held.
 */
bool vcpu_stop_locked(struct vcpu *v);

/** Whether @v is off, and no CPU runs it. Lock: domain lock held. */
bool vcpu_is_off_locked(const struct vcpu *v);

/** Whether some vCPU of @d is on, and @d alive. Lock: domain lock held. */
bool vcpu_some_run_locked(const struct domain *d);

/** @v, which runs here, begins to wait for @what, unless another CPU has stopped it meanwhile. Lock:
 * domain lock held. */
static inline bool vcpu_wait_locked(struct vcpu *v, enum vcpu_wait what)
{
	lock_assert_held(&v->domain->lock);
	bool goes_on = v->wait == WAIT_NOTHING && !v->start;

	if (goes_on) {
		__atomic_store_n(&v->wait, what, __ATOMIC_RELAXED);
	}
	return goes_on;
}

/** What this CPU runs has changed its own state: whether it waits, or in which world it runs. */
static inline void vcpu_unsettle(void)
{
	cpu_here()->unsettled = true;
}

/** Whether @v's registers are in this CPU. */
bool vcpu_is_loaded_here(const struct vcpu *v);

#endif
