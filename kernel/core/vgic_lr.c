/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * List registers of the loaded vCPU. All functions here run on the CPU that holds it.
 */
#include "kernel/core/arch.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic_state.h"

/* List register i of @v holds nothing any more. */
static void lr_release(struct vcpu *v, uint32_t i)
{
	uint32_t intid = v->vgic.lr_intid[i];
	struct virq *q = virq_of(v, intid);

	v->vgic.lr_used &= ~(1U << i);
	v->vgic.lr_eoi &= ~(1U << i);
	q->flags &= (uint16_t) ~(VIRQ_IN_LR | VIRQ_RECALL | VIRQ_WAIT);
	if (!(q->flags & VIRQ_LATCH)) {
		q->flags &= (uint16_t)~VIRQ_HW; /* the guest's end deactivated it physically */
	}
	if (q->target != q->next_target) {
		virq_retarget(v, intid, q);
		virq_changed(virq_target(v, intid, q), intid, q);
	} else {
		(void)virq_update(v, intid, q);
	}
}

static void release_empty(struct vcpu *v)
{
	uint32_t empty = v->vgic.lr_used ? v->vgic.lr_used & arch_lr_empty() : 0;

	for (uint32_t n = 0; n < LRS_MAX && empty; n++, empty &= empty - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(empty);

		if (v->vgic.lr_eoi & (1U << i)) {
			arch_lr_write(i, (struct lr){0}); /* ends its maintenance request */
		}
		lr_release(v, i);
	}
}

static void lr_set(struct vcpu *v, uint32_t i, struct lr lr)
{
	if (lr.eoi) {
		v->vgic.lr_eoi |= 1U << i;
	}
	arch_lr_write(i, lr);
}

/* Take what is pending, but not yet active, out of list register i: back into the latch. */
static void lr_withdraw(struct vcpu *v, uint32_t i)
{
	struct lr lr = arch_lr_read(i);
	struct virq *q = virq_of(v, lr.intid);
	bool recalled = q->flags & VIRQ_RECALL; /* GICD_ICPENDR: it is not to come again */

	q->flags &= (uint16_t)~VIRQ_RECALL;
	if (!(lr.state & LR_PENDING)) {
		return;
	}
	if (!recalled && lr.intid < SGIS) {
		v->vgic.sgi_sources[lr.intid] |= (uint8_t)(1U << lr.source);
	}
	if (!recalled && (q->flags & (VIRQ_EDGE | VIRQ_HW))) {
		q->flags |= VIRQ_LATCH;
	}
	lr.state &= (uint8_t)~LR_PENDING;
	if (lr.state == LR_EMPTY) {
		arch_lr_write(i, (struct lr){0});
		lr_release(v, i);
	} else {
		lr_set(v, i, lr);
		(void)virq_update(v, lr.intid, q);
	}
}

/* Withdraw the listed interrupts that were disabled or recalled since, or all of them. */
static void withdraw(struct vcpu *v, bool all)
{
	uint32_t used = v->vgic.lr_used;

	v->vgic.recall = false;
	for (uint32_t n = 0; n < LRS_MAX && used; n++, used &= used - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(used);
		uint32_t flags = virq_of(v, v->vgic.lr_intid[i])->flags;

		if (all || !(flags & VIRQ_ENABLED) || (flags & VIRQ_RECALL)) {
			lr_withdraw(v, i);
		}
	}
}

/* Take the source of SGI @sgi that goes next; its latch stays while another source waits. */
static uint8_t sgi_take_source(struct vcpu *v, uint32_t sgi, struct virq *q)
{
	uint8_t sources = v->vgic.sgi_sources[sgi];
	uint8_t source = (uint8_t)__builtin_ctz(sources);

	sources &= (uint8_t)(sources - 1);
	v->vgic.sgi_sources[sgi] = sources;
	if (!sources) {
		q->flags &= (uint16_t)~VIRQ_LATCH;
	}
	return source;
}

/* Interrupt @intid is latched again while it stands in a list register. */
static void lr_pend_again(struct vcpu *v, uint32_t intid, struct virq *q)
{
	struct lr lr = arch_lr_read(q->lr);

	if (q->flags & VIRQ_HW) {
		q->flags |= VIRQ_WAIT; /* its physical interrupt cannot come before its end */
		return;
	}
	if (intid < SGIS && v->vgic.sgi_sources[intid] != (1U << lr.source)) {
		/* Another sender's: it waits for the end of this one, and is told of it. */
		q->flags |= VIRQ_WAIT;
		lr.eoi = true;
	} else {
		if (intid < SGIS) {
			v->vgic.sgi_sources[intid] = 0;
		}
		lr.state |= LR_PENDING;
		q->flags &= (uint16_t)~VIRQ_LATCH;
	}
	lr_set(v, q->lr, lr);
}

