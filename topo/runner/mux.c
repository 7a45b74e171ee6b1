/* SPDX-License-Identifier: BSD-2-Clause */
/* The framing of abi/mux.h, as mux.h declares it. */
#include "topo/runner/mux.h"

#include <string.h>

#include "abi/limits.h"
#include "abi/mux.h"

/* The byte after a PV_MUX_ESC. A doubled PV_MUX_ESC is data, all others are not. */
static void decode_escape(struct mux_decoder *decoder, const uint8_t *byte, mux_sink *sink,
                          void *owner)
{
	decoder->escaped = false;
	if (*byte == PV_MUX_ESC) {
		sink(owner, decoder->channel, byte, 1);
	} else if (*byte < PV_CHANNELS_MAX) {
		decoder->channel = *byte;
	}
}

void mux_decode(struct mux_decoder *decoder, const uint8_t *line, size_t count, mux_sink *sink,
                void *owner)
{
	size_t at = 0;
	while (at < count) {
		if (decoder->escaped) {
			decode_escape(decoder, &line[at], sink, owner);
			at++;
			continue;
		}
		const uint8_t *escape = memchr(line + at, PV_MUX_ESC, count - at);
		const size_t end = escape == NULL ? count : (size_t)(escape - line);
		if (end > at) {
			sink(owner, decoder->channel, line + at, end - at);
		}
		decoder->escaped = escape != NULL;
		at = escape == NULL ? end : end + 1;
	}
}

/* Append the one or two bytes that stand for @byte; false if they do not fit. */
static bool encode_byte(uint8_t byte, struct fifo *line)
{
	const uint8_t pair[2] = {byte, byte};
	const size_t count = byte == PV_MUX_ESC ? 2 : 1;
	return fifo_room(line) >= count && fifo_put(line, pair, count) == count;
}

size_t mux_encode(struct mux_encoder *encoder, uint32_t channel, const uint8_t *bytes, size_t count,
                  struct fifo *line)
{
	if (count == 0) {
		return 0;
	}
	if (encoder->channel != channel) {
		const uint8_t select[2] = {PV_MUX_ESC, (uint8_t)channel};
		/* Room for one byte behind it, else the switch would be for nothing. */
		if (fifo_room(line) < sizeof(select) + 2) {
			return 0;
		}
		(void)fifo_put(line, select, sizeof(select));
		encoder->channel = channel;
	}
	size_t taken = 0;
	while (taken < count && encode_byte(bytes[taken], line)) {
		taken++;
	}
	return taken;
}
