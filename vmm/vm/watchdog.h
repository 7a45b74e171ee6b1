/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's watchdog: a function of firmware by SMC or HVC, as Linux's driver for "arm,smc-wdt"
 * calls it (drivers/watchdog/arm_smc_wdt.c) and Trusted Firmware-A offers it. The guest turns it
 * on and off; while it is on and nobody pets it in time, the VM ends.
 */
#ifndef VMM_VM_WATCHDOG_H
#define VMM_VM_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/alarm.h"
#include "vmm/calls.h"

struct watchdog {
	/* Set by watchdog_init, then constant. */
	struct alarms *alarms;
	uint32_t longest_s; /* 0: there is none */

	uint32_t timeout_s;
};

/** @longest_ms: what the guest may set at most; less than a second is none. */
void watchdog_init(struct watchdog *watchdog, struct alarms *alarms, uint32_t longest_ms);

/** Off, with the longest time. */
void watchdog_reset(struct watchdog *watchdog);

/** Whether @function, the guest's x0, is the watchdog's. */
bool watchdog_has(uint64_t function);

/** Answer such a call: argument[1] says what is to be done, argument[2] with what. */
MUST_USE struct reply watchdog_call(struct watchdog *watchdog, const uint64_t argument[4]);

#endif
