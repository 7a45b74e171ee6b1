/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both directions of abi/mux.h: many byte channels on the one line of QEMU's serial port. Pure
 * state machines; the session feeds them. What comes from the line was written by the kernel, but
 * a decoder takes any bytes and never delivers a channel number above PV_CHANNELS_MAX - 1.
 */
#ifndef TOPO_RUNNER_MUX_H
#define TOPO_RUNNER_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/runner/fifo.h"

/* A decoder of zeroes stands at the start of the line. */
struct mux_decoder {
	uint32_t channel;
	bool escaped; /* the byte before was a PV_MUX_ESC that opens an escape */
};

/* An encoder of zeroes has written nothing yet. */
struct mux_encoder {
	uint32_t channel;
};

typedef void mux_sink(void *owner, uint32_t channel, const uint8_t *bytes, size_t count);

/** Take @count bytes of the line; call @sink for each run of bytes of one channel. */
void mux_decode(struct mux_decoder *decoder, const uint8_t *line, size_t count, mux_sink *sink,
                void *owner);

/**
 * Append bytes of @channel (< PV_CHANNELS_MAX) to @line. Returns how many of @count were taken: as
 * many as fit, an escape wholly or not at all.
 */
size_t mux_encode(struct mux_encoder *encoder, uint32_t channel, const uint8_t *bytes, size_t count,
                  struct fifo *line);

#endif
