/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM of a domain as the kernel sees it: one thread that serves one message at a time, in the
 * place of one vCPU (abi/calls.h).
 *
 * vmm_owner: NONE => v when a message or an event finds the VMM waiting; v => w or NONE when the
 * VMM asks for the next. Only the CPU of vcpus[vmm_owner] runs it.
 */
#ifndef KERNEL_CORE_VMM_H
#define KERNEL_CORE_VMM_H

#include <stdint.h>

#include "kernel/core/kernel.h"

/** Set event bit @event of @d (0..63). Lock: domain lock held. */
void vmm_event_locked(struct domain *d, uint32_t event);

/** vCPU @v waits until its VMM has served @message, which starts with an enum pv_msg. */
void vmm_send(struct vcpu *v, const uint64_t message[8]);

/**
 * PV_CALL_WAIT of the VMM that runs in the place of @v: reply to what it has served, then give it
 * the next message or let it wait. Errors: ERR_ARG for a reply that does not fit the message;
 * then nothing has changed.
 */
MUST_USE err_t vmm_wait(struct vcpu *v, uint64_t reply, uint64_t value);

/** @d ends for @reason: it never runs again. @detail: for people, may be empty. */
void domain_stop(struct domain *d, enum pv_stop reason, const char *detail);

#endif
