/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of virtual interrupts. Callers: system calls (the VMM's distributor), doorbells, the
 * timer. What they leave in `ready` the exit path moves into list registers (vgic_lr.c).
 */
#include "kernel/core/vgic.h"

#include "kernel/core/arch.h"
#include "kernel/core/line.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic_state.h"

/* The CPU of @holder has to fold what it lists. */
static void vgic_recall_locked(struct vcpu *holder)
{
	lock_assert_held(&holder->domain->lock);
	vcpu_dirty_locked(holder);
	__atomic_store_n(&holder->vgic.dirty, VGIC_DIRTY, __ATOMIC_RELAXED);
}

void virq_changed(struct vcpu *v, uint32_t intid, const struct virq *q)
{
	struct vcpu *t = virq_vcpu(v, intid, q->target);

	if (virq_wants_lr(q)) {
		virq_set_ready(&t->vgic.ready, intid, q);
		if (t->domain->vgic_enabled) {
			vgic_notify_locked(t, VGIC_DIRTY);
		}
		return;
	}
	virq_clear_ready(&t->vgic.ready, intid, q);
	if (q->flags & VIRQ_IN_LR) {
		vgic_recall_locked(virq_vcpu(v, intid, q->holder));
	}
}

void virq_end(struct vcpu *v, uint32_t intid, struct virq *q, bool deactivated)
{
	v->counters[PV_COUNTER_INTERRUPTS]++;
	q->flags &= (uint16_t)~VIRQ_ACTIVE;
	if (intid == VIRQ_TIMER && (q->flags & VIRQ_LINE)) {
		q->flags &= (uint16_t)~VIRQ_LINE; /* if it is still high it comes again */
		if (!deactivated && vcpu_is_loaded_here(v)) {
			arch_timer_end();
		}
	}
	if (deactivated) {
		q->flags &= (uint16_t)~VIRQ_PASSED;
	} else if (q->flags & VIRQ_PASSED) {
		line_change_locked(v, intid, q);
	}
}

/* See that the flags of @q, seen from @v, say all. */
static err_t take_back_locked(struct vcpu *v, uint32_t intid, struct virq *q)
{
	lock_assert_held(&v->domain->lock);
	struct vcpu *holder = virq_vcpu(v, intid, q->holder);

	if ((q->flags & VIRQ_IN_LR) || holder->vgic.counting) {
		if (vcpu_is_loaded_here(holder)) {
			vgic_fold_locked(holder);
		} else if (!(q->flags & VIRQ_HELD) || holder->vgic.dirty) {
			q->flags |= VIRQ_HELD;
			virq_changed(v, intid, q);
			vgic_recall_locked(holder);
			return ERR_AGAIN;
		}
	}
	if (q->flags & VIRQ_HELD) {
		q->flags &= (uint16_t)~VIRQ_HELD;
		virq_changed(v, intid, q);
	}
	return OK;
}

void vgic_reset_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	d->vgic_enabled = false;
	/* All start disabled, level-sensitive but for SGIs, aimed at vCPU 0. */
	for (uint32_t n = 0; n < VIRQ_SPIS; n++) {
		d->spis[n] = (struct virq){.flags = d->spis[n].flags & VIRQ_PASSED};
	}
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		struct vgic_cpu *g = &d->vcpus[n].vgic;

		__builtin_memset(g, 0, sizeof(*g));
		for (uint32_t i = 0; i < SGIS; i++) {
			g->private[i].flags = VIRQ_EDGE;
		}
	}
	line_reset_locked(d);
}

err_t vgic_configure_locked(struct vcpu *v, uint32_t intid, uint64_t configuration)
{
	lock_assert_held(&v->domain->lock);
	const uint64_t known = PV_VIRQ_ENABLED | PV_VIRQ_EDGE |
	                       (0xffULL << PV_VIRQ_PRIORITY_SHIFT) |
	                       (0xffULL << PV_VIRQ_TARGET_SHIFT);
	uint8_t target = (uint8_t)(configuration >> PV_VIRQ_TARGET_SHIFT);

	if (intid >= PV_VIRQS || target >= v->domain->vcpu_count) {
		return ERR_RANGE;
	}
	if (configuration & ~known) {
		return ERR_ARG;
	}
	struct virq *q = virq_of(v, intid);
	err_t err = take_back_locked(v, intid, q);

	if (err) {
		return err;
	}
	uint16_t flags = (uint16_t)(q->flags & ~(VIRQ_ENABLED | VIRQ_EDGE | VIRQ_ROUTED));

	if (configuration & PV_VIRQ_ENABLED) {
		flags |= VIRQ_ENABLED;
	}
	if ((configuration & PV_VIRQ_EDGE) || intid < SGIS) {
		flags |= VIRQ_EDGE;
	}
	virq_clear_ready(&virq_vcpu(v, intid, q->target)->vgic.ready, intid, q);
	q->target = target & 3U;
	q->priority = (uint8_t)(configuration >> PV_VIRQ_PRIORITY_SHIFT);
	q->flags = flags;
	virq_changed(v, intid, q);
	line_change_locked(v, intid, q);
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
		q->flags &= (uint16_t)~VIRQ_LATCH;
	}
}

/* What each operation does to the flags: clear, then set. What only adds needs no recall: it
 * meets what the list register says when that is folded. */
