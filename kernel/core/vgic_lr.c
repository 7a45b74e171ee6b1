/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * List registers of the loaded vCPU: fold and fill (vgic.h). All functions here run on the CPU that
 * holds it.
 *
 * More interrupts than there are list registers. Of those that are pending the best are listed, and
 * each end is told as long as others wait. Of those that the guest handles, nested, the most urgent
 * are listed; the others stand in handled[], and their ends, which the hardware counts (IHI 0048B
 * 5.3.1, GICH_HCR.EOICount), are in that order: nested handlers end from the inside, and each
 * preempted one of less priority. The best pending interrupt is always listed, so it preempts as
 * soon as it may.
 *
 * A guest that ends in two steps (GICC_CTLR.EOImode) deactivates in any order. What it handles is
 * always listed, and while that fills all list registers nothing preempts.
 */
#include "kernel/core/arch.h"
#include "kernel/core/invariants.h"
#include "kernel/core/line.h"
#include "kernel/core/vgic_state.h"

/* An entry of handled[]: [15:11] level, [10:9] source of an SGI, [8:0] intid. Less urgent ones are
 * greater. */
#define ENTRY_LEVEL_SHIFT 11U
#define ENTRY_SOURCE_SHIFT 9U
#define ENTRY_INTID(entry) ((entry)&511U)
#define ENTRY_SOURCE(entry) ((uint8_t)((entry) >> ENTRY_SOURCE_SHIFT & 3U))
#define ENTRY_LEVEL(entry) ((entry) >> ENTRY_LEVEL_SHIFT)

_Static_assert(PV_VIRQS <= 512 && VIRQ_LEVELS <= 32, "fields of an entry of handled[]");

static void push_handled(struct vgic_cpu *g, struct lr lr)
{
	uint32_t entry = (uint32_t)lr.priority >> VIRQ_LEVEL_SHIFT << ENTRY_LEVEL_SHIFT |
	                 (uint32_t)lr.source << ENTRY_SOURCE_SHIFT | lr.intid;
	uint32_t at = g->handled_count;

	if (at == VIRQ_LEVELS) {
		return; /* it has written GICV_APR; GICD_ICACTIVER makes this one inactive */
	}
	for (; at > 0 && g->handled[at - 1] < entry; at--) {
		g->handled[at] = g->handled[at - 1];
	}
	g->handled[at] = (uint16_t)entry;
	g->handled_count++;
}

/* Whether the guest of @v still handles @q: nobody has made it inactive since, to be active again
 * elsewhere. */
static bool handles(const struct vcpu *v, const struct virq *q)
{
	return (q->flags & (VIRQ_ACTIVE | VIRQ_IN_LR)) == VIRQ_ACTIVE && q->holder == v->number;
}

/* The guest has ended some of handled[], the most urgent first. */
static RARE void end_handled(struct vcpu *v)
{
	struct vgic_cpu *g = &v->vgic;
	uint32_t ends = arch_lr_count_ends(false);

	g->counting = false;
	for (uint32_t n = 0; n < VIRQ_LEVELS && n < ends && g->handled_count; n++) {
		uint32_t intid = ENTRY_INTID(g->handled[--g->handled_count]);
		struct virq *q = virq_of(v, intid);

		if (handles(v, q)) {
			virq_end(v, intid, q, false);
			virq_changed(v, intid, q);
		}
	}
}

/* What list register @i says becomes flags. */
static void fold(struct vcpu *v, uint32_t i)
{
	struct lr lr = arch_lr_read(i);
	struct virq *q = virq_of(v, lr.intid);

	arch_lr_write(i, (struct lr){0});
	if (!(q->flags & VIRQ_IN_LR) || q->holder != v->number || q->lr != i) {
		v->counters[PV_COUNTER_INTERRUPTS]++;
		return; /* a line, which has ended and come again: pass_locked() in line.c */
	}
	if ((lr.state & LR_PENDING) && (q->flags & VIRQ_TAKEN)) {
		q->flags |= VIRQ_LATCH;
		if (lr.intid < SGIS) {
			v->vgic.sgi_sources[lr.intid] |= (uint8_t)(1U << lr.source);
		}
	}
	q->flags &= (uint16_t) ~(VIRQ_IN_LR | VIRQ_TAKEN);
	if (lr.state & LR_ACTIVE) {
		q->flags |= VIRQ_ACTIVE;
		push_handled(&v->vgic, lr);
	} else if (lr.state == LR_EMPTY) {
		virq_end(v, lr.intid, q, lr.hw);
	}
	if (virq_wants_lr(q)) { /* listed it was not ready */
		virq_changed(v, lr.intid, q);
	}
}

