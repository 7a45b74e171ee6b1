/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines: physical interrupts of the devices that are a domain's. Each is an SPI of that domain, and
 * it is active from when it is taken until the guest has ended that SPI, so it does not come again
 * before:
 *
 *   inactive ── line_take() ──► active; the SPI: VIRQ_PASSED, pending, listed or active
 *            ◄── the end of a list register that names it, or line_settle_locked()
 *
 * What else the guest does to the SPI, that it is enabled, goes to another vCPU, is no longer pending
 * or active, is done to the line by the CPU of the vCPU that is its target, and while that is loaded.
 * So whatever a VM does on other CPUs, a line interrupts what runs in the place of its target at most
 * once between two times that the target runs.
 *
 * A line of a domain whose vCPUs are all off is masked; messages are not, but their streams are off.
 *
 * A message of a stream is a line, too, where the machine tells streams from each other (an ITS); the
 * same message of each stream of a domain is the same SPI. It is never active, so it is masked when it
 * comes a second time before the guest has taken the first, but in the place of its target. It is
 * unmasked when its target runs: so it interrupts others at most twice between two such times, for
 * each stream and number. What comes of a stream that is off is forgotten, and what came before a reset
 * comes when the target first runs again, before the VMM has turned the stream on.
 *
 * Invariant (domain lock): a SPI that has VIRQ_PASSED, and is neither pending, nor listed, nor active,
 * is in `stale` of its target.
 */
#ifndef KERNEL_CORE_LINE_H
#define KERNEL_CORE_LINE_H

#include "kernel/core/kernel.h"

#define SETTLED_AT_ONCE 8U /* lines, and with messages each of each stream counts, too */

/** Physical interrupt @intid is SPI @virq of @d from now on, signalled by an edge or a level; masked.
 * Before the first VM runs. */
void line_add(struct domain *d, uint32_t virq, uint32_t intid, bool edge);

/** The message-signalled interrupts of @d are messages of its streams. Before the first VM runs. */
void line_add_messages(struct domain *d);

/** Physical interrupt @intid was taken on this CPU, and is active, if it ever is. Takes the domain
 * lock. */
void line_take(uint32_t intid);

/** @intid of @v's domain, where it is a line, has changed: its target is to settle that. Lock: domain
 * lock held. */
void line_change_locked(struct vcpu *v, uint32_t intid, const struct virq *q);

/** Do to the lines what has changed about those whose target @v is, which is loaded here; unless it is
 * off. What is more than SETTLED_AT_ONCE stays stale: whoever runs @v goes on with it. Lock: domain lock
 * held. */
void line_settle_locked(struct vcpu *v);

/** vCPUs of @d may have gone off, or @d died. Lock: domain lock held. Cost: bounded by VIRQ_SPIS; of the
 * controller, one register for each 32 of its interrupts. */
void line_stop_locked(struct domain *d);

/** Mask the lines of @d, whose interrupts are in their reset state, and forget what is pending, but of
 * messages. Lock: domain lock held. Cost: as above. */
void line_reset_locked(struct domain *d);

#endif
