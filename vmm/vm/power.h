/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a VM is on, and what happens when it no longer can be: the decisions alone. What they
 * mean for vCPUs and devices is life.c's. One function from state and input to the next state and
 * one thing to do, without calls, clocks or memory of its own.
 *
 *            ASK_START, _RESTART                            QUIET
 *   OFF ───────────────────────────► ON ────────► STOPPING ───────► OFF, FAILED or STARTING
 *   FAILED ─────────────────────────► ▲   any that                       │
 *                                     │   ends it                        │
 *                                     └──────────────────────────────────┘ TIME
 */
#ifndef VMM_VM_POWER_H
#define VMM_VM_POWER_H

#include <stdint.h>

#include "abi/vmm.h"

enum power_state {
	POWER_OFF,      /* until it is asked to start */
	POWER_STARTING, /* it comes back when its delay is over */
	POWER_ON,
	POWER_STOPPING, /* vCPUs are off, device VMs may still be at work for it */
	POWER_FAILED,   /* off, since it failed too often in a row */
	POWER_STATES
};

enum power_input {
	POWER_NONE, /* no input */
	/* Ends of a run. */
	POWER_POWEROFF,
	POWER_RESET,
	POWER_FAULT,
	POWER_WATCHDOG,
	POWER_VMM,
	POWER_BROKEN, /* a physical function is not what it is said to be: final */
	/* Requests from outside. */
	POWER_ASK_START,
	POWER_ASK_STOP,
	POWER_ASK_RESTART,
	/* What the VMM waited for. */
	POWER_QUIET, /* no device VM touches memory of this VM any longer */
	POWER_TIME,  /* the delay is over */
	POWER_INPUTS
};

/* What is to be done after a step. */
enum power_act {
	POWER_ACT_NONE,
	POWER_ACT_HALT,  /* vCPUs off, devices asked to stop; QUIET is owed */
	POWER_ACT_OFF,   /* say that it is off, and why */
	POWER_ACT_FAIL,  /* say that it has failed for good */
	POWER_ACT_DELAY, /* say so, wait delay_ms; TIME is owed */
	POWER_ACT_START, /* everything to power-on state, vCPU 0 on */
	POWER_ACTS
};

/* A run that ends sooner is a failure, however it ended: a VM that resets at once for ever is to
 * cost little. One that lasts longer makes all failures before it forgotten. */
#define POWER_STORM_MS 10000U
#define POWER_GOOD_MS 300000U

struct power {
	enum power_state state;
	enum power_state next;   /* in STOPPING: what follows */
	enum power_input reason; /* of the last end of a run */
	uint32_t starts;         /* how often it was started */
	uint32_t failures;       /* in a row */
	uint32_t delay_ms;       /* of POWER_ACT_DELAY */
};

/**
 * Take one input. @config: the policy. @run_ms: for how long the VM has been on, where it is.
 * Returns what is to be done.
 */
enum power_act power_step(struct power *power, const struct pv_vmm_config *config,
                          enum power_input input, uint64_t run_ms);

/** What the reason is called in lines (abi/vmm.h). */
const char *power_reason(enum power_input reason);

#endif
