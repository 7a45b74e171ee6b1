/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: what a device that is a domain's reaches by DMA. That is the domain's DMA space, or, while
 * the stream is off, nothing.
 *
 *   off => on   the VMM says so (PV_CALL_STREAM_SET), while some vCPU of the domain is on
 *   on => off   the VMM says so; the last vCPU of the domain has gone off; or the domain is dead
 *
 * What a stream must not do the SMMU keeps from happening, and records, if its queue has room. Nobody
 * is interrupted by that, whatever a device does: who asks (PV_CALL_STREAM_GET) counts the records
 * there are, of all streams, in his own time.
 */
#ifndef KERNEL_CORE_STREAM_H
#define KERNEL_CORE_STREAM_H

#include "kernel/core/kernel.h"

/** The VMM of @d turns streams[index] on or off. Takes the domain lock.
 * Errors: ERR_STATE it is to be on, and no vCPU is, or the SMMU does not answer. */
MUST_USE err_t stream_set(struct domain *d, uint32_t index, bool on);

/** The faults of streams[index]: counts[0] so many, at address counts[1] and of kind counts[2] the
 * last. Takes the lock of records. */
void stream_get(uint32_t index, uint64_t counts[3]);

/** vCPUs of @d may have gone off, or @d died. Lock: domain lock held. */
void stream_settle_locked(struct domain *d);

#endif
