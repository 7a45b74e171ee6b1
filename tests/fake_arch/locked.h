/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test asks of a domain whose lock nobody holds: takes it, as the kernel's own callers do.
 */
#ifndef TESTS_FAKE_ARCH_LOCKED_H
#define TESTS_FAKE_ARCH_LOCKED_H

#include "kernel/core/kernel.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

static inline err_t locked_configure(struct vcpu *v, uint32_t intid, uint64_t configuration)
{
	lock_acquire(&v->domain->lock);
	err_t err = vgic_configure_locked(v, intid, configuration);

	lock_release(&v->domain->lock);
	return err;
}

static inline err_t locked_operate(struct vcpu *v, uint32_t intid, uint64_t op)
{
	lock_acquire(&v->domain->lock);
	err_t err = vgic_operate_locked(v, intid, op);

	lock_release(&v->domain->lock);
	return err;
}

static inline err_t locked_state(struct vcpu *v, uint32_t intid, uint64_t *state)
{
	lock_acquire(&v->domain->lock);
	err_t err = vgic_state_locked(v, intid, state);

	lock_release(&v->domain->lock);
	return err;
}

static inline bool locked_has_pending(struct vcpu *v)
{
	lock_acquire(&v->domain->lock);
	bool pending = vgic_has_pending_locked(v);

	lock_release(&v->domain->lock);
	return pending;
}

static inline void locked_fold(struct vcpu *v)
{
	lock_acquire(&v->domain->lock);
	vgic_fold_locked(v);
	lock_release(&v->domain->lock);
}

static inline void locked_enable(struct domain *d, bool on)
{
	lock_acquire(&d->lock);
	vgic_enable_locked(d, on);
	lock_release(&d->lock);
}

static inline void locked_pend_spi(struct domain *d, uint32_t intid)
{
	lock_acquire(&d->lock);
	vgic_pend_spi_locked(d, intid);
	lock_release(&d->lock);
}

static inline void locked_wake(struct vcpu *v)
{
	lock_acquire(&v->domain->lock);
	vcpu_wake_locked(v);
	lock_release(&v->domain->lock);
}

static inline void locked_start(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	lock_acquire(&v->domain->lock);
	vcpu_start_locked(v, pc, arg);
	lock_release(&v->domain->lock);
}

#endif
