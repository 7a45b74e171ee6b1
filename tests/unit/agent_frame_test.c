/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/agent_frame: what is encoded comes back, every limit is kept, and after any loss or
 * corruption the next whole frame is found.
 * links: lib/agent_frame.c
 */
#include <stdlib.h>
#include <string.h>

#include "lib/agent_frame.h"
#include "tests/unit/ordered_cmocka.h"

static uint32_t encode(uint8_t type, uint8_t seq, uint32_t id, const void *payload,
                       uint16_t payload_bytes, uint8_t *out)
{
	const struct agent_frame frame = {type, seq, payload_bytes, id, payload};
	uint32_t bytes = 0;

	assert_int_equal(agent_frame_encode(&frame, out, PV_AGENT_FRAME_BYTES_MAX, &bytes), OK);
	return bytes;
}

/* Feed bytes; return how many frames came out, the last one in *last with its payload copied. */
static uint32_t feed(struct agent_decoder *decoder, const uint8_t *bytes, uint32_t count,
                     struct agent_frame *last, uint8_t *last_payload)
{
	uint32_t frames = 0;
	struct agent_frame frame;

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(agent_decoder_push(decoder, bytes[i]), OK);
		while (agent_decoder_next(decoder, &frame)) {
			frames++;
			memcpy(last_payload, frame.payload, frame.payload_bytes);
			*last = frame;
			last->payload = last_payload;
		}
	}
	return frames;
}

