/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/log: how many lines a subject gets, under a clock given from outside, and what is
 * written of a flood.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/log.c
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "tests/unit/ordered_cmocka.h"

static uint32_t take_all(struct log_bucket *bucket, uint64_t now_ms)
{
	uint32_t count = 0;

	while (log_may(bucket, now_ms)) {
		count++;
		assert_in_range(count, 1, LOG_BURST);
	}
	return count;
}

static void burst_then_one_at_a_time(void **state)
{
	struct log_bucket bucket = {0};

	(void)state;
	assert_int_equal(take_all(&bucket, 0), LOG_BURST);
	assert_int_equal(bucket.left_out, 1);
	assert_int_equal(take_all(&bucket, LOG_REFILL_MS - 1), 0);
	assert_int_equal(take_all(&bucket, LOG_REFILL_MS), 1);
	assert_int_equal(take_all(&bucket, UINT64_C(4) * LOG_REFILL_MS), 3);
	assert_int_equal(bucket.left_out, 4);
}

static void silence_earns_one_burst(void **state)
{
	struct log_bucket bucket = {0};

	(void)state;
	assert_int_equal(take_all(&bucket, 1), LOG_BURST);
	assert_int_equal(take_all(&bucket, UINT64_C(1) << 40), LOG_BURST);
	assert_int_equal(take_all(&bucket, UINT64_C(1) << 40), 0);
}

static void flood_of_one_leaves_the_other(void **state)
{
	static char text[65536];
	int kept = dup(STDERR_FILENO);
	int file = memfd_create("log", MFD_CLOEXEC);
	uint32_t lines = 0;

	(void)state;
	assert_true(kept >= 0 && file >= 0);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	for (uint32_t i = 0; i < 10000; i++) {
		log_line("driver", "line %u", i);
	}
	log_line("other", "is heard");
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
		lines++;
	}
	assert_non_null(strstr(text, "peervisord: driver: line 0\n"));
	assert_non_null(strstr(text, "peervisord: other: is heard\n"));
	/* However slow the machine is: a hundred lines more are 50 s. */
	assert_in_range(lines, LOG_BURST + 1, LOG_BURST + 101);
	close(file);
	close(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_one_at_a_time),
		cmocka_unit_test(silence_earns_one_burst),
		cmocka_unit_test(flood_of_one_leaves_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