void vgic_fold_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	struct vgic_cpu *g = &v->vgic;
	uint32_t used = g->lr_used;

	if (g->counting) {
		end_handled(v);
	}
	g->lr_used = 0;
	for (uint32_t n = 0; n < LRS_MAX && used; n++, used &= used - 1) {
		fold(v, (uint32_t)__builtin_ctz(used));
	}
	if (g->stale_words) {
		line_settle_locked(v);
	}
	/* What is not listed any more is to be listed again. */
	bool dirty = g->ready.levels || g->handled_count || g->stale_words;

	__atomic_store_n(&g->dirty, dirty ? VGIC_DIRTY : 0, __ATOMIC_RELAXED);
}

/* Put @lr, which says what becomes of @q, into a list register; there is one. */
static void list(struct vcpu *v, struct lr lr, struct virq *q, bool crowded)
{
	struct vgic_cpu *g = &v->vgic;
	uint32_t i = (uint32_t)__builtin_ctz(kernel.lr_mask & ~g->lr_used);
	bool more = crowded || (q->flags & VIRQ_LATCH);
	bool timer = lr.intid == VIRQ_TIMER && (q->flags & VIRQ_LINE);

	/* The end of the timer, or a line, deactivates the physical interrupt, if nobody needs to be
	 * told of it; and IHI 0048B 5.3.8 has none that is pending, too. The end of a level-sensitive
	 * one may find its line still high. */
	lr.hw = (timer || ((q->flags & VIRQ_PASSED) && arch_lr_ends_lines())) && !more &&
	        lr.state != LR_BOTH;
	if (lr.hw) {
		lr.physical = (uint16_t)(timer ? VIRQ_TIMER : line_of(v, lr.intid));
	}
	lr.eoi = !lr.hw && (more || (q->flags & VIRQ_PASSED) || !(q->flags & VIRQ_EDGE));
	q->flags |= VIRQ_IN_LR;
	q->holder = v->number & 3U;
	q->lr = i & 15U;
	g->lr_used |= 1U << i;
	arch_lr_write(i, lr);
}

/* Take the source of SGI @sgi that goes next; its latch stays while another source waits. */
static uint8_t sgi_take_source(struct vcpu *v, uint32_t sgi, struct virq *q)
{
	uint32_t sources = v->vgic.sgi_sources[sgi];

	v->vgic.sgi_sources[sgi] = (uint8_t)(sources & (sources - 1));
	if (sources & (sources - 1)) {
		q->flags |= VIRQ_LATCH;
	}
	return (uint8_t)__builtin_ctz(sources);
}

static void take_latch(struct virq *q)
{
	q->flags = (uint16_t)((q->flags & ~VIRQ_LATCH) | VIRQ_TAKEN);
}

/* List the best that is ready. */
static void list_best(struct vcpu *v, bool crowded)
{
	uint32_t intid = virq_best(&v->vgic.ready);
	struct virq *q = virq_of(v, intid);
	struct lr lr = {
		.intid = (uint16_t)intid,
		.priority = q->priority,
		.state = LR_PENDING,
	};

	if (q->flags & VIRQ_LATCH) {
		take_latch(q);
		if (intid < SGIS) {
			lr.source = sgi_take_source(v, intid, q);
		}
	}
	virq_clear_ready(&v->vgic.ready, intid, q);
	list(v, lr, q, crowded);
}

/* List the most urgent of handled[]; an edge that came meanwhile follows it there. */
static RARE void list_handled(struct vcpu *v, bool crowded)
{
	const uint32_t again = VIRQ_LATCH | VIRQ_ENABLED | VIRQ_EDGE;
	uint32_t entry = v->vgic.handled[--v->vgic.handled_count];
	uint32_t intid = ENTRY_INTID(entry);
	struct virq *q = virq_of(v, intid);
	struct lr lr = {
		.intid = (uint16_t)intid,
		.priority = (uint8_t)(ENTRY_LEVEL(entry) << VIRQ_LEVEL_SHIFT),
		.state = LR_ACTIVE,
		.source = ENTRY_SOURCE(entry),
	};

	if (v->domain->vgic_enabled && (q->flags & again) == again && intid >= VIRQ_PRIVATE &&
	    q->target == v->number && virq_level(q) == ENTRY_LEVEL(entry)) {
		take_latch(q);
		lr.state = LR_BOTH;
	}
	q->flags &= (uint16_t)~VIRQ_ACTIVE;
	list(v, lr, q, crowded);
}

/* List what the guest handles, as far as there is room. @counted: ends of the rest are counted. */
static RARE void list_all_handled(struct vcpu *v, bool crowded, bool counted)
{
	struct vgic_cpu *g = &v->vgic;

	for (uint32_t n = 0; n < VIRQ_LEVELS && g->handled_count; n++) {
		const struct virq *q = virq_of(v, ENTRY_INTID(g->handled[g->handled_count - 1]));

		if (handles(v, q)) {
			if ((q->flags & VIRQ_HELD) || g->lr_used == kernel.lr_mask) {
				break;
			}
			list_handled(v, crowded);
		} else if (counted) {
			break; /* it is inactive, but its end is still to be counted */
		} else {
			g->handled_count--;
		}
	}
}

