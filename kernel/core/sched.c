/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler of one physical CPU. Reads of other domains' `wait` and `vmm_owner` without their
 * lock are hints: whoever changes them pokes the CPU afterwards, and it looks again.
 */
#include "kernel/core/sched.h"

#include <stddef.h>

#include "kernel/core/arch.h"
#include "kernel/core/domain.h"
#include "kernel/core/interrupt.h"
#include "kernel/core/message.h"
#include "kernel/core/ticks.h"
#include "kernel/core/timers.h"
#include "kernel/core/vgic.h"

static inline bool holds_vmm(const struct vcpu *v)
{
	/* Pairs with the releases in message.c. */
	return __atomic_load_n(&v->domain->vmm_owner, __ATOMIC_ACQUIRE) == v->index;
}

/* In which world @v runs if it is chosen. WORLD_IDLE: in none. WORLD_VMM may be that of events which
 * are offered, and then is a hint: another may take them. */
static INLINE enum world world_of(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	/* Pairs with the releases in vcpu_poke() and vcpu_start_locked(): what was written before
	 * is seen here. */
	enum vcpu_wait wait = __atomic_load_n(&v->wait, __ATOMIC_ACQUIRE);
	uint32_t owner = __atomic_load_n(&d->vmm_owner, __ATOMIC_ACQUIRE);

	if (!__atomic_load_n(&d->alive, __ATOMIC_RELAXED)) {
		return WORLD_IDLE;
	}
	if (owner == v->index || (owner == VMM_OFFERED && (v->number == 0 || wait == WAIT_VMM))) {
		return WORLD_VMM;
	}
	return wait == WAIT_NOTHING ? WORLD_GUEST : WORLD_IDLE;
}

static INLINE bool runnable(const struct vcpu *v)
{
	return world_of(v) != WORLD_IDLE;
}

static bool is_off(const struct vcpu *v)
{
	return __atomic_load_n(&v->wait, __ATOMIC_RELAXED) == WAIT_OFF;
}

/* Its guest does nothing until something wakes it. */
static bool waits(const struct vcpu *v)
{
	enum vcpu_wait wait = __atomic_load_n(&v->wait, __ATOMIC_RELAXED);

	return wait == WAIT_IRQ || wait == WAIT_OFF;
}

/* @v has run on @c until @to, and pays for it. */
static void pay(struct cpu *c, struct vcpu *v, uint64_t to)
{
	uint64_t from = c->charged;

	__atomic_store_n(&c->charged, to, __ATOMIC_RELAXED);
	/* Behind that; pairs with sched_counter(), which else would count the same time twice. */
	__atomic_store_n(&v->counters[PV_COUNTER_TIME], v->counters[PV_COUNTER_TIME] + to - from,
	                 __ATOMIC_RELEASE);
	v->slice_left = less(v->slice_left, to - from);
	budget_spend(&v->budget, from, to);
}

/* What ran on @c until @now pays for it. */
static void charge(struct cpu *c, uint64_t now)
{
	struct vcpu *v = c->current;
	uint64_t from = c->charged;

	if (!v || c->idle) {
		__atomic_store_n(&c->charged, now, __ATOMIC_RELAXED);
		return;
	}
	pay(c, v, now);
	if (c->world == WORLD_VMM && v->domain->serving == SERVING_EVENTS) {
		/* Twice: what the kernel does at both ends of a rest counts as rest. */
		v->rest_at = now +
		             earlier(less(v->rest_at, from) + 2 * (now - from), kernel.slice_ticks);
	}
}

/*
 * Turns. Of equals the one whose `turn` is lowest runs, until its slice is used up or it cannot run;
 * then it is behind all others, with a new slice. Nobody else changes either: whoever preempts it
 * finds it as it left it, and one that wakes waits behind it. So each that always wants to run gets
 * a whole slice between two of any of its equals.
 */

static INLINE bool has_budget(struct vcpu *v, uint64_t now)
{
	if (!budget_left(&v->budget)) {
		budget_return(&v->budget, now);
	}
	return budget_left(&v->budget);
}

static bool may_run(struct vcpu *v, uint64_t now)
{
	return runnable(v) && has_budget(v, now);
}

/* @v has run, and paid for it. */
static void end_turn(struct cpu *c, struct vcpu *v, uint64_t now)
{
	if (!v->slice_left || !may_run(v, now)) {
		v->turn = ++c->turns;
		v->slice_left = kernel.slice_ticks;
	}
}

/* What one look at all slots finds. */
struct look {
	struct vcpu *best; /* who is to run; NULL: nobody may */
	bool contended;    /* an equal of it may run, too */
	uint64_t again;    /* when this CPU must look again for the sake of others */
};

/* When this CPU must look for the sake of @v, which is not runnable; but for its timer, if this CPU
 * holds it. */
