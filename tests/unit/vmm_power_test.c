/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decisions about a VM's power: each input in each state under each policy, and the whole of
 * all short lives.
 *
 * links: vmm/vm/power.c
 */
#include <stdbool.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "vmm/vm/power.h"

#define LIMIT 3U
#define DELAY 1000U

static const uint64_t runs[] = {
	0, POWER_STORM_MS - 1, POWER_STORM_MS, POWER_GOOD_MS - 1, POWER_GOOD_MS, UINT64_MAX};

static struct pv_vmm_config policy(uint32_t restart)
{
	return (struct pv_vmm_config){
		.restart = restart, .restart_limit = LIMIT, .restart_delay_ms = DELAY};
}

static bool ends_a_run(enum power_input input)
{
	return input >= POWER_POWEROFF && input <= POWER_VMM;
}

/* What must follow the end of a run, said in another way than power.c does. */
static enum power_state expected_next(uint32_t restart, enum power_input input, uint64_t run_ms,
                                      uint32_t failures, uint32_t *delay_ms)
{
	bool failed = (input != POWER_POWEROFF && input != POWER_RESET) || run_ms < 10000;

	*delay_ms = 0;
	if (restart == PV_VMM_RESTART_NO ||
	    (restart == PV_VMM_RESTART_ON_FAILURE && input == POWER_POWEROFF)) {
		return POWER_OFF;
	}
	if (!failed) {
		return POWER_STARTING;
	}
	if (run_ms >= 300000) {
		failures = 0;
	}
	*delay_ms = DELAY << failures;
	return failures < LIMIT ? POWER_STARTING : POWER_FAILED;
}

static void check_end(uint32_t restart, enum power_input input, uint64_t run_ms, uint32_t failures)
{
	const struct pv_vmm_config config = policy(restart);
	struct power power = {.state = POWER_ON, .starts = 7, .failures = failures};
	uint32_t delay_ms;
	enum power_state next = expected_next(restart, input, run_ms, failures, &delay_ms);
	static const enum power_act acts[POWER_STATES] = {
		[POWER_OFF] = POWER_ACT_OFF,
		[POWER_STARTING] = POWER_ACT_DELAY,
		[POWER_FAILED] = POWER_ACT_FAIL,
	};

	assert_int_equal(power_step(&power, &config, input, run_ms), POWER_ACT_HALT);
	assert_int_equal(power.state, POWER_STOPPING);
	assert_int_equal(power.reason, input);
	assert_int_equal(power_step(&power, &config, POWER_TIME, 0), POWER_ACT_NONE);
	assert_int_equal(power_step(&power, &config, POWER_QUIET, 0), acts[next]);
	assert_int_equal(power.state, next);
	assert_int_equal(power.starts, 7);
	if (next == POWER_STARTING) {
		assert_int_equal(power.delay_ms, delay_ms);
		assert_int_equal(power_step(&power, &config, POWER_TIME, 0), POWER_ACT_START);
		assert_int_equal(power.state, POWER_ON);
		assert_int_equal(power.starts, 8);
	}
}

static void check_ends(uint32_t restart, enum power_input input)
{
	for (uint32_t run = 0; run < ARRAY_COUNT(runs); run++) {
		for (uint32_t failures = 0; failures <= LIMIT; failures++) {
			check_end(restart, input, runs[run], failures);
		}
	}
}

static void every_end_follows_the_policy(void **state)
{
	(void)state;
	for (uint32_t restart = 0; restart < PV_VMM_RESTART_COUNT; restart++) {
		for (enum power_input input = POWER_POWEROFF; input <= POWER_VMM; input++) {
			check_ends(restart, input);
		}
	}
}

/* Requests, in each state: what is done, and where it ends when nothing else comes. */
static void requests_hold_whatever_the_policy(void **state)
{
	static const struct {
		enum power_state from;
		enum power_input input;
		enum power_act act;
		enum power_state to;
	} rows[] = {
		{POWER_OFF, POWER_ASK_START, POWER_ACT_START, POWER_ON},
		{POWER_OFF, POWER_ASK_RESTART, POWER_ACT_START, POWER_ON},
		{POWER_OFF, POWER_ASK_STOP, POWER_ACT_NONE, POWER_OFF},
		{POWER_STARTING, POWER_ASK_START, POWER_ACT_START, POWER_ON},
		{POWER_STARTING, POWER_ASK_RESTART, POWER_ACT_START, POWER_ON},
		{POWER_STARTING, POWER_ASK_STOP, POWER_ACT_OFF, POWER_OFF},
		{POWER_ON, POWER_ASK_START, POWER_ACT_NONE, POWER_ON},
		{POWER_ON, POWER_ASK_RESTART, POWER_ACT_HALT, POWER_STARTING},
		{POWER_ON, POWER_ASK_STOP, POWER_ACT_HALT, POWER_OFF},
		{POWER_STOPPING, POWER_ASK_START, POWER_ACT_NONE, POWER_STARTING},
		{POWER_STOPPING, POWER_ASK_RESTART, POWER_ACT_NONE, POWER_STARTING},
		{POWER_STOPPING, POWER_ASK_STOP, POWER_ACT_NONE, POWER_OFF},
		{POWER_FAILED, POWER_ASK_START, POWER_ACT_START, POWER_ON},
		{POWER_FAILED, POWER_ASK_RESTART, POWER_ACT_START, POWER_ON},
		{POWER_FAILED, POWER_ASK_STOP, POWER_ACT_OFF, POWER_OFF},
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (uint32_t restart = 0; restart < PV_VMM_RESTART_COUNT; restart++) {
			const struct pv_vmm_config config = policy(restart);
			struct power power = {
				.state = rows[i].from, .next = POWER_FAILED, .failures = LIMIT};

			assert_int_equal(power_step(&power, &config, rows[i].input, 0),
			                 rows[i].act);
			(void)power_step(&power, &config, POWER_QUIET, 0);
			assert_int_equal(power.state, rows[i].to);
			if (rows[i].to == POWER_STARTING) {
				assert_int_equal(power.delay_ms, 0);
			}
			/* Whoever asks for a start begins anew. */
			assert_int_equal(power.failures, rows[i].input == POWER_ASK_STOP ||
			                                                 rows[i].from == rows[i].to
			                                         ? LIMIT
			                                         : 0);
		}
	}
}

