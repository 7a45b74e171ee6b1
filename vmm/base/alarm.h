/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times at which the VMM wants to be woken. The kernel has one timer for it (PV_CALL_TIMER_SET);
 * here it is shared: it stands at the earliest of all alarms that are set.
 */
#ifndef VMM_BASE_ALARM_H
#define VMM_BASE_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"

enum alarm_slot {
	ALARM_POWER,
	ALARM_WATCHDOG,
	ALARM_FAULTS, /* of streams */
	ALARM_DEVICE, /* one for each device of the configuration */
	ALARM_COUNT = ALARM_DEVICE + PV_VMM_DEVICES_MAX
};

_Static_assert(ALARM_COUNT <= 64, "a set of alarms is a word");

struct alarms {
	uint64_t at[ALARM_COUNT]; /* counter value, ALARM_NEVER: not set */
	uint64_t armed;           /* what the kernel's timer is set to */
};

#define ALARM_NEVER UINT64_MAX

/** None is set. */
void alarm_init(struct alarms *alarms);

/** Set an alarm to @ms from now. */
void alarm_set(struct alarms *alarms, uint32_t slot, uint64_t ms);

/** Forget an alarm. */
void alarm_clear(struct alarms *alarms, uint32_t slot);

/** Whether an alarm is set, and in how many milliseconds it is due. */
bool alarm_is_set(const struct alarms *alarms, uint32_t slot);
uint64_t alarm_left_ms(const struct alarms *alarms, uint32_t slot);

/** The timer has fired: the alarms that are due, a bit for each slot. They are set no longer. */
uint64_t alarm_take_due(struct alarms *alarms);

/** Milliseconds since the counter was @since. */
uint64_t alarm_ms_since(uint64_t since);

#endif