static INLINE uint64_t wakes_at(const struct cpu *c, const struct vcpu *v)
{
	bool sleeps = __atomic_load_n(&v->wait, __ATOMIC_RELAXED) == WAIT_IRQ;

	return earlier(sleeps && v != c->current ? v->wake_at : UINT64_MAX,
	               v->resting && v->left_at == UINT64_MAX ? v->rest_at : UINT64_MAX);
}

/* @v would run if it had budget left. Returns when it has. */
static uint64_t hold(struct vcpu *v, uint64_t now)
{
	uint64_t back = budget_back_at(&v->budget);

	v->counters[PV_COUNTER_HELD] += less(back, later(now, v->held_until));
	v->held_until = back;
	return back;
}

/* Slots are sorted by priority: behind who may run, only equals count. Who is below what runs is
 * looked at when that stops. */
static struct look look_around(const struct cpu *c, uint64_t now)
{
	struct look look = {.again = c->timers_at};

	for (uint32_t n = 0; n < PV_CPU_SLOTS_MAX && n < c->slot_count; n++) {
		struct vcpu *v = c->slots[n];

		if (look.best && v->priority < look.best->priority) {
			break;
		}
		if (!runnable(v)) {
			look.again = earlier(look.again, wakes_at(c, v));
		} else if (!has_budget(v, now)) {
			look.again = earlier(look.again, hold(v, now));
		} else {
			look.contended = look.best;
			if (!look.best || v->turn < look.best->turn) {
				look.best = v;
			}
		}
	}
	return look;
}

/* This CPU must look again at @deadline, or at the end of a slice that is contended, of a budget or
 * a rest of what runs. */
static void set_deadline(struct cpu *c, const struct look *look, uint64_t now)
{
	struct vcpu *running = look->best;
	uint64_t deadline = look->again;

	if (running) {
		budget_return(&running->budget, now);
		uint64_t left = budget_left(&running->budget);

		deadline = earlier(deadline, left == UINT64_MAX ? left : now + left);
		deadline = earlier(deadline, running->resting ? running->rest_at : UINT64_MAX);
		deadline =
			earlier(deadline, look->contended ? now + running->slice_left : UINT64_MAX);
	}
	if (deadline != c->deadline || deadline <= now) {
		c->deadline = deadline;
		arch_set_deadline(deadline);
	}
}

static void leave_world(struct cpu *c)
{
	if (c->world == WORLD_VMM) {
		arch_leave_vmm(c->current->domain);
	}
	c->world = WORLD_IDLE;
}

void sched_leave_vmm(void)
{
	struct cpu *c = cpu_here();

	if (c->current->domain->serving == SERVING_EVENTS) {
		charge(c, arch_now()); /* it is still the VMM that has run */
	}
	c->unsettled = true;
	leave_world(c);
}

/* Store the registers of the vCPU that this CPU holds, whose list registers are folded. */
static void unload(struct cpu *c)
{
	if (!c->current) {
		return;
	}
	leave_world(c);
	if (arch_vcpu_save(c->current, vgic_timer_in_flight(c->current))) {
		domain_abort(c->current->domain);
	}
	__atomic_store_n(&c->current, NULL, __ATOMIC_RELEASE); /* pairs with has_left() */
}

/* Make @v the vCPU whose registers this CPU holds. */
static void load(struct cpu *c, struct vcpu *v)
{
	bool start = __atomic_load_n(&v->start, __ATOMIC_RELAXED);

	if (c->current == v && !start) {
		return;
	}
	unload(c);
	if (start) {
		v->start = false;
		vgic_drop(v);
		arch_vcpu_reset(v, v->start_pc, v->start_arg);
	}
	uint32_t *last = &c->last_vcpu[v->domain - kernel.domains];

	/* vCPUs of a domain share a VMID, so they may not see each other's local translations. */
	arch_vcpu_load(v, vgic_timer_in_flight(v), *last != NONE && *last != v->index);
	*last = v->index;
	__atomic_store_n(&c->current, v, __ATOMIC_RELEASE);
	/* Pairs with vcpu_dirty_locked() and has_left(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void enter_world(struct cpu *c, struct vcpu *v, enum world world)
{
	struct domain *d = v->domain;

	if (c->world != world) {
		if (c->world == WORLD_VMM) {
			leave_world(c);
		}
		if (world == WORLD_VMM) {
			arch_enter_vmm(d);
		}
		c->world = world;
	}
	c->regs = world == WORLD_VMM ? &d->vmm_regs : &v->regs;
}

uint64_t sched_counter(struct vcpu *v, enum pv_counter which)
{
	const struct cpu *c = v->cpu;
	uint64_t now = arch_now();
	uint64_t count = __atomic_load_n(&v->counters[which], __ATOMIC_ACQUIRE);

	if (which != PV_COUNTER_TIME) {
		return count;
	}
	if (__atomic_load_n(&c->current, __ATOMIC_ACQUIRE) == v &&
	    !__atomic_load_n(&c->idle, __ATOMIC_ACQUIRE)) {
		/* It runs, and pays when it stops: if that is now, on another CPU, what it has just
		 * paid may be missing, or what the next one pays be in it. What others had paid, or
		 * slept, before its turn is not: both were released behind `charged`. */
		count += less(now, __atomic_load_n(&c->charged, __ATOMIC_RELAXED));
	}
	v->time_told = later(v->time_told, count);
	return v->time_told;
}

