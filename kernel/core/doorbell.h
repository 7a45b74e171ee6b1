/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells: the only way in which one domain reaches another at run time. The fast path of every
 * virtqueue: a guest's store to a doorbell page makes the peer's interrupt pending, without any
 * VMM.
 */
#ifndef KERNEL_CORE_DOORBELL_H
#define KERNEL_CORE_DOORBELL_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

/** Ring doorbells[@doorbell], an index from a capability. Takes the target's domain lock. */
void doorbell_ring(uint32_t doorbell);

/**
 * Deliver doorbells[@doorbell], whose target is @d, to SPI @intid, or mask it (0). What was rung
 * while it was masked is delivered now. Takes @d's lock.
 * Errors: ERR_RANGE no SPI; ERR_STATE the doorbell is an event.
 */
MUST_USE err_t doorbell_bind(struct domain *d, uint32_t doorbell, uint64_t intid);

/**
 * How often doorbells[@doorbell] was rung. Errors: ERR_STATE it is an event: several may hold the right
 * to ring that, and would learn of each other.
 */
MUST_USE err_t doorbell_rings(uint32_t doorbell, uint64_t *rings);

/** All doorbells of @d are bound or masked as the image has them. Lock: domain lock held. */
void doorbell_reset_all_locked(struct domain *d);

/** The doorbell page that a guest of @d finds at guest-physical page @ipa_page; NULL: none is there. */
static inline const struct doorbell_page *doorbell_page(const struct domain *d, uint64_t ipa_page)
{
	uint64_t number = ipa_page - d->image.doorbell_ipa_page;

	return number < d->image.doorbell_pages.count ? &d->doorbell_pages[number] : NULL;
}

/** A guest stores to byte @offset of @page, which rings what stands there. Takes the target's domain
 * lock. */
void doorbell_store(const struct doorbell_page *page, uint32_t offset);

#endif