static const struct {
	uint8_t clear;
	uint8_t set;
	bool recall;
	bool sgi; /* an SGI knows it */
} virq_ops[PV_VIRQ_OP_COUNT] = {
	[PV_VIRQ_OP_PEND] = {0, VIRQ_LATCH, false, true},
	[PV_VIRQ_OP_UNPEND] = {VIRQ_LATCH, 0, true, true},
	[PV_VIRQ_OP_LINE_HIGH] = {0, VIRQ_LINE, false, false},
	[PV_VIRQ_OP_LINE_LOW] = {VIRQ_LINE, 0, false, false},
	[PV_VIRQ_OP_ACTIVATE] = {0, VIRQ_ACTIVE, true, true},
	[PV_VIRQ_OP_DEACTIVATE] = {VIRQ_ACTIVE, 0, true, true},
};

err_t vgic_operate_locked(struct vcpu *v, uint32_t intid, uint64_t op)
{
	lock_assert_held(&v->domain->lock);
	uint32_t source = intid >> PV_SGI_SOURCE_SHIFT;
	bool latch = op == PV_VIRQ_OP_PEND || op == PV_VIRQ_OP_UNPEND;

	intid &= (1U << PV_SGI_SOURCE_SHIFT) - 1;
	if (intid >= PV_VIRQS || source >= (intid < SGIS ? v->domain->vcpu_count : 1)) {
		return ERR_RANGE;
	}
	if (op >= PV_VIRQ_OP_COUNT || (intid < SGIS && !virq_ops[op].sgi)) {
		return ERR_ARG;
	}
	struct virq *q = virq_of(v, intid);
	err_t err = virq_ops[op].recall ? take_back_locked(v, intid, q) : OK;

	if (err) {
		return err;
	}
	if (intid < SGIS && latch) {
		sgi_latch(v, intid, source, op == PV_VIRQ_OP_PEND);
	} else if (op == PV_VIRQ_OP_DEACTIVATE && (q->flags & VIRQ_ACTIVE)) {
		virq_end(v, intid, q, false);
	} else {
		q->flags = (uint16_t)((q->flags & ~virq_ops[op].clear) | virq_ops[op].set);
	}
	virq_changed(v, intid, q);
	if (q->flags & VIRQ_PASSED) {
		line_change_locked(v, intid, q);
	}
	return OK;
}

err_t vgic_state_locked(struct vcpu *v, uint32_t intid, uint64_t *state)
{
	lock_assert_held(&v->domain->lock);
	if (intid >= PV_VIRQS) {
		return ERR_RANGE;
	}
	struct virq *q = virq_of(v, intid);
	err_t err = take_back_locked(v, intid, q);

	if (err) {
		return err;
	}
	uint32_t flags = q->flags;
	bool pending = (flags & VIRQ_LATCH) || (flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE;
	uint64_t sources = intid < SGIS ? v->vgic.sgi_sources[intid] : 0;

	*state = ((flags & VIRQ_ENABLED) ? PV_VIRQ_ENABLED : 0) |
	         ((flags & VIRQ_EDGE) ? PV_VIRQ_EDGE : 0) | (pending ? PV_VIRQ_PENDING : 0) |
	         ((flags & VIRQ_ACTIVE) ? PV_VIRQ_ACTIVE : 0) |
	         (uint64_t)q->priority << PV_VIRQ_PRIORITY_SHIFT |
	         (uint64_t)q->target << PV_VIRQ_TARGET_SHIFT | sources << PV_VIRQ_SOURCES_SHIFT;
	return OK;
}

void vgic_enable_locked(struct domain *d, bool on)
{
	lock_assert_held(&d->lock);
	d->vgic_enabled = on;
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		vgic_notify_locked(&d->vcpus[n], VGIC_DIRTY);
	}
}

void vgic_pend_spi_locked(struct domain *d, uint32_t intid)
{
	lock_assert_held(&d->lock);
	struct virq *q = &d->spis[intid - VIRQ_PRIVATE];
	uint32_t flags = q->flags;

	if (flags & VIRQ_LATCH) {
		return; /* a storm of the same ends here */
	}
	q->flags = (uint16_t)(flags | VIRQ_LATCH);
	if ((flags & (VIRQ_ENABLED | VIRQ_ACTIVE | VIRQ_HELD)) != VIRQ_ENABLED) {
		return;
	}
	/* The path of every virtqueue: as virq_changed(), but it says what has changed. */
	uint32_t number = (flags & VIRQ_IN_LR) ? q->holder : q->target;
	struct vcpu *t = &d->vcpus[number];

	if (!(flags & VIRQ_IN_LR)) {
		virq_set_ready(&t->vgic.ready, intid, q);
	}
	if (d->vgic_enabled) {
		vgic_notify_locked(t, intid);
	}
}

void vgic_pend_timer(struct vcpu *v)
{
	struct virq *q = &v->vgic.private[VIRQ_TIMER];
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	/* What is listed is the one before: its end let this one come. Or it was not the line's. */
	if (q->flags & VIRQ_IN_LR) {
		vgic_fold_locked(v);
	}
	q->flags |= VIRQ_LINE;
	virq_changed(v, VIRQ_TIMER, q);
	lock_release(&d->lock);
}

bool vgic_timer_in_flight(const struct vcpu *v)
{
	return v->vgic.private[VIRQ_TIMER].flags & VIRQ_LINE;
}