static void test_known_bytes(void **state)
{
	static const uint8_t expected[] = {0xa5, 0x82, 0x01, 0x00, 0x78, 0x56,
	                                   0x34, 0x12, 0x07, 0x01, 0xb2, 0x12};
	uint8_t payload = PV_AGENT_BUSY;
	uint8_t out[PV_AGENT_FRAME_BYTES_MAX];

	(void)state;
	uint32_t bytes = encode(PV_AGENT_ACK, 7, 0x12345678U, &payload, 1, out);
	assert_int_equal(bytes, sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void test_round_trip_of_every_length(void **state)
{
	static uint8_t payload[PV_AGENT_TO_HOST_MAX];
	static uint8_t got[PV_AGENT_TO_HOST_MAX];
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	static struct agent_decoder decoder;
	struct agent_frame frame;

	(void)state;
	/* Nothing but magic bytes is the hardest content for a decoder that searches for one. */
	memset(payload, (int)PV_AGENT_MAGIC, sizeof(payload));
	agent_decoder_init(&decoder, PV_AGENT_TO_HOST_MAX);
	for (uint16_t n = 0; n <= PV_AGENT_TO_HOST_MAX; n++) {
		uint32_t bytes = encode(PV_AGENT_STDOUT, 0, n, payload, n, wire);
		assert_int_equal(feed(&decoder, wire, bytes, &frame, got), 1);
		assert_int_equal(frame.type, PV_AGENT_STDOUT);
		assert_int_equal(frame.id, n);
		assert_int_equal(frame.payload_bytes, n);
		assert_memory_equal(got, payload, n);
	}
	assert_int_equal(decoder.dropped_bytes, 0);
}

static void test_limits(void **state)
{
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	static uint8_t payload[PV_AGENT_TO_HOST_MAX + 1];
	static struct agent_decoder decoder;
	struct agent_frame frame = {PV_AGENT_STDOUT, 0, PV_AGENT_TO_HOST_MAX + 1, 1, payload};
	uint32_t bytes = 0;

	(void)state;
	assert_int_equal(agent_frame_encode(&frame, wire, UINT32_MAX, &bytes), ERR_RANGE);
	frame.payload_bytes = 4;
	assert_int_equal(agent_frame_encode(&frame, wire, 14, &bytes), ERR_RANGE);
	assert_int_equal(agent_frame_encode(&frame, wire, 15, &bytes), OK);

	/* A frame longer than this direction allows is not waited for. */
	agent_decoder_init(&decoder, PV_AGENT_TO_GUEST_MAX);
	bytes = encode(PV_AGENT_STDIN, 1, 1, payload, PV_AGENT_TO_GUEST_MAX + 1, wire);
	assert_int_equal(feed(&decoder, wire, bytes, &frame, payload), 0);
	bytes = encode(PV_AGENT_STDIN, 2, 1, payload, PV_AGENT_TO_GUEST_MAX, wire);
	assert_int_equal(feed(&decoder, wire, bytes, &frame, payload), 1);

	/* A caller that never takes frames gets an error, not an overrun. */
	agent_decoder_init(&decoder, UINT32_MAX);
	assert_int_equal(decoder.payload_max, PV_AGENT_TO_HOST_MAX);
	for (uint32_t i = 0; i < PV_AGENT_FRAME_BYTES_MAX; i++) {
		assert_int_equal(agent_decoder_push(&decoder, 0), OK);
	}
	assert_int_equal(agent_decoder_push(&decoder, 0), ERR_FULL);
}

/* Lose or damage one byte at each place of a frame: after two more frames, all is well again. */
static void test_recovers_from_loss_and_damage(void **state)
{
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	static uint8_t broken[PV_AGENT_FRAME_BYTES_MAX];
	static uint8_t got[PV_AGENT_TO_HOST_MAX];
	static struct agent_decoder decoder;
	struct agent_frame frame;
	uint8_t payload[PV_AGENT_TO_GUEST_MAX];

	(void)state;
	memset(payload, (int)PV_AGENT_MAGIC, sizeof(payload));
	uint32_t bytes = encode(PV_AGENT_STDIN, 9, 42, payload, sizeof(payload), wire);
	for (uint32_t at = 0; at < bytes; at++) {
		agent_decoder_init(&decoder, PV_AGENT_TO_GUEST_MAX);
		memcpy(broken, wire, at);
		memcpy(&broken[at], &wire[at + 1], bytes - at - 1);
		/* Retransmissions after the loss: the first may still complete the broken one. */
		uint32_t frames = feed(&decoder, broken, bytes - 1, &frame, got);
		frames += feed(&decoder, wire, bytes, &frame, got);
		frames += feed(&decoder, wire, bytes, &frame, got);
		assert_in_range(frames, 1, 2);
		assert_int_equal(frame.seq, 9);

		for (uint32_t bit = 0; bit < 8; bit++) {
			agent_decoder_init(&decoder, PV_AGENT_TO_GUEST_MAX);
			memcpy(broken, wire, bytes);
			broken[at] ^= (uint8_t)(1U << bit);
			assert_int_equal(feed(&decoder, broken, bytes, &frame, got), 0);
			assert_in_range(feed(&decoder, wire, bytes, &frame, got) +
			                        feed(&decoder, wire, bytes, &frame, got),
			                1, 2);
		}
	}
}

static void test_frames_inside_garbage(void **state)
{
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	static uint8_t got[PV_AGENT_TO_HOST_MAX];
	static struct agent_decoder decoder;
	struct agent_frame frame;
	uint32_t random = 1;
	uint32_t frames = 0;

	(void)state;
	agent_decoder_init(&decoder, PV_AGENT_TO_GUEST_MAX);
	for (uint32_t round = 0; round < 1000; round++) {
		uint8_t noise[8];
		for (uint32_t i = 0; i < sizeof(noise); i++) {
			random = random * 1664525U + 1013904223U;
			noise[i] = (uint8_t)(random >> 24);
		}
		frames += feed(&decoder, noise, sizeof(noise), &frame, got);
		uint32_t bytes = encode(PV_AGENT_PING, (uint8_t)round, 0, NULL, 0, wire);
		frames += feed(&decoder, wire, bytes, &frame, got);
	}
	/* A false magic byte may hold the last frames back, never lose them. */
	assert_in_range(frames, 990, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_bytes),
		cmocka_unit_test(test_round_trip_of_every_length),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_recovers_from_loss_and_damage),
		cmocka_unit_test(test_frames_inside_garbage),
	};
	return cmocka_run_group_tests_name("agent_frame", tests, NULL, NULL);
}
