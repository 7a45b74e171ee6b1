/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts. Callers: system calls (the VMM's distributor), doorbells, the timer, and
 * the exit path, which flushes what they left into the list registers.
 */
#include "kernel/core/vgic.h"

#include "kernel/core/arch.h"
#include "kernel/core/sched.h"

static struct virq *virq_of(struct vcpu *v, uint32_t intid)
{
	if (intid < VIRQ_PRIVATE) {
		return &v->vgic.private[intid];
	}
	return &vcpu_domain(v)->spis[intid - VIRQ_PRIVATE];
}

/* The vCPU that interrupt @intid, as seen from @v, goes to. */
static struct vcpu *target_of(struct vcpu *v, uint32_t intid)
{
	if (intid < VIRQ_PRIVATE) {
		return v;
	}
	const struct domain *d = vcpu_domain(v);

	return &kernel.vcpus[d->vcpu_first + d->spis[intid - VIRQ_PRIVATE].target];
}

static bool virq_wants_lr(const struct virq *q)
{
	if (!(q->flags & VIRQ_ENABLED)) {
		return false;
	}
	if (q->flags & VIRQ_LATCH) {
		return true; /* in a list register too: it has to become pending again there */
	}
	return (q->flags & VIRQ_LINE) && !(q->flags & (VIRQ_EDGE | VIRQ_IN_LR | VIRQ_ACTIVE));
}

/* Restore the invariant of `ready` for one interrupt of @t; tell @t's CPU what is new. */
static void virq_changed(struct vcpu *t, uint32_t intid, const struct virq *q)
{
	struct vgic_cpu *g = &t->vgic;
	uint32_t bit = 1U << (intid % 32);

	if (virq_wants_lr(q)) {
		g->ready[intid / 32] |= bit;
		if (vcpu_domain(t)->vgic_enabled) {
			g->dirty = true;
			sched_interrupt_locked(t);
		}
	} else {
		g->ready[intid / 32] &= ~bit;
	}
	if ((q->flags & VIRQ_RECALL) || ((q->flags & VIRQ_IN_LR) && !(q->flags & VIRQ_ENABLED))) {
		g->dirty = true; /* it may have to leave its list register */
		sched_poke(t);
	}
}

void vgic_init(struct domain *d)
{
	/* SGIs are always enabled at reset in GICv2's optional sense; Linux enables them itself,
	 * so all start disabled, level-sensitive, target vCPU 0. SGIs are edge-triggered. */
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX; n++) {
		if (n >= d->vcpu_count) {
			break;
		}
		struct vgic_cpu *g = &kernel.vcpus[d->vcpu_first + n].vgic;

		for (uint32_t i = 0; i < SGIS; i++) {
			g->private[i].flags = VIRQ_EDGE;
		}
	}
}

/* Interrupt @intid, in no list register, moves to the vCPU that it was last aimed at. */
static void retarget(struct vcpu *v, uint32_t intid, struct virq *q)
{
	target_of(v, intid)->vgic.ready[intid / 32] &= ~(1U << (intid % 32));
	if (intid >= VIRQ_PRIVATE) {
		q->target = q->next_target;
	}
}

err_t vgic_configure_locked(struct vcpu *v, uint32_t intid, uint64_t configuration)
{
	const uint64_t known = PV_VIRQ_ENABLED | PV_VIRQ_EDGE |
	                       (0xffULL << PV_VIRQ_PRIORITY_SHIFT) |
	                       (0xffULL << PV_VIRQ_TARGET_SHIFT);
	uint8_t target = (uint8_t)(configuration >> PV_VIRQ_TARGET_SHIFT);

	if (intid >= PV_VIRQS || target >= vcpu_domain(v)->vcpu_count) {
		return ERR_RANGE;
	}
	if (configuration & ~known) {
		return ERR_ARG;
	}
	struct virq *q = virq_of(v, intid);
	uint8_t flags = (uint8_t)(q->flags & ~(VIRQ_ENABLED | VIRQ_EDGE));

	if (configuration & PV_VIRQ_ENABLED) {
		flags |= VIRQ_ENABLED;
	}
	if ((configuration & PV_VIRQ_EDGE) || intid < SGIS) {
		flags |= VIRQ_EDGE;
	}
	q->next_target = target & 15U;
	q->priority = (uint8_t)(configuration >> PV_VIRQ_PRIORITY_SHIFT);
	q->flags = flags;
	if (!(q->flags & VIRQ_IN_LR)) {
		retarget(v, intid, q);
	}
	virq_changed(target_of(v, intid), intid, q);
	return OK;
}

