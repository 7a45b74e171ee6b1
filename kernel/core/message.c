/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message path: from what a vCPU or an event wants to its VMM, and back with the reply.
 */
#include "kernel/core/message.h"

#include "kernel/core/arch.h"
#include "kernel/core/line.h"
#include "kernel/core/stream.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

#define RESULT_REGS 4U /* of a guest's call: x0..x3, SMCCC 1.1 */

/* Hand the VMM, which waits, to @v with what @v wants of it. Lock: domain lock held. */
static void give_message_locked(struct domain *d, struct vcpu *v)
{
	lock_assert_held(&d->lock);
	__builtin_memcpy(d->vmm_regs.x, v->message.x, sizeof(v->message));
	d->serving = SERVING_VCPU;
	/* Pairs with holds_vmm() in sched.c: the new owner's CPU sees the VMM's registers. */
	__atomic_store_n(&d->vmm_owner, v->index, __ATOMIC_RELEASE);
}

/* The VMM of @d, which waits, gets what events there are, unless vCPU 0 rests from them. False: it
 * goes on waiting. Lock: domain lock held. */
static bool give_events_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	struct vcpu *v = &d->vcpus[0];

	if (!d->events || v->resting) {
		return false;
	}
	d->vmm_regs.x[0] = PV_MSG_EVENTS;
	d->vmm_regs.x[1] = d->events;
	d->events = 0;
	d->serving = SERVING_EVENTS;
	__atomic_store_n(&d->vmm_owner, VMM_OFFERED, __ATOMIC_RELEASE); /* as above */
	vcpu_poke(v);
	return true;
}

bool message_take_events(struct vcpu *v)
{
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	bool offered = d->vmm_owner == VMM_OFFERED;

	if (offered) {
		__atomic_store_n(&d->vmm_owner, v->index, __ATOMIC_RELAXED);
	}
	lock_release(&d->lock);
	return offered;
}

void message_offer_events(struct domain *d)
{
	lock_acquire(&d->lock);
	if (d->serving == SERVING_EVENTS) {
		__atomic_store_n(&d->vmm_owner, VMM_OFFERED, __ATOMIC_RELEASE); /* as above */
		for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
			if (n == 0 || d->vcpus[n].wait == WAIT_VMM) {
				vcpu_poke(&d->vcpus[n]);
			}
		}
	}
	lock_release(&d->lock);
}

void message_end_rest(struct vcpu *v)
{
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	v->resting = false;
	if (d->vmm_owner == NONE) {
		(void)give_events_locked(d);
	}
	lock_release(&d->lock);
}

/* Choose what the VMM, which has just ended a message, does next. Lock: domain lock held. */
static void next_message_locked(struct domain *d, const struct vcpu *last)
{
	lock_assert_held(&d->lock);
	/* Around from the vCPU behind the last, so that none of them starves. */
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		struct vcpu *v = &d->vcpus[(last->number + 1 + n) % d->vcpu_count];

		if (v->wait == WAIT_VMM) {
			give_message_locked(d, v);
			vcpu_poke(v);
			return;
		}
	}
	if (!give_events_locked(d)) {
		__atomic_store_n(&d->vmm_owner, NONE, __ATOMIC_RELAXED);
	}
}

void message_event_locked(struct domain *d, uint32_t event)
{
	lock_assert_held(&d->lock);
	d->events |= 1ULL << event;
	if (d->vmm_owner == NONE && d->alive) {
		(void)give_events_locked(d);
	}
}

bool message_stop_locked(struct vcpu *here, struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	struct domain *d = v->domain;

	if (v == here) {
		vgic_fold_locked(v);
		if (d->serving == SERVING_VCPU) {
			d->serving = SERVING_NOTHING;
		}
	}
	bool left = vcpu_stop_locked(v);

	stream_settle_locked(d);
	line_stop_locked(d);
	return left;
}

