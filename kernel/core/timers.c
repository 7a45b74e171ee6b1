/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes due on a CPU, as timers.h says. */
#include "kernel/core/timers.h"

#include "kernel/core/message.h"
#include "kernel/core/ticks.h"

#define WAKES 4U /* vCPUs that are woken at one exception */

/* End the rest of @v if it is over: what it was kept from the CPU does not count. */
static bool end_rest(struct vcpu *v, uint64_t now)
{
	bool over = v->resting && v->rest_at <= earlier(now, v->left_at);

	if (over) {
		message_end_rest(v);
	}
	return over;
}

void timers_wake(struct cpu *c, uint64_t now)
{
	uint32_t woken = 0;

	for (uint32_t n = 0; n < PV_CPU_SLOTS_MAX && n < c->slot_count && woken < WAKES; n++) {
		struct vcpu *v = c->slots[n];

		if (v->wake_at <= now && v != c->current) {
			struct domain *d = v->domain;

			woken++;
			/* Its timer interrupt itself comes when it is loaded. */
			lock_acquire(&d->lock);
			v->wake_at = UINT64_MAX;
			if (v->wait == WAIT_IRQ) {
				__atomic_store_n(&v->wait, WAIT_NOTHING, __ATOMIC_RELAXED);
			}
			lock_release(&d->lock);
		}
		woken += end_rest(v, now);
	}
}

void timers_set(struct vcpu *v, uint64_t at)
{
	struct domain *d = v->domain;
	struct cpu *c = v->cpu;

	lock_acquire(&d->lock);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		__atomic_store_n(&d->vcpus[n].timer_at, UINT64_MAX, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&v->timer_at, at, __ATOMIC_RELAXED);
	lock_release(&d->lock);
	c->timers_at = earlier(c->timers_at, at);
	vcpu_poke(v);
}

RARE void timers_ring(struct cpu *c, uint64_t now)
{
	uint32_t rung = 0;

	c->timers_at = UINT64_MAX;
	for (uint32_t n = 0; n < PV_CPU_SLOTS_MAX && n < c->slot_count; n++) {
		struct vcpu *v = c->slots[n];
		uint64_t at = __atomic_load_n(&v->timer_at, __ATOMIC_RELAXED);

		if (at <= now && rung < WAKES) {
			struct domain *d = v->domain;

			rung++;
			lock_acquire(&d->lock);
			if (v->timer_at <= now) { /* another CPU may have taken it back */
				__atomic_store_n(&v->timer_at, UINT64_MAX, __ATOMIC_RELAXED);
				message_event_locked(d, PV_EVENT_TIMER);
			}
			lock_release(&d->lock);
		} else {
			c->timers_at = earlier(c->timers_at, at);
		}
	}
}