/* PV_VIRQ_OP_PEND and _UNPEND of an SGI: each source is pending by itself (IHI 0048B 4.3.15). */
static void sgi_latch(struct vcpu *v, uint32_t sgi, uint32_t source, bool on)
{
	struct virq *q = &v->vgic.private[sgi];
	uint8_t bit = (uint8_t)(1U << source);

	if (on) {
		v->vgic.sgi_sources[sgi] |= bit;
	} else {
		v->vgic.sgi_sources[sgi] &= (uint8_t)~bit;
	}
	if (v->vgic.sgi_sources[sgi]) {
		q->flags |= VIRQ_LATCH;
	} else {
		q->flags &= (uint8_t)~VIRQ_LATCH;
	}
	virq_changed(v, sgi, q);
}

static err_t sgi_operate(struct vcpu *v, uint32_t intid, uint64_t op)
{
	uint32_t source = intid >> PV_SGI_SOURCE_SHIFT;
	uint32_t sgi = intid & ((1U << PV_SGI_SOURCE_SHIFT) - 1);

	if (sgi >= SGIS || source >= vcpu_domain(v)->vcpu_count) {
		return ERR_RANGE;
	}
	if (op != PV_VIRQ_OP_PEND && op != PV_VIRQ_OP_UNPEND) {
		return ERR_ARG;
	}
	sgi_latch(v, sgi, source, op == PV_VIRQ_OP_PEND);
	return OK;
}

/* What each operation does to the flags: clear, then set. */
static const struct {
	uint8_t clear;
	uint8_t set;
} virq_ops[PV_VIRQ_OP_COUNT] = {
	[PV_VIRQ_OP_PEND] = {0,           VIRQ_LATCH },
          [PV_VIRQ_OP_UNPEND] = {VIRQ_LATCH,  0          },
	[PV_VIRQ_OP_LINE_HIGH] = {0,           VIRQ_LINE  },
          [PV_VIRQ_OP_LINE_LOW] = {VIRQ_LINE,   0          },
	[PV_VIRQ_OP_ACTIVATE] = {0,           VIRQ_ACTIVE},
          [PV_VIRQ_OP_DEACTIVATE] = {VIRQ_ACTIVE, 0          },
};

err_t vgic_operate_locked(struct vcpu *v, uint32_t intid, uint64_t op)
{
	if (intid >= PV_VIRQS || intid < SGIS) {
		return sgi_operate(v, intid, op);
	}
	if (op >= PV_VIRQ_OP_COUNT) {
		return ERR_ARG;
	}
	struct virq *q = virq_of(v, intid);

	if ((q->flags & VIRQ_HW) && op == PV_VIRQ_OP_UNPEND) {
		return OK; /* the physical line is still high: it stays pending */
	}
	q->flags = (uint8_t)((q->flags & ~virq_ops[op].clear) | virq_ops[op].set);
	if (op == PV_VIRQ_OP_UNPEND && (q->flags & VIRQ_IN_LR)) {
		q->flags |= VIRQ_RECALL;
	}
	virq_changed(target_of(v, intid), intid, q);
	return OK;
}

