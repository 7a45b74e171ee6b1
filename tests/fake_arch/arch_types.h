/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host back end of the core: machine state is a few fields that a test can look at, and a lock
 * that aborts when it is taken twice or released by nobody.
 */
#ifndef TESTS_FAKE_ARCH_ARCH_TYPES_H
#define TESTS_FAKE_ARCH_ARCH_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct cpu;

struct cpu *cpu_here(void);

struct arch_vcpu {
	uint64_t vttbr;
	uint64_t loads, saves, flushes, resets, undefined,
		aborts; /* how often each was asked for */
	uint64_t abort_esr, abort_far;
	uint32_t apr;
	bool late_abort; /* one is found when it is saved */
	bool timer_line; /* the condition of the virtual timer holds, and it is on */
};

struct arch_vmm {
	uint64_t vttbr;
	uint64_t entries;
};

struct lock {
	bool held;
};

/* A CPU holds at most one lock (docs/locking.md): tests count. */
extern unsigned fake_locks_held;
extern unsigned fake_locks_taken; /* ever */

static inline void lock_acquire(struct lock *l)
{
	if (l->held || fake_locks_held) {
		abort();
	}
	l->held = true;
	fake_locks_held++;
	fake_locks_taken++;
}

static inline void lock_release(struct lock *l)
{
	if (!l->held) {
		abort();
	}
	l->held = false;
	fake_locks_held--;
}

#endif
