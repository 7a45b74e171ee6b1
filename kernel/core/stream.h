/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: what a device that is a domain's reaches by DMA. That is the domain's DMA space, or, while
 * the stream is off, nothing.
 *
 *   off => on   the VMM says so (PV_CALL_STREAM_SET), while some vCPU of the domain is on
 *   on => off   the VMM says so; the last vCPU of the domain has gone off; the domain is dead; or the
 *               device has done what is no matter of where it may reach, and gets an event each time
 *
 * A fault is counted and told to the VMM (PV_EVENT_SMMU). Then no more of the stream are recorded
 * until the VMM has looked (PV_CALL_STREAM_GET), and that once in a time slice at most: so what a
 * device can have EL2 do is bounded by the length of the SMMU's queue in each slice.
 */
#ifndef KERNEL_CORE_STREAM_H
#define KERNEL_CORE_STREAM_H

#include "kernel/core/kernel.h"

/** The VMM of @d turns streams[index] on or off. Takes the domain lock.
 * Errors: ERR_STATE it is to be on, and no vCPU is, or the SMMU does not answer; ERR_AGAIN it was
 * turned off by the kernel a moment ago. */
MUST_USE err_t stream_set(struct domain *d, uint32_t index, bool on);

/** The faults of streams[index] of @d: counts[0] so many, at address counts[1] and of kind counts[2]
 * the last. Takes the domain lock.
 * Errors: ERR_AGAIN all of it is told, but the next fault will not be before it is asked for again. */
MUST_USE err_t stream_get(struct domain *d, uint32_t index, uint64_t counts[3]);

/** vCPUs of @d may have gone off, or @d died. Lock: domain lock held. */
void stream_settle_locked(struct domain *d);

/** The SMMU has recorded faults. Takes domain locks, and the console's. */
void stream_take_faults(void);

#endif
