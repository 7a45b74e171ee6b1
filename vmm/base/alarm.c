/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alarms (alarm.h). Times are values of the counter; products stay below 2^64, since times in
 * milliseconds are those of a configuration, at most hours, and no counter is faster than 1 GHz.
 */
#include "vmm/base/alarm.h"

#include "lib/bits.h"
#include "vmm/calls.h"

#define MS_PER_SECOND 1000U

/* Let the kernel's timer stand at the earliest alarm. */
static void arm(struct alarms *alarms)
{
	uint64_t earliest = ALARM_NEVER;

	for (uint32_t i = 0; i < ALARM_COUNT; i++) {
		earliest = alarms->at[i] < earliest ? alarms->at[i] : earliest;
	}
	if (earliest != alarms->armed) {
		alarms->armed = earliest;
		(void)!call_timer_set(earliest);
	}
}

void alarm_init(struct alarms *alarms)
{
	for (uint32_t i = 0; i < ALARM_COUNT; i++) {
		alarms->at[i] = ALARM_NEVER;
	}
	alarms->armed = ALARM_NEVER;
}

void alarm_set(struct alarms *alarms, uint32_t slot, uint64_t ms)
{
	alarms->at[slot] = call_counter() + ms * call_counter_hz() / MS_PER_SECOND;
	arm(alarms);
}

void alarm_clear(struct alarms *alarms, uint32_t slot)
{
	if (alarm_is_set(alarms, slot)) {
		alarms->at[slot] = ALARM_NEVER;
		arm(alarms);
	}
}

bool alarm_is_set(const struct alarms *alarms, uint32_t slot)
{
	return alarms->at[slot] != ALARM_NEVER;
}

uint64_t alarm_left_ms(const struct alarms *alarms, uint32_t slot)
{
	uint64_t now = call_counter();

	return alarms->at[slot] <= now
	               ? 0
	               : (alarms->at[slot] - now) * MS_PER_SECOND / call_counter_hz();
}

uint64_t alarm_take_due(struct alarms *alarms)
{
	uint64_t now = call_counter();
	uint64_t due = 0;

	for (uint32_t i = 0; i < ALARM_COUNT; i++) {
		if (alarm_is_set(alarms, i) && alarms->at[i] <= now) {
			alarms->at[i] = ALARM_NEVER;
			due |= BIT64(i);
		}
	}
	alarms->armed = ALARM_NEVER; /* one that has fired stands no longer */
	arm(alarms);
	return due;
}

uint64_t alarm_ms_since(uint64_t since)
{
	return (call_counter() - since) * MS_PER_SECOND / call_counter_hz();
}
