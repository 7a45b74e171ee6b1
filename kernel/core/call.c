/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls: one row for each call says which type of capability its x0 must name, so that no
 * call can forget the check; the call itself gets the object.
 */
#include "kernel/core/call.h"

#include "kernel/core/arch.h"
#include "kernel/core/console.h"
#include "kernel/core/domain.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/stream.h"
#include "kernel/core/timers.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"
#include "kernel/core/window.h"

/* A call in progress: who calls, the object of its capability, its registers. */
struct call {
	struct vcpu *v;
	struct domain *d;
	uint32_t object;
	struct regs *regs;
};

static err_t call_nop(const struct call *c)
{
	(void)c;
	return OK;
}

static err_t call_vcpu_start(const struct call *c)
{
	return domain_start_vcpu(&kernel.vcpus[c->object], c->regs->x[1], c->regs->x[2]);
}

static err_t call_vcpu_stop(const struct call *c)
{
	lock_acquire(&c->d->lock);
	bool left = message_stop_locked(c->v, &kernel.vcpus[c->object]);

	lock_release(&c->d->lock);
	return left ? OK : ERR_AGAIN;
}

/* VIRQ_SET, _OP and _GET: what is asked of interrupt x2 of vCPU x1. */
static err_t call_virq(const struct call *c)
{
	uint64_t *x = c->regs->x;
	uint32_t intid = (uint32_t)x[2];
	err_t err;

	if (x[1] >= c->d->vcpu_count || x[2] > UINT32_MAX) {
		return ERR_RANGE;
	}
	struct vcpu *v = &c->d->vcpus[x[1]];

	lock_acquire(&c->d->lock);
	if (x[8] == PV_CALL_VIRQ_SET) {
		err = vgic_configure_locked(v, intid, x[3]);
	} else if (x[8] == PV_CALL_VIRQ_OP) {
		err = vgic_operate_locked(v, intid, x[3]);
	} else {
		err = vgic_state_locked(v, intid, &x[1]);
	}
	lock_release(&c->d->lock);
	return err;
}

static err_t call_vgic_enable(const struct call *c)
{
	if (c->regs->x[1] > 1) {
		return ERR_ARG;
	}
	lock_acquire(&c->d->lock);
	vgic_enable_locked(c->d, c->regs->x[1]);
	lock_release(&c->d->lock);
	return OK;
}

static err_t call_vgic_reset(const struct call *c)
{
	bool off = true;

	lock_acquire(&c->d->lock);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < c->d->vcpu_count; n++) {
		off = off && vcpu_is_off_locked(&c->d->vcpus[n]);
	}
	if (off) {
		vgic_reset_locked(c->d);
		doorbell_reset_all_locked(c->d);
	}
	lock_release(&c->d->lock);
	return off ? OK : ERR_STATE;
}

static err_t call_doorbell_ring(const struct call *c)
{
	doorbell_ring(c->object);
	return OK;
}

static err_t call_doorbell_bind(const struct call *c)
{
	return doorbell_bind(c->d, c->object, c->regs->x[1]);
}

static err_t call_timer_set(const struct call *c)
{
	timers_set(c->v, arch_when(c->regs->x[0]));
	return OK;
}

static err_t call_console_write(const struct call *c)
{
	uint64_t count = c->regs->x[1];

	if (count == 0 || count > 16) {
		return ERR_RANGE;
	}
	c->regs->x[1] = console_write(c->d->image.channel_first + c->object, (uint32_t)count,
	                              c->regs->x[2], c->regs->x[3]);
	return OK;
}

static err_t call_console_read(const struct call *c)
{
	c->regs->x[1] = console_read(c->d->image.channel_first + c->object, &c->regs->x[2]);
	return OK;
}

static err_t call_stream_set(const struct call *c)
{
	return c->regs->x[1] > 1 ? ERR_ARG : stream_set(c->d, c->object, c->regs->x[1]);
}

static err_t call_stream_get(const struct call *c)
{
	stream_get(c->object, &c->regs->x[1]);
	return OK;
}

static err_t call_window_read(const struct call *c)
{
	return window_read(c->object, c->regs->x[1], &c->regs->x[1]);
}

static err_t call_window_write(const struct call *c)
{
	return window_write(c->object, c->regs->x[1], c->regs->x[2]);
}

static err_t call_vcpu_get(const struct call *c)
{
	uint64_t which = c->regs->x[1];

	if (which >= PV_COUNTER_COUNT) {
		return ERR_RANGE;
	}
	c->regs->x[1] = sched_counter(&kernel.vcpus[c->object], (enum pv_counter)which);
	return OK;
}

