/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other CPUs, and the calls and interrupts of this one, do to a vCPU (vcpu.h).
 */
#include "kernel/core/vcpu.h"

#include "kernel/core/arch.h"

bool vcpu_is_loaded_here(const struct vcpu *v)
{
	return cpu_here()->current == v;
}

void vcpu_poke(const struct vcpu *v)
{
	struct cpu *c = v->cpu;
	struct cpu *here = cpu_here();

	/* Pairs with the exchange in reschedule(). */
	__atomic_store_n(&c->resched, 1, __ATOMIC_RELEASE);
	if (c != here) {
		here->pokes |= c->poke_bit;
	} else {
		here->unsettled = true;
	}
}

void vcpu_send_pokes(struct cpu *c)
{
	uint32_t pokes = c->pokes;

	c->pokes = 0;
	if (pokes) {
		arch_poke(pokes);
	}
}

void vcpu_start_locked(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	lock_assert_held(&v->domain->lock);
	v->start_pc = pc;
	v->start_arg = arg;
	__atomic_store_n(&v->start, true, __ATOMIC_RELAXED);
	__atomic_store_n(&v->wait, WAIT_NOTHING, __ATOMIC_RELEASE); /* pairs with world_of() */
	vcpu_poke(v);
}

/* Whether no CPU runs @v, which is off. Where its VMM runs in its place, its guest does not. */
static bool has_left(const struct vcpu *v)
{
	/* `wait` before `current` here, `current` before `wait` in load(): one sees the other. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return v->cpu == cpu_here() || __atomic_load_n(&v->cpu->current, __ATOMIC_ACQUIRE) != v;
}

bool vcpu_stop_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	bool was_off = v->wait == WAIT_OFF;

	__atomic_store_n(&v->wait, WAIT_OFF, __ATOMIC_RELAXED);
	bool left = has_left(v);

	/* Once: one that has been told leaves, and a CPU that runs somebody else is left alone. */
	if (!left && !was_off) {
		vcpu_poke(v);
	}
	return left;
}

bool vcpu_is_off_locked(const struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	return v->wait == WAIT_OFF && has_left(v);
}

bool vcpu_some_run_locked(const struct domain *d)
{
	lock_assert_held(&d->lock);
	bool run = false;

	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		run = run || d->vcpus[n].wait != WAIT_OFF;
	}
	return run && d->alive;
}

void vcpu_dirty_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	if (v->vgic.dirty) {
		return; /* its CPU has been told, or looks when it loads @v */
	}
	__atomic_store_n(&v->vgic.dirty, true, __ATOMIC_RELAXED);
	const struct cpu *c = v->cpu;
	struct cpu *here = cpu_here();

	if (c == here) {
		return;
	}
	/* `dirty` before `current` here, `current` before `dirty` in load(): one sees the other. A
	 * CPU that runs somebody else is left alone. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&c->current, __ATOMIC_RELAXED) == v) {
		here->pokes |= c->poke_bit;
	}
}

void vcpu_wake_locked(struct vcpu *v)
{
	lock_assert_held(&v->domain->lock);
	if (v->wait != WAIT_IRQ) {
		vcpu_dirty_locked(v);
		return;
	}
	__atomic_store_n(&v->vgic.dirty, true, __ATOMIC_RELAXED);
	__atomic_store_n(&v->wait, WAIT_NOTHING, __ATOMIC_RELAXED);
	vcpu_poke(v);
}