err_t vgic_state_locked(struct vcpu *v, uint32_t intid, uint64_t *state)
{
	if (intid >= PV_VIRQS) {
		return ERR_RANGE;
	}
	const struct virq *q = virq_of(v, intid);
	bool level = !(q->flags & VIRQ_EDGE) && (q->flags & VIRQ_LINE);
	bool pending = (q->flags & VIRQ_LATCH) || level;
	bool active = q->flags & VIRQ_ACTIVE;

	/* What stands in a list register of another CPU is not read: it counts as neither. */
	if ((q->flags & VIRQ_IN_LR) && sched_loaded_here(target_of(v, intid))) {
		uint8_t lr = arch_lr_read(q->lr).state;

		pending = pending || (lr & LR_PENDING);
		active = active || (lr & LR_ACTIVE);
	}
	*state = ((q->flags & VIRQ_ENABLED) ? PV_VIRQ_ENABLED : 0) |
	         ((q->flags & VIRQ_EDGE) ? PV_VIRQ_EDGE : 0) | (pending ? PV_VIRQ_PENDING : 0) |
	         (active ? PV_VIRQ_ACTIVE : 0) | ((uint64_t)q->priority << PV_VIRQ_PRIORITY_SHIFT) |
	         ((uint64_t)q->target << PV_VIRQ_TARGET_SHIFT);
	return OK;
}

void vgic_enable_locked(struct domain *d, bool on)
{
	d->vgic_enabled = on;
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX; n++) {
		if (n < d->vcpu_count) {
			struct vcpu *v = &kernel.vcpus[d->vcpu_first + n];

			v->vgic.dirty = true;
			sched_interrupt_locked(v);
		}
	}
}

void vgic_pend_spi_locked(struct domain *d, uint32_t intid)
{
	struct virq *q = &d->spis[intid - VIRQ_PRIVATE];

	q->flags |= VIRQ_LATCH;
	virq_changed(&kernel.vcpus[d->vcpu_first + q->target], intid, q);
}

void vgic_pend_timer(struct vcpu *v)
{
	struct virq *q = &v->vgic.private[VIRQ_TIMER];
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	q->flags |= VIRQ_LATCH | VIRQ_HW;
	virq_changed(v, VIRQ_TIMER, q);
	lock_release(&d->lock);
}

bool vgic_timer_in_flight(const struct vcpu *v)
{
	return v->vgic.private[VIRQ_TIMER].flags & VIRQ_HW;
}

/* List register i of @v holds nothing any more. */
static void lr_release(struct vcpu *v, uint32_t i)
{
	uint32_t intid = v->vgic.lr_intid[i];
	struct virq *q = virq_of(v, intid);

	v->vgic.lr_used &= ~(1U << i);
	q->flags &= (uint8_t) ~(VIRQ_IN_LR | VIRQ_RECALL);
	if (!(q->flags & VIRQ_LATCH)) {
		q->flags &= (uint8_t)~VIRQ_HW; /* the guest's end deactivated it physically */
	}
	retarget(v, intid, q);
	virq_changed(target_of(v, intid), intid, q);
}

static void release_empty(struct vcpu *v)
{
	uint32_t empty = v->vgic.lr_used & arch_lr_empty();

	for (uint32_t i = 0; i < LRS_MAX; i++) {
		if (empty & (1U << i)) {
			arch_lr_write(i, (struct lr){0}); /* ends its maintenance request */
			lr_release(v, i);
		}
	}
}

/* Take what is pending, but not yet active, out of list register i: back into the latch. */
static void lr_withdraw(struct vcpu *v, uint32_t i)
{
	struct lr lr = arch_lr_read(i);
	struct virq *q = virq_of(v, lr.intid);
	bool recalled = q->flags & VIRQ_RECALL; /* GICD_ICPENDR: it is not to come again */

	q->flags &= (uint8_t)~VIRQ_RECALL;
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
		arch_lr_write(i, lr);
		if (virq_wants_lr(q)) {
			v->vgic.ready[lr.intid / 32] |= 1U << (lr.intid % 32);
		}
	}
}

/* Withdraw the listed interrupts that were disabled or recalled since, or all of them. */
static void withdraw(struct vcpu *v, bool all)
{
	for (uint32_t i = 0; i < LRS_MAX; i++) {
		if (!(v->vgic.lr_used & (1U << i))) {
			continue;
		}
		uint8_t flags = virq_of(v, v->vgic.lr_intid[i])->flags;

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
		q->flags &= (uint8_t)~VIRQ_LATCH;
	}
	return source;
}

