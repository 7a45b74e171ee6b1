/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM of a domain as the kernel sees it: one thread that serves one message at a time, in the
 * place of one vCPU (abi/calls.h).
 *
 * vmm_owner: NONE => v when a message or an event finds the VMM waiting; v => w or NONE when the
 * VMM asks for the next. Only the CPU of vcpus[vmm_owner] runs it.
 *
 * Events are nobody's, and no vCPU may wait for one that its CPU does not run: they are offered. Of
 * vCPU 0, and those that wait for the VMM, the first that is chosen by its CPU takes them, and
 * offers them again if somebody goes before it.
 *
 * Events take vCPU 0's place, and anybody may ring them: they must not take all of its time. When
 * its VMM has served some, vCPU 0 rests from them until it has run, or waited, twice as long as that
 * took: so what they take is neither its own time nor, while it waits, that of others on its CPU. A
 * slice is the longest rest, as few services of events are as long, those that wait for the UART: the
 * counter also runs while a host does not run an emulated CPU, and that time is not the events'.
 * Messages of vCPUs are the guest's own wish and know no rest.
 */
#ifndef KERNEL_CORE_MESSAGE_H
#define KERNEL_CORE_MESSAGE_H

#include <stdint.h>

#include "kernel/core/kernel.h"

/** Set event bit @event of @d (0..63). Lock: domain lock held. */
void message_event_locked(struct domain *d, uint32_t event);

/** The rest of @v is over. Takes the domain lock. */
void message_end_rest(struct vcpu *v);

/** @v, loaded here, takes the events that are offered. False: another vCPU has. Takes the domain
 * lock. */
bool message_take_events(struct vcpu *v);

/** The VMM of @d, which has left its vCPU's CPU, can go on elsewhere if it serves events. Takes the
 * domain lock. */
void message_offer_events(struct domain *d);

/** vCPU @v, which runs here, waits until its VMM has served its `message`, which starts with an enum
 * pv_msg. Takes the domain lock. */
void message_send(struct vcpu *v);

/** The VMM that runs in the place of @here stops @v, of its domain, and owes it no reply. Returns
 * whether no CPU runs @v any more. Lock: domain lock held. */
bool message_stop_locked(struct vcpu *here, struct vcpu *v);

/** The same with all vCPUs of the domain. Lock: domain lock held. */
bool message_stop_all_locked(struct vcpu *here);

/**
 * The VMM that ran in the place of @v, and has left it (sched_leave_vmm()), replies to what it has
 * served, and gets the next message or waits. Errors: ERR_ARG for a reply that does not fit the
 * message; then nothing has changed.
 */
MUST_USE err_t message_reply(struct vcpu *v, uint64_t reply, uint64_t value);

#endif
