/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines (line.h).
 */
#include "kernel/core/line.h"

#include "kernel/core/arch.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic_state.h"
#include "lib/bits.h"

void line_add(struct domain *d, uint32_t virq, uint32_t intid, bool edge)
{
	kernel.lines[intid - PV_SPI_FIRST] = (struct line){d, (uint16_t)virq};
	d->lines[virq - VIRQ_PRIVATE] = (uint16_t)intid;
	d->line_words[intid / 32] |= 1U << intid % 32;
	arch_line_init(intid, edge);
}

void line_add_messages(struct domain *d)
{
	for (uint32_t n = 0; n < PV_MSIS_MAX && n < d->image.msi_count; n++) {
		d->lines[d->image.msi_first + n - VIRQ_PRIVATE] = (uint16_t)(ARCH_MESSAGES + n);
	}
}

static void pass_locked(struct domain *d, uint32_t intid)
{
	lock_assert_held(&d->lock);
	struct virq *q = &d->spis[intid - VIRQ_PRIVATE];

	/* It came again, so the hardware has ended the one before: what lists that holds nothing. */
	if ((q->flags & (VIRQ_PASSED | VIRQ_IN_LR)) == (VIRQ_PASSED | VIRQ_IN_LR)) {
		q->flags &= (uint16_t) ~(VIRQ_IN_LR | VIRQ_TAKEN | VIRQ_LATCH);
	}
	q->flags |= VIRQ_PASSED;
	vgic_pend_spi_locked(d, intid);
}

/* Lock: domain lock held. */
static void pass_message_locked(struct domain *d, uint32_t message, uint32_t intid)
{
	lock_assert_held(&d->lock);
	const struct virq *q = &d->spis[intid - VIRQ_PRIVATE];
	struct vcpu *t = &d->vcpus[q->target];

	if ((q->flags & VIRQ_LATCH) && !vcpu_is_loaded_here(t)) {
		arch_message_mask(message);
		line_change_locked(t, intid, q);
	}
	vgic_pend_spi_locked(d, intid);
}

static void take_message(uint32_t message)
{
	uint32_t n = message % PV_MSIS_MAX;

	if (message >= PV_STREAMS_MAX * PV_MSIS_MAX) {
		return;
	}
	const struct stream *s = &kernel.streams[message / PV_MSIS_MAX];
	struct domain *d = s->domain;

	if (!d || n >= d->image.msi_count) {
		return;
	}
	lock_acquire(&d->lock);
	if (s->on) { /* else it is of a life of the VM that is over */
		pass_message_locked(d, message, d->image.msi_first + n);
	}
	lock_release(&d->lock);
}

void line_take(uint32_t intid)
{
	if (intid >= ARCH_MESSAGES) {
		take_message(intid - ARCH_MESSAGES);
		return;
	}
	if (intid - PV_SPI_FIRST >= ARRAY_COUNT(kernel.lines)) {
		return; /* nobody's; it stays active, so it never comes again */
	}
	const struct line *l = &kernel.lines[intid - PV_SPI_FIRST];
	struct domain *d = l->domain;

	if (!d) {
		arch_line_end(intid); /* nobody's; and never enabled */
		return;
	}
	lock_acquire(&d->lock);
	if (d->alive) { /* else it stays active, and never comes again */
		pass_locked(d, l->virq);
	}
	lock_release(&d->lock);
}

void line_change_locked(struct vcpu *v, uint32_t intid, const struct virq *q)
{
	lock_assert_held(&v->domain->lock);
	if (!line_of(v, intid)) {
		return;
	}
	struct vcpu *t = virq_vcpu(v, intid, q->target);

	t->vgic.stale[intid / 32] |= 1U << intid % 32;
	t->vgic.stale_words |= 1U << intid / 32;
	vgic_notify_locked(t, VGIC_DIRTY);
}

/* Lock: domain lock held. */
static void route_locked(struct domain *d, uint32_t line, bool on)
{
	lock_assert_held(&d->lock);
	if (on) {
		d->lines_on = true;
		arch_line_route(line);
	} else {
		arch_lines_mask(line / 32, 1U << line % 32);
	}
}

_Static_assert(PV_STREAMS_MAX <= 32, "bits of domain.streams");

/* A message, whichever of the streams of @d it is of, comes to this CPU. How many these are. Lock: domain
 * lock held. */
static uint32_t route_messages_locked(const struct domain *d, uint32_t line)
{
	lock_assert_held(&d->lock);
	uint32_t count = 0;

	for (uint32_t left = d->streams; count < PV_STREAMS_MAX && left; count++) {
		uint32_t stream = (uint32_t)__builtin_ctz(left);

		arch_message_route(line - ARCH_MESSAGES + stream * PV_MSIS_MAX);
		left &= left - 1;
	}
	return count;
}

/* How many messages are settled by it. Lock: domain lock held. */
static uint32_t settle_one_locked(struct vcpu *v, uint32_t intid)
{
	lock_assert_held(&v->domain->lock);
	const uint32_t held = VIRQ_LATCH | VIRQ_IN_LR | VIRQ_ACTIVE;
	struct virq *q = virq_of(v, intid);
	uint32_t line = line_of(v, intid);

	if (q->target != v->number) {
		return 0; /* it has another target since, which has been told */
	}
	if (line >= ARCH_MESSAGES) {
		return route_messages_locked(v->domain, line);
	}
	if (!(q->flags & VIRQ_ROUTED)) {
		q->flags |= VIRQ_ROUTED;
		route_locked(v->domain, line, q->flags & VIRQ_ENABLED);
	}
	if ((q->flags & (VIRQ_PASSED | held)) == VIRQ_PASSED) {
		q->flags &= (uint16_t)~VIRQ_PASSED;
		arch_line_end(line);
	}
	return 0;
}

void line_settle_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	struct vgic_cpu *g = &v->vgic;

	if (v->wait == WAIT_OFF || !v->domain->alive) {
		return;
	}
	for (uint32_t n = 0; n < SETTLED_AT_ONCE && g->stale_words; n++) {
		uint32_t w = (uint32_t)__builtin_ctz(g->stale_words);
		uint32_t bits = g->stale[w];

		g->stale[w] = bits & (bits - 1);
		if (!g->stale[w]) {
			g->stale_words &= g->stale_words - 1;
		}
		n += settle_one_locked(v, w * 32 + (uint32_t)__builtin_ctz(bits));
	}
}

/* Lock: domain lock held. */
static void mask_all_locked(struct domain *d, bool forget)
{
	lock_assert_held(&d->lock);
	d->lines_on = false;
	for (uint32_t w = 0; w < LINE_WORDS; w++) {
		if (d->line_words[w]) {
			arch_lines_mask(w, d->line_words[w]);
		}
		if (d->line_words[w] && forget) {
			arch_lines_forget(w, d->line_words[w]);
		}
	}
	for (uint32_t n = 0; n < VIRQ_SPIS; n++) {
		if (!d->lines[n]) {
			continue;
		}
		d->spis[n].flags &= (uint16_t)~VIRQ_ROUTED;
		line_change_locked(&d->vcpus[0], VIRQ_PRIVATE + n, &d->spis[n]);
	}
}

void line_stop_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	if (d->lines_on && !vcpu_some_run_locked(d)) {
		mask_all_locked(d, false);
	}
}

void line_reset_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	mask_all_locked(d, true);
}