/* Interrupt @intid is latched again while it stands in a list register. */
static void lr_pend_again(struct vcpu *v, uint32_t intid, struct virq *q)
{
	struct lr lr = arch_lr_read(q->lr);

	if (intid < SGIS && v->vgic.sgi_sources[intid] != (1U << lr.source)) {
		/* Another sender's: it waits for the end of this one, and is told of it. */
		lr.eoi = true;
	} else if (q->flags & VIRQ_HW) {
		return; /* its physical interrupt is still active: it cannot have come again */
	} else {
		if (intid < SGIS) {
			v->vgic.sgi_sources[intid] = 0;
		}
		lr.state |= LR_PENDING;
		q->flags &= (uint8_t)~VIRQ_LATCH;
	}
	arch_lr_write(q->lr, lr);
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
		q->flags &= (uint8_t)~VIRQ_LATCH;
	}
	/* The end of a level-sensitive one may find its line still high; when there are more
	 * interrupts than list registers, each end makes room. */
	lr.eoi = !lr.hw && (crowded || !(q->flags & VIRQ_EDGE) || (q->flags & VIRQ_LATCH));
	arch_lr_write(i, lr);
	q->flags |= VIRQ_IN_LR;
	q->lr = i & 15U;
	v->vgic.lr_used |= 1U << i;
	v->vgic.lr_intid[i] = (uint16_t)intid;
}

/* The ready interrupt of the best priority, the lowest number among equals; NONE. */
static uint32_t best_of(struct vcpu *v, const uint32_t ready[VIRQ_WORDS])
{
	uint32_t best = NONE;
	uint32_t best_priority = 256;

	for (uint32_t w = 0; w < VIRQ_WORDS; w++) {
		uint32_t bits = ready[w];

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
	uint32_t all = (1U << arch_lr_count()) - 1;
	uint32_t ready[VIRQ_WORDS];

	for (uint32_t w = 0; w < VIRQ_WORDS; w++) {
		ready[w] = v->vgic.ready[w];
	}
	for (uint32_t n = 0; n < PV_VIRQS; n++) {
		uint32_t intid = best_of(v, ready);

		if (intid == NONE) {
			return true;
		}
		struct virq *q = virq_of(v, intid);
		uint32_t free = all & ~v->vgic.lr_used;

		ready[intid / 32] &= ~(1U << (intid % 32));
		if (q->flags & VIRQ_ACTIVE) {
			continue; /* it waits for GICD_ICACTIVER */
		}
		if (q->flags & VIRQ_IN_LR) {
			lr_pend_again(v, intid, q);
		} else if (free) {
			lr_fill(v, (uint32_t)__builtin_ctz(free), intid, q, crowded);
		} else {
			return false;
		}
		if (!virq_wants_lr(q)) {
			v->vgic.ready[intid / 32] &= ~(1U << (intid % 32));
		}
	}
	return true;
}

void vgic_flush(struct vcpu *v)
{
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	release_empty(v);
	withdraw(v, !d->vgic_enabled);
	bool crowded = false;

	if (d->vgic_enabled && !fill(v, false)) {
		/* More than fit: the best of all, listed or not, come first. */
		crowded = true;
		withdraw(v, true);
		(void)fill(v, true);
	}
	arch_lr_notify_underflow(crowded);
	v->vgic.dirty = false; /* whoever sets it holds the lock */
	lock_release(&d->lock);
}

bool vgic_has_pending_locked(struct vcpu *v)
{
	if (!vcpu_domain(v)->vgic_enabled) {
		return false;
	}
	for (uint32_t w = 0; w < VIRQ_WORDS; w++) {
		if (v->vgic.ready[w]) {
			return true;
		}
	}
	for (uint32_t i = 0; i < LRS_MAX; i++) {
		if ((v->vgic.lr_used & (1U << i)) && (arch_lr_read(i).state & LR_PENDING)) {
			return true;
		}
	}
	return false;
}

void vgic_drop(struct vcpu *v)
{
	struct domain *d = vcpu_domain(v);

	lock_acquire(&d->lock);
	v->vgic.private[VIRQ_TIMER].flags &= (uint8_t) ~(VIRQ_HW | VIRQ_LATCH);
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
