/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiplexer of the serial line and the queue below it: what is put in on any channels, in any
 * pieces, with any room, comes out on the same channels in the same order; and no bytes at all make
 * the decoder name a channel that does not exist.
 * links: topo/runner/mux.c topo/runner/fifo.c
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

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/limits.h"
#include "abi/mux.h"
#include "tests/unit/steady_random.h"
#include "topo/runner/mux.h"

#define CHANNEL_BYTES 4096U

struct channels {
	uint8_t bytes[PV_CHANNELS_MAX][CHANNEL_BYTES];
	size_t count[PV_CHANNELS_MAX];
};

static void collect(void *owner, uint32_t channel, const uint8_t *bytes, size_t count)
{
	struct channels *channels = owner;
	assert_true(channel < PV_CHANNELS_MAX);
	assert_true(count > 0);
	for (size_t i = 0; i < count && channels->count[channel] < CHANNEL_BYTES; i++) {
		channels->bytes[channel][channels->count[channel]++] = bytes[i];
	}
}

static void expect_decoded(const char *line, size_t count, uint32_t channel, const char *wanted)
{
	struct mux_decoder decoder = {.channel = 0};
	struct channels *channels = calloc(1, sizeof(*channels));
	assert_non_null(channels);
	/* Byte by byte, so that every escape is cut. */
	for (size_t i = 0; i < count; i++) {
		const uint8_t byte = (uint8_t)line[i];
		mux_decode(&decoder, &byte, 1, collect, channels);
	}
	assert_int_equal(channels->count[channel], strlen(wanted));
	assert_memory_equal(channels->bytes[channel], wanted, strlen(wanted));
	free(channels);
}

static void test_decode_examples(void **state)
{
	(void)state;
	expect_decoded("log", 3, 0, "log");
	expect_decoded("a\xff\x05"
	               "bc",
	               5, 5, "bc");
	expect_decoded("\xff\x7f"
	               "x\xff\xffy",
	               6, 127, "x\xffy");
	/* An escape with no meaning goes with its byte, and the channel stays. */
	expect_decoded("a\xff\x80"
	               "b\xff\xfe"
	               "c",
	               7, 0, "abc");
	expect_decoded("\xff\x01"
	               "a\xff\x00"
	               "b\xff\x01"
	               "c",
	               9, 1, "ac");
}

static void test_encode_examples(void **state)
{
	(void)state;
	struct fifo line;
	struct mux_encoder encoder = {.channel = 0};
	size_t count = 0;
	assert_int_equal(fifo_init(&line, 64), OK);
	assert_int_equal(mux_encode(&encoder, 0, (const uint8_t *)"ab", 2, &line), 2);
	assert_int_equal(mux_encode(&encoder, 3, (const uint8_t *)"c\xff", 2, &line), 2);
	assert_int_equal(mux_encode(&encoder, 3, (const uint8_t *)"d", 1, &line), 1);
	assert_int_equal(mux_encode(&encoder, 4, NULL, 0, &line), 0);
	assert_memory_equal(fifo_peek(&line, &count),
	                    "ab\xff\x03"
	                    "c\xff\xff"
	                    "d",
	                    8);
	assert_int_equal(count, 8);
	fifo_free(&line);
}

static void test_encode_without_room(void **state)
{
	(void)state;
	struct fifo line;
	struct mux_encoder encoder = {.channel = 0};
	size_t count = 0;
	assert_int_equal(fifo_init(&line, 6), OK);
	/* The switch and three bytes fit; the escaped one behind them does not, not even in part. */
	assert_int_equal(mux_encode(&encoder, 9, (const uint8_t *)"abc\xff", 4, &line), 3);
	(void)fifo_peek(&line, &count);
	assert_int_equal(count, 5);
	fifo_drop(&line, 1);
	/* No switch that nothing follows. */
	assert_int_equal(mux_encode(&encoder, 8, (const uint8_t *)"x", 1, &line), 0);
	(void)fifo_peek(&line, &count);
	assert_int_equal(count, 4);
	assert_int_equal(encoder.channel, 9);
	fifo_free(&line);
}

/* Move some of the line to the decoder, in a piece of random size. */
static void move_some(struct fifo *line, struct mux_decoder *decoder, struct channels *channels)
{
	size_t count = 0;
	const uint8_t *bytes = fifo_peek(line, &count);
	const size_t part = count == 0 ? 0 : 1 + (size_t)random_next() % count;
	mux_decode(decoder, bytes, part, collect, channels);
	fifo_drop(line, part);
}