static err_t call_doorbell_rings(const struct call *c)
{
	return doorbell_rings(c->object, &c->regs->x[1]);
}

/* PV_CALL_WAIT is not here: it returns a message, not an error. */
static const struct {
	err_t (*run)(const struct call *c);
	enum pv_cap_type cap; /* of x0; PV_CAP_NONE: takes no capability */
} calls[PV_CALL_COUNT] = {
	[PV_CALL_NOP] = {call_nop, PV_CAP_NONE},
	[PV_CALL_VCPU_START] = {call_vcpu_start, PV_CAP_VCPU},
	[PV_CALL_VCPU_STOP] = {call_vcpu_stop, PV_CAP_VCPU},
	[PV_CALL_VIRQ_SET] = {call_virq, PV_CAP_VGIC},
	[PV_CALL_VIRQ_OP] = {call_virq, PV_CAP_VGIC},
	[PV_CALL_VIRQ_GET] = {call_virq, PV_CAP_VGIC},
	[PV_CALL_VGIC_ENABLE] = {call_vgic_enable, PV_CAP_VGIC},
	[PV_CALL_VGIC_RESET] = {call_vgic_reset, PV_CAP_VGIC},
	[PV_CALL_DOORBELL_RING] = {call_doorbell_ring, PV_CAP_DOORBELL_SEND},
	[PV_CALL_DOORBELL_BIND] = {call_doorbell_bind, PV_CAP_DOORBELL_RECV},
	[PV_CALL_TIMER_SET] = {call_timer_set, PV_CAP_NONE},
	[PV_CALL_CONSOLE_WRITE] = {call_console_write, PV_CAP_CONSOLE},
	[PV_CALL_CONSOLE_READ] = {call_console_read, PV_CAP_CONSOLE},
	[PV_CALL_STREAM_SET] = {call_stream_set, PV_CAP_STREAM},
	[PV_CALL_STREAM_GET] = {call_stream_get, PV_CAP_STREAM},
	[PV_CALL_WINDOW_READ] = {call_window_read, PV_CAP_WINDOW},
	[PV_CALL_WINDOW_WRITE] = {call_window_write, PV_CAP_WINDOW},
	[PV_CALL_VCPU_GET] = {call_vcpu_get, PV_CAP_VCPU},
	[PV_CALL_DOORBELL_SENT] = {call_doorbell_rings, PV_CAP_DOORBELL_SEND},
	[PV_CALL_DOORBELL_CAME] = {call_doorbell_rings, PV_CAP_DOORBELL_RECV},
};

/* The object of capability @index of @d, which must be of @type. */
static err_t cap_lookup(const struct domain *d, uint64_t index, enum pv_cap_type type,
                        uint32_t *object)
{
	if (index >= d->image.caps.count) {
		return ERR_CAP;
	}
	const struct pv_cap *cap = &kernel.caps[d->image.caps.first + (uint32_t)index];

	if (cap->type != (uint32_t)type) {
		return ERR_CAP;
	}
	*object = cap->object;
	return OK;
}

static err_t call_run(struct vcpu *v, struct regs *regs)
{
	struct call c = {.v = v, .d = v->domain, .regs = regs};
	uint64_t number = regs->x[8];
	err_t err = OK;

	if (number >= PV_CALL_COUNT || !calls[number].run) {
		return ERR_CALL;
	}
	if (calls[number].cap != PV_CAP_NONE) {
		err = cap_lookup(c.d, regs->x[0], calls[number].cap, &c.object);
	}
	return err ? err : calls[number].run(&c);
}

/* PV_CALL_WAIT: ends the work on one message, and returns with the next. */
static void call_wait(struct vcpu *v, const struct regs *regs)
{
	uint64_t reply = regs->x[0];
	uint64_t value = regs->x[1];

	if (reply == PV_REPLY_STOP) {
		domain_off(v, value <= PV_STOP_VMM ? (enum pv_stop)value : PV_STOP_VMM);
		reply = PV_REPLY_NONE;
	}
	/* From here on another CPU may run the VMM: nothing of it may be left in this one. */
	sched_leave_vmm();
	if (message_reply(v, reply, value)) {
		domain_vmm_died(v, ", a reply that fits no message"); /* it has lost its way */
	}
}

void call_dispatch(struct vcpu *v)
{
	struct regs *regs = &v->domain->vmm_regs;

	if (regs->x[8] == PV_CALL_WAIT) {
		call_wait(v, regs);
		return;
	}
	regs->x[0] = (uint64_t)(int64_t)call_run(v, regs);
}
