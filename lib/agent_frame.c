/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoder and decoder of the agent's frames; see the header. The decoder keeps the bytes of an
 * unfinished frame, so that after a bad checksum the search goes on behind the false magic byte
 * and not behind the false frame: no good frame is swallowed by a bad one.
 *
 * Invariant between calls: used_bytes <= sizeof(buf), done_bytes <= used_bytes, and after
 * agent_decoder_next() returned false, buf holds a proper prefix of a frame, or nothing.
 */
#include "lib/agent_frame.h"

#define CRC_START 0xffffU

/* CRC-16/CCITT-FALSE, four bits at a time. */
static uint16_t crc16(const uint8_t *data, uint32_t bytes)
{
	static const uint16_t table[16] = {
		0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
		0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
	};
	uint32_t crc = CRC_START;

	for (uint32_t i = 0; i < bytes; i++) {
		crc = (crc << 4) ^ table[((crc >> 12) ^ (uint32_t)(data[i] >> 4)) & 0xfU];
		crc = (crc << 4) ^ table[((crc >> 12) ^ data[i]) & 0xfU];
		crc &= 0xffffU;
	}
	return (uint16_t)crc;
}

static uint32_t get_le(const uint8_t *from, uint32_t bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		value |= (uint32_t)from[i] << (8U * i);
	}
	return value;
}

static void put_le(uint8_t *to, uint32_t value, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		to[i] = (uint8_t)(value >> (8U * i));
	}
}

static void remove_front(struct agent_decoder *decoder, uint32_t bytes)
{
	for (uint32_t i = bytes; i < decoder->used_bytes; i++) {
		decoder->buf[i - bytes] = decoder->buf[i];
	}
	decoder->used_bytes -= bytes;
}

/* The front of the buffer cannot begin a frame: go on at the next magic byte. */
static void resync(struct agent_decoder *decoder)
{
	uint32_t next = 1;

	while (next < decoder->used_bytes && decoder->buf[next] != PV_AGENT_MAGIC) {
		next++;
	}
	decoder->dropped_bytes += next;
	remove_front(decoder, next);
}

void agent_decoder_init(struct agent_decoder *decoder, uint32_t payload_max)
{
	decoder->payload_max =
		payload_max <= PV_AGENT_TO_HOST_MAX ? payload_max : PV_AGENT_TO_HOST_MAX;
	decoder->used_bytes = 0;
	decoder->done_bytes = 0;
	decoder->dropped_bytes = 0;
}

err_t agent_decoder_push(struct agent_decoder *decoder, uint8_t byte)
{
	remove_front(decoder, decoder->done_bytes);
	decoder->done_bytes = 0;
	if (decoder->used_bytes >= sizeof(decoder->buf)) {
		return ERR_FULL;
	}
	decoder->buf[decoder->used_bytes] = byte;
	decoder->used_bytes++;
	return OK;
}

bool agent_decoder_next(struct agent_decoder *decoder, struct agent_frame *frame)
{
	const uint8_t *buf = decoder->buf;

	remove_front(decoder, decoder->done_bytes);
	decoder->done_bytes = 0;
	/* Each turn that does not return drops at least one byte of at most sizeof(buf). */
	while (decoder->used_bytes > 0) {
		if (buf[0] != PV_AGENT_MAGIC) {
			resync(decoder);
			continue;
		}
		if (decoder->used_bytes < PV_AGENT_HEADER_BYTES) {
			return false;
		}
		uint32_t payload_bytes = get_le(&buf[2], 2);
		if (payload_bytes > decoder->payload_max) {
			resync(decoder);
			continue;
		}
		uint32_t covered = PV_AGENT_HEADER_BYTES + payload_bytes;
		if (decoder->used_bytes < covered + PV_AGENT_CRC_BYTES) {
			return false;
		}
		if (crc16(buf, covered) != get_le(&buf[covered], PV_AGENT_CRC_BYTES)) {
			resync(decoder);
			continue;
		}
		frame->type = buf[1];
		frame->seq = buf[8];
		frame->payload_bytes = (uint16_t)payload_bytes;
		frame->id = get_le(&buf[4], 4);
		frame->payload = &buf[PV_AGENT_HEADER_BYTES];
		decoder->done_bytes = covered + PV_AGENT_CRC_BYTES;
		return true;
	}
	return false;
}

err_t agent_frame_encode(const struct agent_frame *frame, uint8_t *out, uint32_t capacity,
                         uint32_t *bytes)
{
	uint32_t covered = PV_AGENT_HEADER_BYTES + frame->payload_bytes;

	if (frame->payload_bytes > PV_AGENT_TO_HOST_MAX ||
	    capacity < covered + PV_AGENT_CRC_BYTES) {
		return ERR_RANGE;
	}
	out[0] = PV_AGENT_MAGIC;
	out[1] = frame->type;
	put_le(&out[2], frame->payload_bytes, 2);
	put_le(&out[4], frame->id, 4);
	out[8] = frame->seq;
	for (uint32_t i = 0; i < frame->payload_bytes; i++) {
		out[PV_AGENT_HEADER_BYTES + i] = frame->payload[i];
	}
	put_le(&out[covered], crc16(out, covered), PV_AGENT_CRC_BYTES);
	*bytes = covered + PV_AGENT_CRC_BYTES;
	return OK;
}
