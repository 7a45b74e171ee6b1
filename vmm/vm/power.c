/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine of a VM's power (power.h). A table says for each state what takes an input;
 * what it does not name has no effect there: the vCPUs of a VM that is not on cannot ask for
 * anything, and what was waited for may come when nobody waits any longer.
 */
#include "vmm/vm/power.h"

#include <stdbool.h>

struct step {
	struct power *power;
	const struct pv_vmm_config *config;
	enum power_input input;
	uint64_t run_ms;
};

static bool comes_back(const struct step *step)
{
	return step->config->restart == PV_VMM_RESTART_ALWAYS ||
	       (step->config->restart == PV_VMM_RESTART_ON_FAILURE &&
	        step->input != POWER_POWEROFF);
}

static bool is_failure(const struct step *step)
{
	return step->run_ms < POWER_STORM_MS ||
	       (step->input != POWER_POWEROFF && step->input != POWER_RESET);
}

/* The first failure waits the configured time, each that follows twice as long as the one before. */
static uint32_t delay_after(const struct pv_vmm_config *config, uint32_t failures)
{
	uint64_t ms = config->restart_delay_ms;

	for (uint32_t i = 1; i < failures && ms < PV_VMM_DELAY_MS_MAX; i++) {
		ms *= 2;
	}
	return ms < PV_VMM_DELAY_MS_MAX ? (uint32_t)ms : PV_VMM_DELAY_MS_MAX;
}

/* What follows the end of a run that nobody asked for. Sets the delay. */
static enum power_state by_policy(const struct step *step)
{
	struct power *power = step->power;

	if (step->run_ms >= POWER_GOOD_MS) {
		power->failures = 0;
	}
	power->delay_ms = 0;
	if (!comes_back(step)) {
		return POWER_OFF;
	}
	if (is_failure(step)) {
		if (power->failures >= step->config->restart_limit) {
			return POWER_FAILED;
		}
		power->failures++;
		power->delay_ms = delay_after(step->config, power->failures);
	}
	return POWER_STARTING;
}

/* ON => STOPPING. */
static enum power_act halt(const struct step *step, enum power_state next)
{
	step->power->state = POWER_STOPPING;
	step->power->next = next;
	step->power->reason = step->input;
	return POWER_ACT_HALT;
}

static enum power_act end(const struct step *step)
{
	return halt(step, by_policy(step));
}

static enum power_act stop(const struct step *step)
{
	return halt(step, POWER_OFF);
}

/* Who asks for a start has seen to what made it fail. */
static void begin_afresh(struct power *power)
{
	power->failures = 0;
	power->delay_ms = 0;
}

/* What is wrong with hardware is so the next time. */
static enum power_act fail(const struct step *step)
{
	return halt(step, POWER_FAILED);
}

static enum power_act restart(const struct step *step)
{
	begin_afresh(step->power);
	return halt(step, POWER_STARTING);
}

/* STOPPING => what was decided. */
static enum power_act leave(const struct step *step)
{
	struct power *power = step->power;

	power->state = power->next;
	if (power->state == POWER_STARTING) {
		return POWER_ACT_DELAY;
	}
	return power->state == POWER_FAILED ? POWER_ACT_FAIL : POWER_ACT_OFF;
}

static enum power_act start(const struct step *step)
{
	step->power->state = POWER_ON;
	step->power->starts++;
	return POWER_ACT_START;
}

static enum power_act start_afresh(const struct step *step)
{
	begin_afresh(step->power);
	return start(step);
}

/* STOPPING: another decision. */
static enum power_act start_then(const struct step *step)
{
	step->power->next = POWER_STARTING;
	begin_afresh(step->power);
	return POWER_ACT_NONE;
}

static enum power_act stop_then(const struct step *step)
{
	step->power->next = POWER_OFF;
	step->power->reason = POWER_ASK_STOP;
	return POWER_ACT_NONE;
}

/* STARTING => OFF, FAILED => OFF. */
static enum power_act stay_off(const struct step *step)
{
	step->power->state = POWER_OFF;
	step->power->reason = POWER_ASK_STOP;
	return POWER_ACT_OFF;
}

/* clang-format off */
static enum power_act (*const steps[POWER_STATES][POWER_INPUTS])(const struct step *step) = {
	[POWER_OFF] = {
		[POWER_ASK_START]   = start_afresh,
		[POWER_ASK_RESTART] = start_afresh,
	},
	[POWER_STARTING] = {
		[POWER_ASK_START]   = start_afresh,
		[POWER_ASK_STOP]    = stay_off,
		[POWER_ASK_RESTART] = start_afresh,
		[POWER_TIME]        = start,
	},
	[POWER_ON] = {
		[POWER_POWEROFF]    = end,
		[POWER_RESET]       = end,
		[POWER_FAULT]       = end,
		[POWER_WATCHDOG]    = end,
		[POWER_VMM]         = end,
		[POWER_BROKEN]      = fail,
		[POWER_ASK_STOP]    = stop,
		[POWER_ASK_RESTART] = restart,
	},
	[POWER_STOPPING] = {
		[POWER_ASK_START]   = start_then,
		[POWER_ASK_STOP]    = stop_then,
		[POWER_ASK_RESTART] = start_then,
		[POWER_QUIET]       = leave,
	},
	[POWER_FAILED] = {
		[POWER_ASK_START]   = start_afresh,
		[POWER_ASK_STOP]    = stay_off,
		[POWER_ASK_RESTART] = start_afresh,
	},
};
/* clang-format on */

enum power_act power_step(struct power *power, const struct pv_vmm_config *config,
                          enum power_input input, uint64_t run_ms)
{
	const struct step step = {power, config, input, run_ms};

	return steps[power->state][input] == NULL ? POWER_ACT_NONE
	                                          : steps[power->state][input](&step);
}

const char *power_reason(enum power_input reason)
{
	static const char *const texts[POWER_INPUTS] = {
		[POWER_POWEROFF] = "poweroff",   [POWER_RESET] = "reset",
		[POWER_FAULT] = "fault",         [POWER_WATCHDOG] = "watchdog",
		[POWER_BROKEN] = "hardware",     [POWER_VMM] = "vmm",
		[POWER_ASK_START] = "request",   [POWER_ASK_STOP] = "request",
		[POWER_ASK_RESTART] = "request",
	};

	return texts[reason] == NULL ? "none" : texts[reason];
}
