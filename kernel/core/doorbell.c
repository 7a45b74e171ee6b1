/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells. A ring names no domain and no interrupt: it names a capability, and the image said
 * once where that leads.
 */
#include "kernel/core/doorbell.h"

#include "kernel/core/message.h"
#include "kernel/core/vgic.h"

/* 0: masked. Lock: domain lock of the target held. */
static uint32_t number_locked(const struct domain *d, const struct doorbell *b)
{
	lock_assert_held(&d->lock);
	return b->life == d->doorbell_life ? b->number : b->first;
}

/* Lock: domain lock of the target held. */
static void deliver_locked(struct domain *d, struct doorbell *b)
{
	lock_assert_held(&d->lock);
	if (!d->alive) {
		return;
	}
	uint32_t number = number_locked(d, b);

	if (b->kind == PV_DOORBELL_EVENT) {
		message_event_locked(d, number);
	} else if (number) {
		vgic_pend_spi_locked(d, number);
	} else {
		b->latched = true;
	}
}

/* Not inlined: what it touches of the doorbell is then found from one address. */
static __attribute__((noinline)) void ring(struct doorbell *b)
{
	struct domain *d = b->domain;

	lock_acquire(&d->lock);
	b->rings++;
	deliver_locked(d, b);
	lock_release(&d->lock);
}

void doorbell_ring(uint32_t doorbell)
{
	ring(&kernel.doorbells[doorbell]);
}

err_t doorbell_bind(struct domain *d, uint32_t doorbell, uint64_t intid)
{
	struct doorbell *b = &kernel.doorbells[doorbell];

	if (b->kind != PV_DOORBELL_VIRQ) {
		return ERR_STATE;
	}
	if (intid != 0 && (intid < PV_SPI_FIRST || intid >= PV_VIRQS)) {
		return ERR_RANGE;
	}
	lock_acquire(&d->lock);
	b->number = (uint16_t)intid;
	b->life = d->doorbell_life;
	if (intid && b->latched) {
		b->latched = false;
		deliver_locked(d, b);
	}
	lock_release(&d->lock);
	return OK;
}

err_t doorbell_rings(uint32_t doorbell, uint64_t *rings)
{
	const struct doorbell *b = &kernel.doorbells[doorbell];

	if (b->kind != PV_DOORBELL_VIRQ) {
		return ERR_STATE;
	}
	*rings = __atomic_load_n(&b->rings, __ATOMIC_RELAXED);
	return OK;
}

void doorbell_reset_all_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	d->doorbell_life++;
}

void doorbell_store(const struct doorbell_page *page, uint32_t offset)
{
	uint32_t n = offset / 4;

	if (offset % 4 == 0 && n < page->count && page->caps[n].type == PV_CAP_DOORBELL_SEND) {
		ring(&kernel.doorbells[page->caps[n].object]);
	}
}
