/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What vgic.c and vgic_lr.c share: finding an interrupt, and keeping `ready` true.
 */
#ifndef KERNEL_CORE_VGIC_STATE_H
#define KERNEL_CORE_VGIC_STATE_H

#include "kernel/core/vgic.h"

/** Interrupt @intid as seen from @v: its own below 32, else one of its domain. */
static inline struct virq *virq_of(struct vcpu *v, uint32_t intid)
{
	if (intid < VIRQ_PRIVATE) {
		return &v->vgic.private[intid];
	}
	return &v->domain->spis[intid - VIRQ_PRIVATE];
}

/** The vCPU that interrupt @q, @intid as seen from @v, goes to. */
static inline struct vcpu *virq_target(struct vcpu *v, uint32_t intid, const struct virq *q)
{
	if (intid < VIRQ_PRIVATE) {
		return v;
	}
	return &kernel.vcpus[v->domain->vcpu_first + q->target];
}

/** Whether @q has something to do with a list register: be listed, or be pending there again. */
static inline bool virq_wants_lr(const struct virq *q)
{
	uint32_t flags = q->flags;

	if (!(flags & VIRQ_ENABLED) || (flags & (VIRQ_ACTIVE | VIRQ_WAIT))) {
		return false;
	}
	return (flags & VIRQ_LATCH) || ((flags & VIRQ_LINE) && !(flags & (VIRQ_EDGE | VIRQ_IN_LR)));
}

static inline void virq_set_ready(struct vgic_cpu *g, uint32_t intid)
{
	g->ready[intid / 32] |= 1U << (intid % 32);
	g->ready_words |= 1U << intid / 32;
}

/** Restore the invariant of `ready` for interrupt @intid of @t. Returns whether it is set. */
static inline bool virq_update(struct vcpu *t, uint32_t intid, const struct virq *q)
{
	struct vgic_cpu *g = &t->vgic;
	uint32_t w = intid / 32;

	if (virq_wants_lr(q)) {
		virq_set_ready(g, intid);
		return true;
	}
	g->ready[w] &= ~(1U << (intid % 32));
	if (!g->ready[w]) {
		g->ready_words &= ~(1U << w);
	}
	return false;
}

/** virq_update(), and tell @t's CPU what is new. Lock: domain lock held. */
void virq_changed(struct vcpu *t, uint32_t intid, const struct virq *q);

/** Interrupt @q, in no list register, moves to the vCPU that it was last aimed at. */
void virq_retarget(struct vcpu *v, uint32_t intid, struct virq *q);

#endif
