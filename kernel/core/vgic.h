/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts: which are pending, which are enabled, and which stand in the list registers
 * of the virtual CPU interface (Arm IHI 0048B, chapter 5). The distributor's registers are not
 * here: the VMM decodes them and says what they mean by PV_CALL_VIRQ_*.
 *
 * An interrupt's state lives in one place at a time: the flags below, or, with VIRQ_IN_LR, a list
 * register of the target. Invariant (domain lock): bit n of a vCPU's `ready` is set exactly when
 * virq_wants_lr() holds for its interrupt n. vgic.c changes states, vgic_lr.c moves them to and
 * from the list registers; what they share is in vgic_state.h.
 */
#ifndef KERNEL_CORE_VGIC_H
#define KERNEL_CORE_VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

#define VIRQ_ENABLED (1U << 0)
#define VIRQ_EDGE (1U << 1)
#define VIRQ_LATCH (1U << 2)  /* pending, whatever the line does */
#define VIRQ_LINE (1U << 3)   /* level-sensitive: the line is high */
#define VIRQ_ACTIVE (1U << 4) /* active without a list register, by GICD_ISACTIVER */
#define VIRQ_IN_LR (1U << 5)
#define VIRQ_HW (1U << 6)     /* the latch stands for a physical interrupt that is active */
#define VIRQ_RECALL (1U << 7) /* listed, and no longer to be pending there */
#define VIRQ_WAIT (1U << 8)   /* listed, latched again, and it waits for its end there */

#define VIRQ_TIMER 27U /* PPI of the virtual timer, physical and virtual */

/** Reset state of all interrupts of @d. Boot. */
void vgic_init(struct domain *d);

/**
 * Configure an interrupt, or change its state. @v: a vCPU of the domain, whose own interrupt is
 * meant when @intid < 32. Lock: domain lock held.
 * Errors: ERR_RANGE @intid or a target beyond the domain's vCPUs; ERR_ARG unknown bits.
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
 * Bring the list registers of @v, loaded here, in line with its interrupts: release the empty
 * ones, fill them by priority. Takes the domain lock. Cost: bounded by PV_VIRQS.
 */
void vgic_flush(struct vcpu *v);

/**
 * @v, loaded here, goes off: what its list registers hold pending is latched again, for whoever
 * it is aimed at next. Lock: domain lock held.
 */
void vgic_withdraw_locked(struct vcpu *v);

/** Whether a WFI of @v, loaded here, falls through. Lock: domain lock held. */
bool vgic_has_pending_locked(struct vcpu *v);

/** @v, not loaded anywhere, starts anew: what its list registers held is gone. Takes the lock. */
void vgic_drop(struct vcpu *v);

/** Store the list registers' view before @v loses this CPU. Takes the domain lock. */
void vgic_sync(struct vcpu *v);

#endif