/* Choose anew and load the choice. False: nothing may run. */
static RARE bool reschedule(struct cpu *c)
{
	struct vcpu *held = c->current;
	struct vcpu *last = c->idle ? NULL : held;
	uint64_t now = arch_now();

	/* From the deadline on, who is woken pays, or who has to stop. */
	charge(c, c->deadline < now ? later(c->deadline, c->charged) : now);
	if (held) {
		vgic_sync(held); /* that may wake another vCPU of its domain */
	}
	if (last) {
		last->left_at = waits(last) ? UINT64_MAX : now;
	}
	if (c->deadline <= now) {
		timers_wake(c, now);
		if (c->timers_at <= now) {
			timers_ring(c, now);
		}
	}
	/* Before the looks that follow, behind what this CPU itself has just found. */
	(void)__atomic_exchange_n(&c->resched, 0, __ATOMIC_ACQUIRE);
	c->unsettled = false;
	if (held) {
		end_turn(c, held, now);
	}
	struct look look = look_around(c, now);
	struct vcpu *next = look.best;

	if (held && next != held && holds_vmm(held)) {
		leave_world(c);
		message_offer_events(held->domain);
	}
	__atomic_store_n(&c->idle, !next, __ATOMIC_RELEASE); /* pairs with sched_counter() */
	if (next) {
		next->rest_at += less(now, next->left_at);
		load(c, next);
		if (held && held != next && held->priority >= next->priority) {
			look.again =
				earlier(look.again, wakes_at(c, held)); /* its timer now counts */
		}
	} else if (c->current && is_off(c->current)) {
		unload(c); /* whoever has stopped it waits for that */
	}
	if (last && next != last && !may_run(last, now)) {
		pay(c, last, arch_now()); /* it has stopped: until the next can go on */
	}
	set_deadline(c, &look, now);
	return next;
}

void sched_deadline(struct cpu *c)
{
	arch_set_deadline(UINT64_MAX); /* c->deadline stays, and says when this began */
	__atomic_store_n(&c->resched, 1, __ATOMIC_RELAXED);
}

/* In which world @v, loaded here, goes on; WORLD_IDLE: in none. It takes the events that it is to
 * serve. */
static INLINE enum world take_world(struct vcpu *v)
{
	enum world world = world_of(v);

	if (world == WORLD_VMM && !holds_vmm(v) && !message_take_events(v)) {
		/* Another has taken them. */
		world = __atomic_load_n(&v->wait, __ATOMIC_RELAXED) == WAIT_NOTHING ? WORLD_GUEST
		                                                                    : WORLD_IDLE;
	}
	return world;
}

/* Until an interrupt comes, which is taken. */
static void sleep(struct cpu *c)
{
	vcpu_send_pokes(c);
	arch_idle();
	for (uint32_t n = 0; n < INTERRUPTS_AT_ONCE; n++) {
		if (!interrupt_take(c)) {
			break;
		}
	}
}

/*
 * Cold code is compiled for size, which for this kind of code means fewer instructions, too.
 *
 * It ends. What another CPU says while this one looks is left to the interrupt that follows. It goes
 * round again for what it has itself done on the way, and where others were faster: each vCPU here
 * is woken once at most, since only a guest that runs waits again; each offer of events is taken,
 * or lost, once; each domain is stopped once. With nothing to run it sleeps.
 */
RARE void sched_settle(struct cpu *c)
{
	bool look = __atomic_load_n(&c->resched, __ATOMIC_RELAXED);

	for (;;) {
		struct vcpu *v = c->current;
		enum world world = WORLD_IDLE;

		/* One that starts anew is loaded anew, even if this CPU still holds it. */
		if (v && !c->idle && !look && !__atomic_load_n(&v->start, __ATOMIC_RELAXED)) {
			world = take_world(v);
		}
		if (world == WORLD_IDLE) {
			bool found = reschedule(c);

			look = c->unsettled;
			if (!found && !look) {
				sleep(c);
			}
			continue;
		}
		c->unsettled = false;
		if (world == WORLD_GUEST && __atomic_load_n(&v->vgic.dirty, __ATOMIC_RELAXED)) {
			vgic_flush(v);
			look = c->unsettled;
			if (look) {
				continue; /* an interrupt of @v woke another vCPU here */
			}
		}
		enter_world(c, v, world);
		return;
	}
}
