/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop: what is ready is served, timers fire once and in time, and a callback may unwatch
 * anything, itself and others that are ready in the same turn included.
 * links: topo/runner/loop.c
 * flags: -D_GNU_SOURCE
 */
/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topo/runner/loop.h"

struct fixture {
	struct loop loop;
	struct loop_source sources[2];
	struct loop_timer timers[3];
	char seen[64];
};

/* What a callback does is told by which of the fixture's parts it belongs to. */
static struct fixture current;

static void note(char c)
{
	const size_t used = strlen(current.seen);
	assert_true(used < sizeof(current.seen) - 1);
	current.seen[used] = c;
	current.seen[used + 1] = '\0';
}

static void take_byte(void *owner, short revents)
{
	const struct loop_source *source = owner;
	char byte = '?';
	note((revents & POLLIN) != 0 ? '(' : '[');
	note(read(source->fd, &byte, 1) == 1 ? byte : '-');
	if (byte == 'q') {
		loop_stop(&current.loop);
	} else if (byte == 'u') {
		/* Both are ready now; neither is called again. */
		loop_unwatch(&current.loop, &current.sources[0]);
		loop_unwatch(&current.loop, &current.sources[1]);
		loop_arm(&current.loop, &current.timers[0], 20);
	}
}

static void fire(void *owner)
{
	const struct loop_timer *timer = owner;
	note((char)('0' + (timer - current.timers)));
	assert_false(timer->armed);
	if (timer == &current.timers[0]) {
		loop_stop(&current.loop);
	} else if (timer == &current.timers[1]) {
		/* The next one is due too, but not any more. */
		loop_disarm(&current.loop, &current.timers[2]);
		loop_arm(&current.loop, &current.timers[0], 1);
	}
}

static void set_up_loop(int reads[2], int writes[2])
{
	memset(&current, 0, sizeof(current));
	for (size_t i = 0; i < 3; i++) {
		current.timers[i] = (struct loop_timer){.fire = fire, .owner = &current.timers[i]};
	}
	for (size_t i = 0; i < 2; i++) {
		int ends[2];
		assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
		reads[i] = ends[0];
		writes[i] = ends[1];
		current.sources[i] = (struct loop_source){.fd = ends[0],
		                                          .events = POLLIN,
		                                          .ready = take_byte,
		                                          .owner = &current.sources[i]};
		assert_int_equal(loop_watch(&current.loop, &current.sources[i]), OK);
	}
}

static void close_all(const int reads[2], const int writes[2])
{
	for (size_t i = 0; i < 2; i++) {
		(void)close(reads[i]);
		(void)close(writes[i]);
	}
}

static void test_serves_what_is_ready(void **state)
{
	(void)state;
	int reads[2];
	int writes[2];
	set_up_loop(reads, writes);
	assert_int_equal(write(writes[1], "abq", 3), 3);
	assert_int_equal(loop_run(&current.loop), 0);
	assert_string_equal(current.seen, "(a(b(q");
	close_all(reads, writes);
}

static void test_unwatch_in_the_same_turn(void **state)
{
	(void)state;
	int reads[2];
	int writes[2];
	set_up_loop(reads, writes);
	assert_int_equal(write(writes[0], "ux", 2), 2);
	assert_int_equal(write(writes[1], "uy", 2), 2);
	assert_int_equal(loop_run(&current.loop), 0);
	assert_string_equal(current.seen, "(u0");
	/* Twice is once. */
	loop_unwatch(&current.loop, &current.sources[0]);
	close_all(reads, writes);
}

static void test_hang_up_is_reported_to_those_who_wait_for_nothing(void **state)
{
	(void)state;
	int reads[2];
	int writes[2];
	set_up_loop(reads, writes);
	current.sources[0].events = 0;
	(void)close(writes[0]);
	assert_int_equal(write(writes[1], "q", 1), 1);
	assert_int_equal(loop_run(&current.loop), 0);
	assert_string_equal(current.seen, "[-(q");
	(void)close(reads[0]);
	(void)close(reads[1]);
	(void)close(writes[1]);
}

static void test_timers(void **state)
{
	(void)state;
	int reads[2];
	int writes[2];
	set_up_loop(reads, writes);
	const uint64_t start = loop_now_ms();
	loop_arm(&current.loop, &current.timers[2], 60000);
	loop_arm(&current.loop, &current.timers[2], 15);
	/* Found first, as the latest. */
	loop_arm(&current.loop, &current.timers[1], 15);
	loop_disarm(&current.loop, &current.timers[0]);
	assert_int_equal(loop_run(&current.loop), 0);
	assert_string_equal(current.seen, "10");
	assert_true(loop_now_ms() - start >= 15);
	close_all(reads, writes);
}

static void test_is_bounded(void **state)
{
	(void)state;
	static struct loop loop;
	static struct loop_source sources[LOOP_SOURCES_MAX + 1];
	for (size_t i = 0; i < LOOP_SOURCES_MAX; i++) {
		assert_int_equal(loop_watch(&loop, &sources[i]), OK);
	}
	assert_int_equal(loop_watch(&loop, &sources[LOOP_SOURCES_MAX]), ERR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serves_what_is_ready),
		cmocka_unit_test(test_unwatch_in_the_same_turn),
		cmocka_unit_test(test_hang_up_is_reported_to_those_who_wait_for_nothing),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
