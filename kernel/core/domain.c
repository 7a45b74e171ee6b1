/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start and end of domains (domain.h).
 */
#include "kernel/core/domain.h"

#include "kernel/core/arch.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/line.h"
#include "kernel/core/log.h"
#include "kernel/core/message.h"
#include "kernel/core/stream.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

/* A domain may go off and on as often as it likes, and its lines hold up whoever has something to
 * say: so many of each are told. */
#define LINES_MAX 256U

/* "domain NAME" @what @reason @detail, unless it has told enough. */
static void tell(struct domain *d, const char *what, const char *reason, const char *detail)
{
	if (__atomic_fetch_add(&d->told, 1, __ATOMIC_RELAXED) < LINES_MAX) {
		log_print("domain %s%s%s%s", d->image.name, what, reason, detail);
	}
}

static const char *const stop_texts[] = {
	[PV_STOP_POWEROFF] = "poweroff",
	[PV_STOP_RESET] = "reset",
	[PV_STOP_FAULT] = "fault",
	[PV_STOP_VMM] = "vmm",
};

/* @d has stopped; @was_on: and is to be counted. */
static void tell_stop(struct domain *d, bool was_on, enum pv_stop reason, const char *detail)
{
	tell(d, " stopped: ", stop_texts[reason], detail);
	if (was_on && __atomic_sub_fetch(&kernel.domains_on, 1, __ATOMIC_RELAXED) == 0) {
		log_print("all domains have stopped");
		arch_power_off();
	}
}

/* @d is on; if @was_on it was before. */
static void tell_start(struct domain *d, bool was_on)
{
	if (!was_on) {
		__atomic_add_fetch(&kernel.domains_on, 1, __ATOMIC_RELAXED);
		tell(d, " started", "", "");
	}
}

/* The VMM of @d, and vCPU 0 behind it, in their first state. Lock: domain lock held. */
static void start_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	vgic_reset_locked(d);
	arch_vmm_reset(d, d->image.vmm_entry, d->image.vmm_stack, d->image.vmm_arg);
	d->vmm_regs.x[3] = d->vmm_lives;
	__atomic_store_n(&d->alive, true, __ATOMIC_RELAXED);
	d->on = true;
	d->serving = SERVING_NOTHING;
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		__atomic_store_n(&d->vcpus[n].timer_at, UINT64_MAX, __ATOMIC_RELAXED);
	}
	/* The VMM starts in the place of vCPU 0, before it. Pairs with holds_vmm() in sched.c. */
	__atomic_store_n(&d->vmm_owner, d->vcpus[0].index, __ATOMIC_RELEASE);
	vcpu_start_locked(&d->vcpus[0], d->image.entry, d->image.entry_arg);
}

void domain_start(struct domain *d)
{
	lock_acquire(&d->lock);
	start_locked(d);
	lock_release(&d->lock);
}

/* Whether @v may start at @now. One that is started and stopped again and again before its CPU has
 * got to it must not interrupt that each time: once in a time slice. Lock: domain lock held. */
static err_t may_start_locked(struct vcpu *v, uint64_t now)
{
	lock_assert_held(&v->domain->lock);
	if (v->wait != WAIT_OFF || !v->domain->alive) {
		return ERR_STATE;
	}
	if (v->start && v->cpu != cpu_here() && now - v->started_at < kernel.slice_ticks) {
		return ERR_AGAIN;
	}
	v->started_at = now;
	return OK;
}

err_t domain_start_vcpu(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	struct domain *d = v->domain;

	lock_acquire(&d->lock);
	bool was_on = d->on;
	err_t err = may_start_locked(v, arch_now());

	if (!err) {
		d->on = true;
		vcpu_start_locked(v, pc, arg);
	}
	lock_release(&d->lock);
	tell_start(d, was_on || err);
	return err;
}

void domain_off(struct vcpu *here, enum pv_stop reason)
{
	struct domain *d = here->domain;

	lock_acquire(&d->lock);
	bool was_on = d->on;

	d->on = false;
	(void)message_stop_all_locked(here);
	lock_release(&d->lock);
	if (was_on) {
		tell_stop(d, true, reason, "");
	}
}

void domain_stop(struct domain *d, enum pv_stop reason, const char *detail)
{
	lock_acquire(&d->lock);
	bool was_alive = d->alive;
	bool was_on = d->on;

	d->on = false;
	d->told = 0; /* its last line is told */
	__atomic_store_n(&d->alive, false, __ATOMIC_RELAXED);
	stream_settle_locked(d);
	line_stop_locked(d);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		vcpu_poke(&d->vcpus[n]);
	}
	lock_release(&d->lock);
	if (was_alive) {
		tell_stop(d, was_on, reason, detail);
	}
}

void domain_vmm_died(struct vcpu *here, const char *detail)
{
	struct domain *d = here->domain;

	if (!(d->image.flags & PV_DOMAIN_VMM_RESTARTS) || d->vmm_lives == DOMAIN_VMM_LIVES) {
		domain_stop(d, PV_STOP_VMM, detail);
		return;
	}
	lock_acquire(&d->lock);
	bool left = message_stop_all_locked(here) && d->alive; /* it may be dead since */
	bool was_on = d->on;

	if (left) {
		d->vmm_lives++;
		doorbell_reset_all_locked(d);
		start_locked(d);
	} else {
		d->vmm_regs.pc = DOMAIN_DEAD_PC;
	}
	lock_release(&d->lock);
	if (left) {
		tell(d, "'s VMM starts again", "", "");
		tell_start(d, was_on);
	}
}

void domain_abort(struct domain *d)
{
	domain_stop(d, PV_STOP_FAULT, ", an asynchronous abort");
}
