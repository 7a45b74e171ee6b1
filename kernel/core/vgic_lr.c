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
	v->vgic.lr_due &= ~(1U << i);
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

/* Release those of @lrs that are empty. */
static RARE void release_empty(struct vcpu *v, uint32_t lrs)
{
	uint32_t empty = lrs & arch_lr_empty();

	for (uint32_t n = 0; n < LRS_MAX && empty; n++, empty &= empty - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(empty);

		if (v->vgic.lr_due & (1U << i)) {
			arch_lr_write(i, (struct lr){0}); /* ends its maintenance request */
		}
		lr_release(v, i);
	}
}

static void lr_set(struct vcpu *v, uint32_t i, struct lr lr)
{
	/* Its end is told, or lets the physical interrupt come again. Another one may stay listed
	 * when it is empty: it is most often the next to be pending. */
	if (lr.eoi || lr.hw) {
		v->vgic.lr_due |= 1U << i;
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

/* Withdraw the listed interrupts that were disabled, recalled or aimed elsewhere since, or all. */
static RARE void withdraw(struct vcpu *v, bool all)
{
	uint32_t used = v->vgic.lr_used;

	v->vgic.recall = false;
	for (uint32_t n = 0; n < LRS_MAX && used; n++, used &= used - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(used);
		const struct virq *q = virq_of(v, v->vgic.lr_intid[i]);

		if (all || !(q->flags & VIRQ_ENABLED) || (q->flags & VIRQ_RECALL) ||
		    q->target != q->next_target) {
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

/* Interrupt @intid is latched again, and its list register is empty: the guest has ended it.
 * False: it is not empty. */
static bool lr_refill(struct vcpu *v, uint32_t intid, struct virq *q, bool crowded)
{
	if (!(arch_lr_empty() & (1U << q->lr))) {
		return false;
	}
	if (q->target != q->next_target) {
		lr_release(v, q->lr);
	} else {
		lr_fill(v, q->lr, intid, q, crowded);
	}
	return true;
}

/* Interrupt @intid is latched again while it stands in a list register. */
static RARE void lr_pend_again(struct vcpu *v, uint32_t intid, struct virq *q)
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

/* The list registers that hold nothing. */
static uint32_t lr_free(struct vcpu *v)
{
	if (!(kernel.lr_mask & ~v->vgic.lr_used)) {
		release_empty(v, v->vgic.lr_used);
	}
	return kernel.lr_mask & ~v->vgic.lr_used;
}

/* Bring ready interrupt @intid into a list register. False: all of them are taken. */
static bool place(struct vcpu *v, uint32_t intid, bool crowded)
{
	struct virq *q = virq_of(v, intid);

	if (q->flags & VIRQ_IN_LR) {
		if (!lr_refill(v, intid, q, crowded)) {
			lr_pend_again(v, intid, q);
		}
	} else {
		uint32_t free = lr_free(v);

		if (!free) {
			return false;
		}
		lr_fill(v, (uint32_t)__builtin_ctz(free), intid, q, crowded);
	}
	(void)virq_update(virq_target(v, intid, q), intid, q);
	return true;
}

/* Place all that are ready: whatever their order, the hardware takes the best first. False: some
 * are left over. */
static bool place_all(struct vcpu *v)
{
	uint32_t words = v->vgic.ready_words;

	for (uint32_t m = 0; m < VIRQ_WORDS && words; m++, words &= words - 1) {
		uint32_t w = (uint32_t)__builtin_ctz(words);
		uint32_t bits = v->vgic.ready[w];

		for (uint32_t n = 0; n < 32 && bits; n++, bits &= bits - 1) {
			if (!place(v, w * 32 + (uint32_t)__builtin_ctz(bits), false)) {
				return false;
			}
		}
	}
	return v->vgic.ready_words == 0;
}

/* Put @intid into @best, the @count best so far by priority; returns how many they are now. */
static uint32_t insert(struct vcpu *v, uint32_t best[LRS_MAX], uint32_t count, uint32_t intid)
{
	uint32_t room = (uint32_t)__builtin_ctz(~kernel.lr_mask);
	uint8_t priority = virq_of(v, intid)->priority;
	uint32_t at = count;

	for (; at > 0 && virq_of(v, best[at - 1])->priority > priority; at--) {
		if (at < room) {
			best[at] = best[at - 1];
		}
	}
	if (at < room) {
		best[at] = intid;
	}
	return count < room ? count + 1 : count;
}

/* Place the best of those that are ready, the lowest numbers among equals: as many as fit. */
static RARE void place_best(struct vcpu *v)
{
	uint32_t best[LRS_MAX] = {0};
	uint32_t count = 0;

	for (uint32_t m = 0; m < VIRQ_WORDS; m++) {
		uint32_t bits = v->vgic.ready[m];

		for (uint32_t n = 0; n < 32 && bits; n++, bits &= bits - 1) {
			uint32_t intid = m * 32 + (uint32_t)__builtin_ctz(bits);

			count = insert(v, best, count, intid);
		}
	}
	for (uint32_t n = 0; n < LRS_MAX && n < count; n++) {
		if (!place(v, best[n], true)) {
			return;
		}
	}
}

/*
 * The path of every virtqueue: one interrupt alone is ready, an edge-triggered SPI with nothing
 * else about it, and the list register that it had before, or another one, is empty. Does what
 * place() would do, in a quarter of the instructions. False: it is something else; nothing is done.
 */
static inline bool place_one(struct vcpu *v)
{
	struct vgic_cpu *g = &v->vgic;
	uint32_t w = (uint32_t)__builtin_ctz(g->ready_words);
	uint32_t bits = g->ready[w];
	uint32_t intid = w * 32 + (uint32_t)__builtin_ctz(bits);

	if ((g->ready_words & (g->ready_words - 1)) || (bits & (bits - 1)) ||
	    intid < VIRQ_PRIVATE) {
		return false;
	}
	struct virq *q = virq_of(v, intid);
	uint32_t free = kernel.lr_mask & ~g->lr_used;
	uint32_t i = q->lr;

	if ((q->flags & ~VIRQ_IN_LR) != (VIRQ_ENABLED | VIRQ_EDGE | VIRQ_LATCH) ||
	    q->target != q->next_target) {
		return false;
	}
	if (!(q->flags & VIRQ_IN_LR)) {
		if (!free) {
			return false;
		}
		i = (uint32_t)__builtin_ctz(free);
		q->lr = i & 15U;
		g->lr_used |= 1U << i;
		g->lr_intid[i] = (uint16_t)intid;
	} else if (!(arch_lr_empty() & (1U << i))) {
		return false;
	}
	q->flags = VIRQ_ENABLED | VIRQ_EDGE | VIRQ_IN_LR;
	g->ready[w] = 0;
	g->ready_words = 0;
	arch_lr_pend(i, intid, q->priority);
	return true;
}

static RARE void flush_locked(struct vcpu *v)
{
	bool enabled = v->domain->vgic_enabled;
	bool crowded = false;

	if (v->vgic.lr_due) {
		release_empty(v, v->vgic.lr_due);
	}
	if (v->vgic.recall || !enabled) {
		withdraw(v, !enabled);
	}
	if (enabled && v->vgic.ready_words && !place_all(v)) {
		/* More than fit: the best of all, listed or not, come first. */
		crowded = true;
		withdraw(v, true);
		place_best(v);
	}
	if (crowded != v->vgic.crowded) {
		v->vgic.crowded = crowded;
		arch_lr_notify_underflow(crowded);
	}
	v->vgic.dirty = false; /* whoever sets it holds the lock */
}

void vgic_flush(struct vcpu *v)
{
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	bool plain = d->vgic_enabled && v->vgic.ready_words && !v->vgic.lr_due && !v->vgic.recall &&
	             !v->vgic.crowded;

	if (plain && place_one(v)) {
		v->vgic.dirty = false;
	} else {
		flush_locked(v);
	}
	lock_release(&d->lock);
}

bool vgic_has_pending_locked(struct vcpu *v)
{
	if (!v->domain->vgic_enabled) {
		return false;
	}
	if (v->vgic.ready_words) {
		return true;
	}
	uint32_t used = v->vgic.lr_used ? v->vgic.lr_used & ~arch_lr_empty() : 0;

	for (uint32_t n = 0; n < LRS_MAX && used; n++, used &= used - 1) {
		if (arch_lr_read((uint32_t)__builtin_ctz(used)).state & LR_PENDING) {
			return true;
		}
	}
	return false;
}

void vgic_withdraw_locked(struct vcpu *v)
{
	withdraw(v, true);
	__atomic_store_n(&v->vgic.dirty, true, __ATOMIC_RELAXED); /* it may be started anew */
}

void vgic_drop(struct vcpu *v)
{
	struct domain *d = v->domain;

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
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	release_empty(v, v->vgic.lr_used);
	lock_release(&d->lock);
}