static void delays_double_up_to_a_bound(void **state)
{
	struct pv_vmm_config config = policy(PV_VMM_RESTART_ALWAYS);
	struct power power = {.state = POWER_ON};
	uint64_t expected = DELAY;

	(void)state;
	config.restart_limit = UINT32_MAX;
	for (uint32_t i = 0; i < 100; i++) {
		(void)power_step(&power, &config, POWER_WATCHDOG, 0);
		assert_int_equal(power_step(&power, &config, POWER_QUIET, 0), POWER_ACT_DELAY);
		assert_int_equal(power.delay_ms, expected);
		assert_int_equal(power_step(&power, &config, POWER_TIME, 0), POWER_ACT_START);
		expected = 2 * expected < PV_VMM_DELAY_MS_MAX ? 2 * expected : PV_VMM_DELAY_MS_MAX;
	}
	assert_int_equal(expected, PV_VMM_DELAY_MS_MAX);
}

/*
 * What holds after each step from any state, whatever comes: acts and states belong together, a
 * start is counted, and only a request brings back what is off or has failed.
 */
static void check_step(const struct power *before, enum power_input input,
                       const struct power *after, enum power_act act)
{
	bool asked = input >= POWER_ASK_START && input <= POWER_ASK_RESTART;

	assert_int_equal(act == POWER_ACT_START,
	                 after->state == POWER_ON && before->state != POWER_ON);
	assert_int_equal(after->starts, before->starts + (act == POWER_ACT_START ? 1 : 0));
	assert_int_equal(act == POWER_ACT_HALT,
	                 before->state == POWER_ON && after->state == POWER_STOPPING);
	assert_true(act != POWER_ACT_OFF || after->state == POWER_OFF);
	assert_true(act != POWER_ACT_FAIL || after->state == POWER_FAILED);
	assert_int_equal(act == POWER_ACT_DELAY,
	                 before->state == POWER_STOPPING && after->state == POWER_STARTING);
	if (before->state == POWER_OFF || before->state == POWER_FAILED) {
		assert_true(asked || after->state == before->state);
	}
	if (ends_a_run(input) && before->state != POWER_ON) {
		assert_memory_equal(before, after, sizeof(*before));
		assert_int_equal(act, POWER_ACT_NONE);
	}
	assert_true(after->failures <= LIMIT);
}

/* All sequences of inputs up to this long, from power-on. */
#define STEPS 5U

static void walk(const struct pv_vmm_config *config, const struct power *power, uint32_t left)
{
	if (left == 0) {
		return;
	}
	for (enum power_input input = POWER_NONE; input < POWER_INPUTS; input++) {
		struct power next;
		enum power_act act;

		memcpy(&next, power, sizeof(next));
		act = power_step(&next, config, input, 0);
		check_step(power, input, &next, act);
		walk(config, &next, left - 1);
	}
}

static void no_life_breaks_the_rules(void **state)
{
	(void)state;
	for (uint32_t restart = 0; restart < PV_VMM_RESTART_COUNT; restart++) {
		const struct pv_vmm_config config = policy(restart);
		struct power power;

		memset(&power, 0, sizeof(power));
		power.state = POWER_ON;
		walk(&config, &power, STEPS);
	}
}

static void reasons_have_names(void **state)
{
	(void)state;
	assert_string_equal(power_reason(POWER_POWEROFF), "poweroff");
	assert_string_equal(power_reason(POWER_RESET), "reset");
	assert_string_equal(power_reason(POWER_FAULT), "fault");
	assert_string_equal(power_reason(POWER_WATCHDOG), "watchdog");
	assert_string_equal(power_reason(POWER_VMM), "vmm");
	assert_string_equal(power_reason(POWER_ASK_STOP), "request");
	assert_string_equal(power_reason(POWER_ASK_RESTART), "request");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_follows_the_policy),
		cmocka_unit_test(requests_hold_whatever_the_policy),
		cmocka_unit_test(delays_double_up_to_a_bound),
		cmocka_unit_test(no_life_breaks_the_rules),
		cmocka_unit_test(reasons_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
