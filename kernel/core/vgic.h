/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts: which are pending, which are enabled, and which stand in the list registers
 * of the virtual CPU interface (Arm IHI 0048B, chapter 5). The distributor's registers are not
 * here: the VMM decodes them and says what they mean by PV_CALL_VIRQ_*.
 *
 * An interrupt's state lives in one place at a time: in the flags below, or, with VIRQ_IN_LR, in a
 * list register of the vCPU that holds it, which is then loaded. A CPU folds its list registers
 * back into the flags before it looks at them, so nothing is ever changed there in place, and
 * fills them anew before the guest goes on:
 *
 *                          fill: the best that are ready
 *   flags, `ready`, handled[] ───────────────────────────► list registers ◄──► guest
 *                             ◄───────────────────────────
 *                                      fold: all
 *
 * Whoever needs an interrupt that another CPU lists marks it VIRQ_HELD, tells that CPU, and tries
 * again later.
 *
 * Invariants (domain lock; invariants.h): a vCPU's `ready` has interrupt n exactly when
 * virq_wants_lr() holds for it, at the level of its priority; only a loaded vCPU that may go on
 * has list registers in use. vgic.c changes states, vgic_lr.c moves them to and from the list
 * registers; what they share is in vgic_state.h.
 */
#ifndef KERNEL_CORE_VGIC_H
#define KERNEL_CORE_VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

#define VIRQ_ENABLED (1U << 0)
#define VIRQ_EDGE (1U << 1)
#define VIRQ_LATCH (1U << 2)  /* pending, whatever the line does; an SGI: from some source */
#define VIRQ_LINE (1U << 3)   /* level-sensitive: the line is high */
#define VIRQ_ACTIVE (1U << 4) /* in handled[] of its holder, or by GICD_ISACTIVER */
#define VIRQ_IN_LR (1U << 5)
#define VIRQ_TAKEN (1U << 6)  /* listed: its latch, or a source, has gone there */
#define VIRQ_HELD (1U << 7)   /* kept out of list registers: a call waits for it */
#define VIRQ_PASSED (1U << 8) /* a line, which has been taken and is active: line.h */
#define VIRQ_ROUTED (1U << 9) /* a line, which is enabled, and comes, as the SPI does */

/* PPI of the virtual timer, physical and virtual. Its VIRQ_LINE says that the physical interrupt
 * was taken, and is active until the guest has ended the virtual one. */
#define VIRQ_TIMER 27U

/**
 * Reset state of all interrupts of @d, whose vCPUs are off, and of its distributor. Lock: domain lock
 * held. Cost: that of clearing them, about 8 KiB.
 */
void vgic_reset_locked(struct domain *d);

/**
 * Configure an interrupt, change or read its state. @v: a vCPU of the domain, whose own interrupt
 * is meant when @intid < 32. Lock: domain lock held.
 * Errors: ERR_RANGE @intid or a target beyond the domain's vCPUs; ERR_ARG unknown bits; ERR_AGAIN
 * another CPU lists it, and has been asked to fold. Then nothing else has changed.
 */
MUST_USE err_t vgic_configure_locked(struct vcpu *v, uint32_t intid, uint64_t configuration);
MUST_USE err_t vgic_operate_locked(struct vcpu *v, uint32_t intid, uint64_t op);
MUST_USE err_t vgic_state_locked(struct vcpu *v, uint32_t intid, uint64_t *state);

/** Distributor on or off. Lock: domain lock held. */
void vgic_enable_locked(struct domain *d, bool on);

/** Latch SPI @intid (checked: 32 .. PV_VIRQS - 1) of @d pending. Lock: domain lock held. */
void vgic_pend_spi_locked(struct domain *d, uint32_t intid);

/** The physical virtual-timer interrupt was taken for @v, loaded here. Takes the domain lock. */
void vgic_pend_timer(struct vcpu *v);

/** Whether @v's timer interrupt is on its way: taken, and not yet ended by the guest. */
bool vgic_timer_in_flight(const struct vcpu *v);

/**
 * Fold the list registers of @v, loaded here, and fill them with the best of its interrupts. Takes
 * the domain lock. Cost: bounded by the list registers and VIRQ_LEVELS.
 */
void vgic_flush(struct vcpu *v);

/**
 * Fold the list registers of @v, loaded here: they are empty until the next vgic_flush(), which
 * `dirty` asks for. Lock: domain lock held; vgic_sync() takes it.
 */
void vgic_fold_locked(struct vcpu *v);
void vgic_sync(struct vcpu *v);

/** Whether a WFI of @v, loaded here, falls through. If not, no list register is in use. Lock:
 * domain lock held. */
bool vgic_has_pending_locked(struct vcpu *v);

/** @v, not loaded anywhere, starts anew, with its timer off: it handles nothing. What is pending
 * or active stays so, as the distributor has it. Takes the lock. */
void vgic_drop(struct vcpu *v);

#endif