static void fill(struct vcpu *v)
{
	struct vgic_cpu *g = &v->vgic;
	uint32_t room = (uint32_t)__builtin_ctz(~kernel.lr_mask);
	bool crowded = g->ready.count + g->handled_count > room;
	bool enabled = v->domain->vgic_enabled;

	if (g->handled_count) {
		bool counted = arch_lr_ends_count();

		if (counted && enabled && g->ready.levels) {
			list_best(v, crowded);
		}
		list_all_handled(v, crowded, counted);
	}
	for (uint32_t n = 0; n < LRS_MAX && enabled && g->ready.levels; n++) {
		if (g->lr_used == kernel.lr_mask) {
			break;
		}
		list_best(v, crowded);
	}
	if (g->handled_count) {
		g->counting = true;
		(void)arch_lr_count_ends(true);
	}
}

/* As list_alone(), for @q, a line that has come: it is all that is ready, and no other list register
 * has to be read for it. */
static inline bool list_line_alone(struct vcpu *v, uint32_t intid, const struct virq *q)
{
	struct vgic_cpu *g = &v->vgic;

	if ((q->flags & VIRQ_IN_LR) || g->ready.count != 1) {
		return false;
	}
	if (q->holder == v->number && arch_lr_has_ended(q->lr, intid)) {
		g->lr_used &= ~(1U << q->lr); /* the one before: pass_locked() in line.c */
		v->counters[PV_COUNTER_INTERRUPTS]++;
	}
	if (g->lr_used == kernel.lr_mask) {
		return false;
	}
	list_best(v, false);
	return true;
}

/*
 * The path of every virtqueue: one edge-triggered SPI alone has changed, with nothing else about
 * it, and the list register that it had before, or another one, is empty. Does what fold and fill
 * would do, in a fraction of the instructions. False: it is something else; nothing is done.
 */
static inline bool list_alone(struct vcpu *v)
{
	struct vgic_cpu *g = &v->vgic;
	uint32_t intid = g->dirty;

	if (intid < VIRQ_PRIVATE || g->handled_count) {
		return false;
	}
	struct virq *q = &v->domain->spis[intid - VIRQ_PRIVATE];
	uint32_t flags = q->flags & ~VIRQ_TAKEN;
	uint32_t i = q->lr;

	if (flags & VIRQ_PASSED) {
		return list_line_alone(v, intid, q);
	}
	if (flags == (VIRQ_ENABLED | VIRQ_EDGE | VIRQ_LATCH | VIRQ_IN_LR)) {
		if (g->ready.levels || q->target != v->number || !arch_lr_has_ended(i, intid)) {
			return false;
		}
		v->counters[PV_COUNTER_INTERRUPTS]++; /* the one before has ended */
	} else {
		uint32_t free = kernel.lr_mask & ~g->lr_used;

		if (flags != (VIRQ_ENABLED | VIRQ_EDGE | VIRQ_LATCH) || g->ready.count != 1 ||
		    !free) {
			return false;
		}
		i = (uint32_t)__builtin_ctz(free);
		g->lr_used |= 1U << i;
		q->lr = i & 15U;
		q->holder = v->number & 3U;
		virq_clear_ready(&g->ready, intid, q);
	}
	q->flags = VIRQ_ENABLED | VIRQ_EDGE | VIRQ_IN_LR | VIRQ_TAKEN;
	arch_lr_pend(i, intid, q->priority);
	return true;
}

static RARE void refill(struct vcpu *v)
{
	vgic_fold_locked(v);
	fill(v);
	invariants_check_vgic(v);
}

void vgic_flush(struct vcpu *v)
{
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	if (!d->vgic_enabled || !list_alone(v)) {
		refill(v);
	}
	/* Whoever sets it holds the lock. With lines that are still to be settled it comes back at once:
	 * the lock is let go in between, no more. */
	v->vgic.dirty = v->vgic.stale_words ? VGIC_DIRTY : 0;
	if (v->vgic.dirty) {
		cpu_here()->pokes |= cpu_here()->poke_bit;
	}
	lock_release(&d->lock);
}

bool vgic_has_pending_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	vgic_fold_locked(v);
	/* Lines that are still to be settled could wake it, but do not come before. */
	return v->vgic.stale_words || (v->domain->vgic_enabled && v->vgic.ready.levels);
}

void vgic_sync(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (v->vgic.lr_used || v->vgic.counting) {
		lock_acquire(&d->lock);
		vgic_fold_locked(v);
		lock_release(&d->lock);
	}
}

void vgic_drop(struct vcpu *v)
{
	struct virq *timer = &v->vgic.private[VIRQ_TIMER];
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	v->vgic.handled_count = 0;
	timer->flags &= (uint16_t) ~(VIRQ_LINE | VIRQ_LATCH | VIRQ_ACTIVE);
	virq_changed(v, VIRQ_TIMER, timer);
	lock_release(&d->lock);
}
