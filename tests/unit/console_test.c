/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output of the console multiplexer into a UART that has little room: what belongs together goes
 * out whole or not at all, a VM's output never waits at EL2, and the log waits a bounded time.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <stdio.h>
#include <string.h>

#include "abi/mux.h"
#include "kernel/core/console.h"
#include "kernel/core/log.h"
#include "lib/bits.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define POLLS_MAX 1000000U

/* A UART with room for @room bytes, whose receiver is on @channel. */
static void begin(uint32_t channel, uint32_t room)
{
	fake_build(2, 1, 1);
	assert_int_equal(console_write(channel == 2 ? 1 : 2, 1, 0, 0), 1);
	assert_int_equal(console_write(channel, 1, 0, 0), 1);
	fake.output_bytes = 0;
	fake.room_polls = 0;
	fake.output_room = room;
}

static void assert_output(const uint8_t *bytes, size_t count)
{
	assert_int_equal(fake.output_bytes, count);
	assert_memory_equal(fake.output, bytes, count);
}

static void test_what_belongs_together_goes_out_whole(void **state)
{
	(void)state;
	static const struct {
		uint32_t from, to;
		uint8_t byte;
		uint8_t bytes[4];
		uint32_t count;
	} rows[] = {
		{1, 1, 'a', {'a'}, 1},
		{1, 1, PV_MUX_ESC, {PV_MUX_ESC, PV_MUX_ESC}, 2},
		{1, 2, 'a', {PV_MUX_ESC, 2, 'a'}, 3},
		{1, 2, PV_MUX_ESC, {PV_MUX_ESC, 2, PV_MUX_ESC, PV_MUX_ESC}, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t room = 0; room <= 5; room++) {
			bool fits = rows[i].count <= room;

			begin(rows[i].from, room);
			assert_int_equal(console_write(rows[i].to, 1, rows[i].byte, 0), fits);
			assert_output(rows[i].bytes, fits ? rows[i].count : 0);
			/* What was refused is no loss: it goes out as soon as there is room. */
			fake.output_room = 16;
			fake.output_bytes = 0;
			assert_int_equal(console_write(rows[i].to, 1, 'z', 0), 1);
			assert_int_equal(fake.output_bytes,
			                 fits || rows[i].from == rows[i].to ? 1 : 3);
		}
	}
}

static void test_a_write_looks_at_the_uart_once(void **state)
{
	(void)state;
	for (uint32_t room = 0; room <= 40; room++) {
		begin(1, room);
		uint32_t taken = console_write(1, 16, ~0ULL, ~0ULL);

		assert_int_equal(taken, room / 2 < 16 ? room / 2 : 16); /* each byte is doubled */
		assert_int_equal(fake.output_bytes, 2 * taken);
		assert_int_equal(fake.room_polls, 1);
	}
}

static void test_the_log_waits_for_room(void **state)
{
	(void)state;
	static const uint8_t output[] = "\xff\x00pv: one line\xff\xff of the log\n";

	begin(1, 0);
	fake.output_burst = 5;
	log_print("one line\xff of the log");
	assert_output(output, sizeof(output) - 1);
}

/* Against the C library's own, which the compiler takes the format for. */
static void test_the_log_says_what_printf_would(void **state)
{
	static const uint64_t numbers[] = {0,         1, 9, 10, UINT32_MAX, 0x1234567890abcdefU,
	                                   UINT64_MAX};
	char wanted[2 + LOG_LINE_BYTES] = {(char)PV_MUX_ESC, 0};
	const size_t room = sizeof(wanted) - 2;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		begin(1, FAKE_OUTPUT);
		log_print("%s: %u, 0x%016lx%s%s", "a", (uint32_t)numbers[i], numbers[i], "", ".");
		(void)snprintf(&wanted[2], room, "pv: %s: %u, 0x%016lx%s%s\n", "a",
		               (uint32_t)numbers[i], numbers[i], "", ".");
		assert_output((const uint8_t *)wanted, 2 + strlen(&wanted[2]));
	}
}

static void test_of_a_long_line_the_rest_is_left_out(void **state)
{
	char longest[LOG_LINE_BYTES];
	const size_t said = LOG_LINE_BYTES - sizeof("pv: \n") + 1;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	for (size_t length = said - 16; length < sizeof(longest); length++) {
		longest[length] = '\0';
		begin(1, FAKE_OUTPUT);
		log_print("%s%016lx%u", longest, UINT64_MAX, UINT32_MAX);
		assert_int_equal(fake.output_bytes, 2 + LOG_LINE_BYTES);
		assert_int_equal(fake.output[1 + LOG_LINE_BYTES], '\n');
		assert_int_equal(fake.output[LOG_LINE_BYTES], length < said ? 'f' : 'a');
		longest[length] = 'a';
	}
}

static void test_the_log_gives_up(void **state)
{
	(void)state;
	begin(1, 7);
	log_print("a line that does not fit");
	assert_true(fake.output_bytes <= 7);
	assert_memory_equal(fake.output, "\xff\x00pv: ", fake.output_bytes);
	assert_in_range(fake.room_polls, POLLS_MAX, POLLS_MAX + 2);
	/* The next one says its channel as if nothing had happened. */
	fake.output_bytes = 0;
	fake.output_room = 16;
	assert_int_equal(console_write(1, 1, 'a', 0), 1);
	assert_output((const uint8_t *)"\xff\x01"
	                               "a",
	              3);
}

/* What comes by the line for channels 1 and 2, with every byte there is in it. */
static void test_input_finds_its_channel(void **state)
{
	static const uint8_t line[] = {PV_MUX_ESC, 1,          'a', PV_MUX_ESC, PV_MUX_ESC,
	                               'b',        PV_MUX_ESC, 2,   'c',        1,
	                               PV_MUX_ESC, 1,          'd'};
	uint64_t bytes;

	(void)state;
	begin(2, 0);
	fake.input = line;
	fake.input_bytes = sizeof(line);
	while (fake.input_bytes > 0) {
		console_input();
	}
	assert_int_equal(console_read(1, &bytes), 4);
	assert_int_equal(bytes, 'a' | PV_MUX_ESC << 8 | 'b' << 16 | (uint64_t)'d' << 24);
	assert_int_equal(console_read(2, &bytes), 2);
	assert_int_equal(bytes, 'c' | 1 << 8);
	assert_int_equal(console_read(0, &bytes), 0);
}

/* The UART's lock is waited for once for all that has come, and once to tell the domain of it. */
static void test_input_takes_the_lock_once(void **state)
{
	static const uint8_t line[64] = {PV_MUX_ESC, 1};

	(void)state;
	begin(2, 0);
	console_attach(0);
	console_attach(1);
	fake.input = line;
	fake.input_bytes = sizeof(line);
	fake_locks_taken = 0;
	console_input();
	assert_int_equal(fake.input_bytes, 0);
	assert_int_equal(fake_locks_taken, 2);
	assert_int_equal(kernel.domains[0].events, 0);
	assert_int_equal(kernel.domains[0].vmm_owner, VMM_OFFERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_belongs_together_goes_out_whole),
		cmocka_unit_test(test_a_write_looks_at_the_uart_once),
		cmocka_unit_test(test_the_log_waits_for_room),
		cmocka_unit_test(test_the_log_says_what_printf_would),
		cmocka_unit_test(test_of_a_long_line_the_rest_is_left_out),
		cmocka_unit_test(test_the_log_gives_up),
		cmocka_unit_test(test_input_finds_its_channel),
		cmocka_unit_test(test_input_takes_the_lock_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