static void test_round_trip(void **state)
{
	(void)state;
	struct channels *in = calloc(1, sizeof(*in));
	struct channels *out = calloc(1, sizeof(*out));
	assert_non_null(in);
	assert_non_null(out);
	for (unsigned seed = 1; seed <= 300; seed++) {
		struct fifo line;
		struct mux_encoder encoder = {.channel = 0};
		struct mux_decoder decoder = {.channel = 0};
		random_start(seed);
		memset(in, 0, sizeof(*in));
		memset(out, 0, sizeof(*out));
		assert_int_equal(fifo_init(&line, 4 + (size_t)random_next() % 40), OK);
		for (int i = 0; i < 200; i++) {
			const uint32_t channel = random_next() % PV_CHANNELS_MAX;
			uint8_t bytes[16] = {0};
			const size_t count = (size_t)random_next() % sizeof(bytes);
			for (size_t k = 0; k < count; k++) {
				bytes[k] = random_next() % 3 == 0 ? PV_MUX_ESC
				                                  : (uint8_t)random_next();
			}
			const size_t taken = mux_encode(&encoder, channel, bytes, count, &line);
			assert_true(taken <= count);
			if (taken > 0) {
				collect(in, channel, bytes, taken);
			}
			if (random_next() % 2 == 0) {
				move_some(&line, &decoder, out);
			}
		}
		while (line.count > 0) {
			move_some(&line, &decoder, out);
		}
		assert_memory_equal(in, out, sizeof(*in));
		fifo_free(&line);
	}
	free(in);
	free(out);
}

static void test_decode_anything(void **state)
{
	(void)state;
	struct channels *channels = calloc(1, sizeof(*channels));
	struct mux_decoder decoder = {.channel = 0};
	assert_non_null(channels);
	random_start(7);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[64];
		for (size_t k = 0; k < sizeof(bytes); k++) {
			bytes[k] = random_next() % 2 == 0 ? PV_MUX_ESC : (uint8_t)random_next();
		}
		mux_decode(&decoder, bytes, (size_t)random_next() % sizeof(bytes), collect,
		           channels);
		assert_true(decoder.channel < PV_CHANNELS_MAX);
	}
	free(channels);
}

/* A queue against a plain array, with pieces of all sizes. */
static void test_fifo_keeps_order(void **state)
{
	(void)state;
	struct fifo fifo;
	uint8_t next_in = 0;
	uint8_t next_out = 0;
	random_start(11);
	assert_int_equal(fifo_init(&fifo, 61), OK);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[80] = {0};
		const size_t count = (size_t)random_next() % sizeof(bytes);
		for (size_t k = 0; k < count; k++) {
			bytes[k] = (uint8_t)(next_in + k);
		}
		const size_t room = fifo_room(&fifo);
		const size_t taken = fifo_put(&fifo, bytes, count);
		assert_int_equal(taken, count < room ? count : room);
		next_in = (uint8_t)(next_in + taken);
		size_t held = 0;
		const uint8_t *peeked = fifo_peek(&fifo, &held);
		const size_t dropped = (size_t)random_next() % (held + 1);
		for (size_t k = 0; k < held; k++) {
			assert_int_equal(peeked[k], (uint8_t)(next_out + k));
		}
		fifo_drop(&fifo, dropped);
		next_out = (uint8_t)(next_out + dropped);
	}
	fifo_drop(&fifo, SIZE_MAX);
	assert_int_equal(fifo_room(&fifo), 61);
	fifo_free(&fifo);
	fifo_free(&fifo);
}

static void test_fifo_at_file_descriptors(void **state)
{
	(void)state;
	struct fifo fifo;
	int ends[2];
	const int room = 4096;
	size_t count = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	assert_int_equal(fifo_init(&fifo, 100000), OK);
	assert_int_equal(fifo_read_from(&fifo, ends[0]), -EAGAIN);
	while (fifo_room(&fifo) > 0) {
		assert_int_equal(fifo_put(&fifo, "0123456789", 10), 10);
	}
	/* The socket holds less: the rest stays. */
	assert_int_equal(fifo_write_to(&fifo, ends[1]), 0);
	(void)fifo_peek(&fifo, &count);
	assert_in_range(count, 1, 100000 - 20);
	fifo_drop(&fifo, count);
	assert_int_equal(fifo_read_from(&fifo, ends[0]), 100000 - count);
	assert_memory_equal(fifo_peek(&fifo, &count), "01234567890123456789", 20);
	(void)close(ends[1]);
	assert_int_equal(fifo_read_from(&fifo, ends[0]), 0);
	/* Nobody is at the other end: an error, and no signal. */
	assert_int_equal(fifo_write_to(&fifo, ends[0]), -EPIPE);
	(void)close(ends[0]);
	assert_int_equal(fifo_write_to(&fifo, ends[0]), -EBADF);
	fifo_free(&fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_examples),
		cmocka_unit_test(test_encode_examples),
		cmocka_unit_test(test_encode_without_room),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_decode_anything),
		cmocka_unit_test(test_fifo_keeps_order),
		cmocka_unit_test(test_fifo_at_file_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
