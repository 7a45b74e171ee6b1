/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of the SMC watchdog (watchdog.h). Times are whole seconds. Answers are those of PSCI,
 * with results in x1 and x2.
 */
#include "vmm/vm/watchdog.h"

#include "lib/bits.h"

#define MS_PER_SECOND 1000U

#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define INTERNAL_FAILURE (-6)

static struct reply answer(int64_t value)
{
	return (struct reply){.kind = PV_REPLY_RESUME, .value = (uint64_t)value};
}

static struct reply results(uint64_t x1, uint64_t x2)
{
	return (struct reply){.kind = PV_REPLY_RESULTS, .value = 0, .more = {x1, x2}};
}

static bool is_enabled(const struct watchdog *watchdog)
{
	return alarm_is_set(watchdog->alarms, ALARM_WATCHDOG);
}

static void wind(const struct watchdog *watchdog)
{
	alarm_set(watchdog->alarms, ALARM_WATCHDOG, (uint64_t)watchdog->timeout_s * MS_PER_SECOND);
}

/* => x1 shortest, x2 longest time. */
static struct reply init(struct watchdog *watchdog, uint64_t unused)
{
	(void)unused;
	return results(1, watchdog->longest_s);
}

static struct reply set_timeout(struct watchdog *watchdog, uint64_t seconds)
{
	if (seconds < 1 || seconds > watchdog->longest_s) {
		return answer(INVALID_PARAMETERS);
	}
	watchdog->timeout_s = (uint32_t)seconds;
	if (is_enabled(watchdog)) {
		wind(watchdog);
	}
	return answer(0);
}

static struct reply enable(struct watchdog *watchdog, uint64_t on)
{
	if (on > 1) {
		return answer(INVALID_PARAMETERS);
	}
	if (on == 1) {
		wind(watchdog);
	} else {
		alarm_clear(watchdog->alarms, ALARM_WATCHDOG);
	}
	return answer(0);
}

static struct reply pet(struct watchdog *watchdog, uint64_t unused)
{
	(void)unused;
	if (!is_enabled(watchdog)) {
		return answer(INTERNAL_FAILURE);
	}
	wind(watchdog);
	return answer(0);
}

/* => x1 seconds. One that is off has all of them left: a driver asks before it turns it on. */
static struct reply get_time_left(struct watchdog *watchdog, uint64_t unused)
{
	(void)unused;
	return results(is_enabled(watchdog)
	                       ? alarm_left_ms(watchdog->alarms, ALARM_WATCHDOG) / MS_PER_SECOND
	                       : watchdog->timeout_s,
	               0);
}

/* By argument[1]. */
static struct reply (*const calls[])(struct watchdog *watchdog, uint64_t argument) = {
	init, set_timeout, enable, pet, get_time_left,
};

void watchdog_init(struct watchdog *watchdog, struct alarms *alarms, uint32_t longest_ms)
{
	*watchdog = (struct watchdog){.alarms = alarms, .longest_s = longest_ms / MS_PER_SECOND};
	watchdog_reset(watchdog);
}

void watchdog_reset(struct watchdog *watchdog)
{
	alarm_clear(watchdog->alarms, ALARM_WATCHDOG);
	watchdog->timeout_s = watchdog->longest_s;
}

bool watchdog_has(uint64_t function)
{
	return (uint32_t)function == PV_VMM_WATCHDOG_CALL;
}

struct reply watchdog_call(struct watchdog *watchdog, const uint64_t argument[4])
{
	/* The function is one of the 32-bit convention: so are its arguments. */
	uint32_t call = (uint32_t)argument[1];

	if (watchdog->longest_s == 0) {
		return answer(NOT_SUPPORTED);
	}
	return call < ARRAY_COUNT(calls) ? calls[call](watchdog, (uint32_t)argument[2])
	                                 : answer(INVALID_PARAMETERS);
}
