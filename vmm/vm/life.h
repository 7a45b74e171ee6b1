/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the decisions of power.h mean: vCPUs off and on, devices and their models back to power-on
 * state, the lines that tell of it, and what the kernel is answered in between.
 *
 * Invariant: in a state other than POWER_ON no vCPU of the VM is on.
 */
#ifndef VMM_VM_LIFE_H
#define VMM_VM_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/calls.h"
#include "vmm/vm/power.h"

struct vm;
struct pv_vmm_kept;

struct life {
	struct power power;
	uint64_t started_at; /* counter value */
	bool has_halted;     /* while a message is served: its vCPU has been turned off */
	bool owes_stop;      /* the kernel is to be told that the domain is off */
	struct pv_vmm_kept *kept;
};

/**
 * The VMM has begun, and vCPU 0 would run once it waits. @restarts: how often the VMM itself was
 * started anew; @kept: what the one before has left. Returns what it says at its first wait.
 */
MUST_USE struct reply life_begin(struct vm *vm, struct pv_vmm_kept *kept, uint32_t restarts);

/** Something happened to the VM. */
void life_take(struct vm *vm, enum power_input input);

/** A message was served, to which the devices say @reply: what the kernel is answered. */
MUST_USE struct reply life_settle(struct vm *vm, struct reply reply);

/** What ends a run, by the reason that its firmware or a fault gives (enum pv_stop). */
enum power_input life_end(uint64_t reason);

#endif