bool message_stop_all_locked(struct vcpu *here)
{
	lock_assert_held(&here->domain->lock);
	struct domain *d = here->domain;
	bool left = true;

	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		left = message_stop_locked(here, &d->vcpus[n]) && left;
	}
	return left;
}

void message_send(struct vcpu *v)
{
	struct domain *d = v->domain;

	vcpu_unsettle();
	lock_acquire(&d->lock);
	if (vcpu_wait_locked(v, WAIT_VMM) && d->vmm_owner == NONE) {
		give_message_locked(d, v);
	}
	lock_release(&d->lock);
}

static void set_wait(struct vcpu *v, enum vcpu_wait wait)
{
	__atomic_store_n(&v->wait, wait, __ATOMIC_RELAXED);
}

/* The guest of @v goes on behind the instruction that asked for the VMM. */
static void resume(struct vcpu *v, uint64_t value)
{
	bool reads = v->message.x[0] == PV_MSG_READ || v->message.x[0] == PV_MSG_SYSREG;

	if (reads && v->access.reg < 31) {
		v->regs.x[v->access.reg] = access_extend(v->access, value);
	}
	if (v->message.x[0] == PV_MSG_CALL) {
		/* An HVC has its return address behind itself, an SMC has not. */
		v->regs.x[0] = value;
		v->regs.pc += v->message.x[6] ? 4 : 0;
	} else {
		v->regs.pc += trap_instruction_bytes(v->message.x[5]); /* its ESR */
	}
	set_wait(v, WAIT_NOTHING);
}

/* Carry out @reply to the message of @v. Lock: domain lock held; v is the owner, loaded here. */
static err_t reply_to_vcpu(struct vcpu *v, uint64_t reply, uint64_t value)
{
	switch (reply) {
	case PV_REPLY_RESUME:
		if (v->message.x[0] == PV_MSG_FAULT) {
			return ERR_ARG;
		}
		resume(v, value);
		return OK;
	case PV_REPLY_RESULTS:
		if (v->message.x[0] != PV_MSG_CALL) {
			return ERR_ARG;
		}
		for (uint32_t i = 1; i < RESULT_REGS; i++) {
			v->regs.x[i] = v->domain->vmm_regs.x[1 + i];
		}
		resume(v, value);
		return OK;
	case PV_REPLY_UNDEF:
		if (v->message.x[0] == PV_MSG_CALL && !v->message.x[6]) {
			v->regs.pc -= 4; /* the HVC itself is undefined */
		}
		arch_inject_undefined(v);
		set_wait(v, WAIT_NOTHING);
		return OK;
	case PV_REPLY_ABORT:
		if (v->message.x[0] == PV_MSG_CALL || v->message.x[0] == PV_MSG_SYSREG) {
			return ERR_ARG;
		}
		arch_inject_abort(v, v->message.x[5], v->message.x[7]); /* its ESR and FAR */
		set_wait(v, WAIT_NOTHING);
		return OK;
	case PV_REPLY_OFF:
		vgic_fold_locked(v);
		set_wait(v, WAIT_OFF);
		stream_settle_locked(v->domain);
		line_stop_locked(v->domain);
		return OK;
	default:
		return ERR_ARG;
	}
}

err_t message_reply(struct vcpu *v, uint64_t reply, uint64_t value)
{
	struct domain *d = v->domain;
	err_t err = OK;

	lock_acquire(&d->lock);
	if (d->serving == SERVING_VCPU) {
		err = reply_to_vcpu(v, reply, value);
	} else if (reply != PV_REPLY_NONE) {
		err = ERR_ARG;
	} else if (d->serving == SERVING_EVENTS) {
		struct vcpu *first = &d->vcpus[0];

		first->resting = true;
		vcpu_poke(first); /* a rest has an end */
	}
	if (!err) {
		next_message_locked(d, v);
	}
	lock_release(&d->lock);
	return err;
}
