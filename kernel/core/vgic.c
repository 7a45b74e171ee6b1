/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of virtual interrupts. Callers: system calls (the VMM's distributor), doorbells, the
 * timer. What they leave in `ready` the exit path moves into list registers (vgic_lr.c).
 */
#include "kernel/core/vgic.h"

#include "kernel/core/arch.h"
#include "kernel/core/sched.h"
#include "kernel/core/vgic_state.h"

void virq_changed(struct vcpu *t, uint32_t intid, const struct virq *q)
{
	if (virq_update(t, intid, q) && t->domain->vgic_enabled) {
		sched_interrupt_locked(t);
	}
	if ((q->flags & VIRQ_RECALL) || ((q->flags & VIRQ_IN_LR) && !(q->flags & VIRQ_ENABLED))) {
		t->vgic.recall = true;
		sched_dirty_locked(t);
	}
}

void virq_retarget(struct vcpu *v, uint32_t intid, struct virq *q)
{
	if (intid >= VIRQ_PRIVATE && q->target != q->next_target) {
		struct vgic_cpu *old = &virq_target(v, intid, q)->vgic;

		old->ready[intid / 32] &= ~(1U << (intid % 32));
		if (!old->ready[intid / 32]) {
			old->ready_words &= ~(1U << intid / 32);
		}
		q->target = q->next_target;
	}
}

void vgic_init(struct domain *d)
{
	/* All start disabled, level-sensitive but for SGIs, aimed at vCPU 0. */
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

err_t vgic_configure_locked(struct vcpu *v, uint32_t intid, uint64_t configuration)
{
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
	uint16_t flags = (uint16_t)(q->flags & ~(VIRQ_ENABLED | VIRQ_EDGE));

	if (configuration & PV_VIRQ_ENABLED) {
		flags |= VIRQ_ENABLED;
	}
	if ((configuration & PV_VIRQ_EDGE) || intid < SGIS) {
		flags |= VIRQ_EDGE;
	}
	q->next_target = target & 3U;
	q->priority = (uint8_t)(configuration >> PV_VIRQ_PRIORITY_SHIFT);
	q->flags = flags;
	struct vcpu *t = virq_target(v, intid, q);

	if (q->flags & VIRQ_IN_LR) {
		/* Once it has ended it is no longer what its list register says; one that is not
		 * yet acknowledged moves to its new target at once. */
		t->vgic.lr_due |= 1U << q->lr;
		t->vgic.recall = t->vgic.recall || q->target != q->next_target;
		sched_dirty_locked(t);
	} else {
		virq_retarget(v, intid, q);
		t = virq_target(v, intid, q);
	}
	virq_changed(t, intid, q);
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
	virq_changed(v, sgi, q);
}

static err_t sgi_operate(struct vcpu *v, uint32_t intid, uint64_t op)
{
	uint32_t source = intid >> PV_SGI_SOURCE_SHIFT;
	uint32_t sgi = intid & ((1U << PV_SGI_SOURCE_SHIFT) - 1);

	if (sgi >= SGIS || source >= v->domain->vcpu_count) {
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
	q->flags = (uint16_t)((q->flags & ~virq_ops[op].clear) | virq_ops[op].set);
	if (op == PV_VIRQ_OP_UNPEND && (q->flags & VIRQ_IN_LR)) {
		q->flags |= VIRQ_RECALL;
	}
	virq_changed(virq_target(v, intid, q), intid, q);
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
	if ((q->flags & VIRQ_IN_LR) && sched_loaded_here(virq_target(v, intid, q))) {
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
			sched_interrupt_locked(&kernel.vcpus[d->vcpu_first + n]);
		}
	}
}

void vgic_pend_spi_locked(struct domain *d, uint32_t intid)
{
	struct virq *q = &d->spis[intid - VIRQ_PRIVATE];

	uint32_t flags = q->flags;

	if (flags & VIRQ_LATCH) {
		return; /* a storm of the same ends here */
	}
	q->flags = (uint16_t)(flags | VIRQ_LATCH);
	if ((flags & (VIRQ_ENABLED | VIRQ_ACTIVE | VIRQ_WAIT)) != VIRQ_ENABLED) {
		return; /* as virq_wants_lr() says */
	}
	struct vcpu *t = &kernel.vcpus[d->vcpu_first + q->target];

	virq_set_ready(&t->vgic, intid);
	if (d->vgic_enabled) {
		sched_interrupt_locked(t);
	}
}

void vgic_pend_timer(struct vcpu *v)
{
	struct virq *q = &v->vgic.private[VIRQ_TIMER];
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	q->flags |= VIRQ_LATCH | VIRQ_HW;
	virq_changed(v, VIRQ_TIMER, q);
	lock_release(&d->lock);
}

bool vgic_timer_in_flight(const struct vcpu *v)
{
	return v->vgic.private[VIRQ_TIMER].flags & VIRQ_HW;
}