static void lr_fill(struct vcpu *v, uint32_t i, uint32_t intid, struct virq *q, bool crowded)
{
	struct lr lr = {
		.intid = (uint16_t)intid,
		.priority = q->priority,
		.state = LR_PENDING,
		.hw = q->flags & VIRQ_HW,
	};

	if (intid < SGIS) {
		lr.source = sgi_take_source(v, intid, q);
	} else {
		q->flags &= (uint16_t)~VIRQ_LATCH;
	}
	if (q->flags & VIRQ_LATCH) {
		q->flags |= VIRQ_WAIT; /* an SGI of another source */
	}
	/* The end of a level-sensitive one may find its line still high; when there are more
	 * interrupts than list registers, each end makes room. */
	lr.eoi = !lr.hw && (crowded || !(q->flags & VIRQ_EDGE) || (q->flags & VIRQ_WAIT));
	q->flags |= VIRQ_IN_LR;
	q->lr = i & 15U;
	v->vgic.lr_used |= 1U << i;
	v->vgic.lr_intid[i] = (uint16_t)intid;
	lr_set(v, i, lr);
}

/* The ready interrupt of the best priority, the lowest number among equals. One is ready. */
static uint32_t best_ready(struct vcpu *v)
{
	uint32_t words = v->vgic.ready_words;
	uint32_t best = 0;
	uint32_t best_priority = UINT32_MAX;

	for (uint32_t m = 0; m < VIRQ_WORDS && words; m++, words &= words - 1) {
		uint32_t w = (uint32_t)__builtin_ctz(words);
		uint32_t bits = v->vgic.ready[w];

		for (uint32_t n = 0; n < 32 && bits; n++, bits &= bits - 1) {
			uint32_t intid = w * 32 + (uint32_t)__builtin_ctz(bits);
			uint32_t priority = virq_of(v, intid)->priority;

			if (priority < best_priority) {
				best = intid;
				best_priority = priority;
			}
		}
	}
	return best;
}

/* Fill the free list registers by priority. False: interrupts are left over. */
static bool fill(struct vcpu *v, bool crowded)
{
	/* Each turn takes one interrupt out of `ready`, or ends. */
	for (uint32_t n = 0; n < PV_VIRQS && v->vgic.ready_words; n++) {
		uint32_t intid = best_ready(v);
		struct virq *q = virq_of(v, intid);
		uint32_t free = kernel.lr_mask & ~v->vgic.lr_used;

		if (q->flags & VIRQ_IN_LR) {
			lr_pend_again(v, intid, q);
		} else if (free) {
			lr_fill(v, (uint32_t)__builtin_ctz(free), intid, q, crowded);
		} else {
			return false;
		}
		(void)virq_update(v, intid, q);
	}
	return true;
}

static void flush_locked(struct vcpu *v)
{
	bool enabled = vcpu_domain(v)->vgic_enabled;
	bool crowded = false;

	release_empty(v);
	if (v->vgic.recall || !enabled) {
		withdraw(v, !enabled);
	}
	if (enabled && !fill(v, false)) {
		/* More than fit: the best of all, listed or not, come first. */
		crowded = true;
		withdraw(v, true);
		(void)fill(v, true);
	}
	if (crowded != v->vgic.crowded) {
		v->vgic.crowded = crowded;
		arch_lr_notify_underflow(crowded);
	}
	v->vgic.dirty = false; /* whoever sets it holds the lock */
}

void vgic_flush(struct vcpu *v)
{
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	flush_locked(v);
	lock_release(&d->lock);
}

bool vgic_has_pending_locked(struct vcpu *v)
{
	if (!vcpu_domain(v)->vgic_enabled) {
		return false;
	}
	if (v->vgic.ready_words) {
		return true;
	}
	uint32_t used = v->vgic.lr_used;

	for (uint32_t n = 0; n < LRS_MAX && used; n++, used &= used - 1) {
		if (arch_lr_read((uint32_t)__builtin_ctz(used)).state & LR_PENDING) {
			return true;
		}
	}
	return false;
}

void vgic_drop(struct vcpu *v)
{
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	v->vgic.crowded = false;
	v->vgic.private[VIRQ_TIMER].flags &= (uint16_t) ~(VIRQ_HW | VIRQ_LATCH);
	for (uint32_t i = 0; i < LRS_MAX; i++) {
		if (v->vgic.lr_used & (1U << i)) {
			lr_release(v, i);
		}
	}
	lock_release(&d->lock);
}

void vgic_sync(struct vcpu *v)
{
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	release_empty(v);
	lock_release(&d->lock);
}
