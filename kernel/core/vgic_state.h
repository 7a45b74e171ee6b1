/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What vgic.c and vgic_lr.c share: finding an interrupt, and keeping `ready` true.
 */
#ifndef KERNEL_CORE_VGIC_STATE_H
#define KERNEL_CORE_VGIC_STATE_H

#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

/** Interrupt @intid as seen from @v: its own below 32, else one of its domain. */
static inline struct virq *virq_of(struct vcpu *v, uint32_t intid)
{
	if (intid < VIRQ_PRIVATE) {
		return &v->vgic.private[intid];
	}
	return &v->domain->spis[intid - VIRQ_PRIVATE];
}

/** vCPU @number of @v's domain where @intid is an SPI; else it can only be @v. */
static inline struct vcpu *virq_vcpu(struct vcpu *v, uint32_t intid, uint32_t number)
{
	return intid < VIRQ_PRIVATE ? v : &v->domain->vcpus[number];
}

/** The physical interrupt that is @intid of @v; 0: none is. */
static inline uint32_t line_of(const struct vcpu *v, uint32_t intid)
{
	return intid < VIRQ_PRIVATE ? 0 : v->domain->lines[intid - VIRQ_PRIVATE];
}

/** @t has an interrupt for its list registers, because of @what (see `dirty`). */
static inline void vgic_notify_locked(struct vcpu *t, uint32_t what)
{
	lock_assert_held(&t->domain->lock);
	uint32_t dirty = t->vgic.dirty ? VGIC_DIRTY : what;

	vcpu_wake_locked(t);
	__atomic_store_n(&t->vgic.dirty, dirty, __ATOMIC_RELAXED);
}

/** Whether @q is pending and nothing is in the way of its list register. */
static inline bool virq_wants_lr(const struct virq *q)
{
	const uint32_t gates = VIRQ_ENABLED | VIRQ_ACTIVE | VIRQ_IN_LR | VIRQ_HELD;

	if ((q->flags & gates) != VIRQ_ENABLED) {
		return false;
	}
	return (q->flags & VIRQ_LATCH) || (q->flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE;
}

static inline uint32_t virq_level(const struct virq *q)
{
	return q->priority >> VIRQ_LEVEL_SHIFT;
}

static inline void virq_set_ready(struct virq_set *s, uint32_t intid, const struct virq *q)
{
	uint32_t level = virq_level(q);
	uint32_t *bits = &s->bits[level][intid / 32];
	uint32_t bit = 1U << intid % 32;

	s->count += !(*bits & bit);
	*bits |= bit;
	s->words[level] |= 1U << intid / 32;
	s->levels |= 1U << level;
}

static inline void virq_clear_ready(struct virq_set *s, uint32_t intid, const struct virq *q)
{
	uint32_t level = virq_level(q);
	uint32_t *bits = &s->bits[level][intid / 32];
	uint32_t bit = 1U << intid % 32;

	s->count -= (*bits & bit) != 0;
	*bits &= ~bit;
	if (!*bits) {
		s->words[level] &= ~(1U << intid / 32);
		if (!s->words[level]) {
			s->levels &= ~(1U << level);
		}
	}
}

/** The best of @s, which is not empty. */
static inline uint32_t virq_best(const struct virq_set *s)
{
	uint32_t level = (uint32_t)__builtin_ctz(s->levels);
	uint32_t w = (uint32_t)__builtin_ctz(s->words[level]);

	return w * 32 + (uint32_t)__builtin_ctz(s->bits[level][w]);
}

/** The flags of @q, seen from @v, have changed: restore the invariant of `ready`, and tell who is
 * concerned. Lock: domain lock held. */
void virq_changed(struct vcpu *v, uint32_t intid, const struct virq *q);

/** The guest has ended @q, seen from @v. @deactivated: the hardware knows. */
void virq_end(struct vcpu *v, uint32_t intid, struct virq *q, bool deactivated);

#endif
