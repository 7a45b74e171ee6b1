/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a domain:
 *
 *   on  => off    its VMM says so: vCPUs off, the VMM waits for events
 *   off => on     its VMM starts a vCPU
 *   on  => on     its VMM died: vCPUs off, then all as at boot; a few times, where the image says so
 *   any => dead   its VMM died for good, or the domain has caused an asynchronous abort
 *
 * The machine goes off when no domain is on.
 */
#ifndef KERNEL_CORE_DOMAIN_H
#define KERNEL_CORE_DOMAIN_H

#include "abi/image.h"
#include "kernel/core/kernel.h"

#define DOMAIN_VMM_LIVES 3U /* a VMM starts again so often */

/* Where a VMM stands that has died while other CPUs still run its vCPUs: on no instruction. It faults
 * until they have left, at EL0, where it can be preempted. */
#define DOMAIN_DEAD_PC 1U

/** Power on: @d, whose memory is as its image says, gets its VMM, and behind it vCPU 0, in their first
 * state. No vCPU of it has run. Takes the domain lock. */
void domain_start(struct domain *d);

/** Start @v at @pc with x0 = @arg; its domain is on. Takes the domain lock, and the console's.
 * Errors: ERR_STATE it is on; ERR_AGAIN it was started a moment ago, and stopped before its CPU ran
 * it. */
MUST_USE err_t domain_start_vcpu(struct vcpu *v, uint64_t pc, uint64_t arg);

/** The VMM that runs in the place of @here has its domain go off for @reason. Takes the domain lock,
 * and the console's. */
void domain_off(struct vcpu *here, enum pv_stop reason);

/** The VMM that ran in the place of @here, and has left it (sched_leave_vmm()), is lost. @detail: for
 * people. Takes the domain lock, and the console's. */
void domain_vmm_died(struct vcpu *here, const char *detail);

/** @d ends for @reason: it never runs again. @detail: for people, may be empty. Takes the domain
 * lock, and the console's. */
void domain_stop(struct domain *d, enum pv_stop reason, const char *detail);

/** What runs in @d, or ran last on this CPU, has caused an asynchronous abort (SError): @d ends. */
void domain_abort(struct domain *d);

#endif
