/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of the guest agent (abi/agent.h) to bytes and back. Pure: no I/O, no memory of its own,
 * the same code in the agent and in topo's runner. The decoder takes bytes one at a time from a
 * peer that it does not trust, over a line that may lose bytes: it finds the next good frame again
 * by itself, and its buffer cannot run over.
 */
#ifndef LIB_AGENT_FRAME_H
#define LIB_AGENT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/agent.h"
#include "abi/err.h"

struct agent_frame {
	uint8_t type;
	uint8_t seq;
	uint16_t payload_bytes;
	uint32_t id;
	const uint8_t *payload;
};

struct agent_decoder {
	uint32_t payload_max;   /* of a frame in this direction */
	uint32_t used_bytes;    /* of buf */
	uint32_t done_bytes;    /* at the start of buf: the frame that was handed out last */
	uint32_t dropped_bytes; /* so far, because they were no part of a good frame */
	uint8_t buf[PV_AGENT_FRAME_BYTES_MAX];
};

/** Start with an empty buffer. @payload_max: PV_AGENT_TO_HOST_MAX or PV_AGENT_TO_GUEST_MAX. */
void agent_decoder_init(struct agent_decoder *decoder, uint32_t payload_max);

/**
 * Add one received byte.
 * Errors: ERR_FULL, the byte is dropped: the caller did not call agent_decoder_next() until it
 * returned false after the byte before.
 */
MUST_USE err_t agent_decoder_push(struct agent_decoder *decoder, uint8_t byte);

/**
 * Take the next good frame, if one is complete.
 * @frame: its payload points into the decoder and is valid until the next call with it.
 */
MUST_USE bool agent_decoder_next(struct agent_decoder *decoder, struct agent_frame *frame);

/**
 * Write @frame as bytes to @out.
 * Errors: ERR_RANGE payload longer than PV_AGENT_TO_HOST_MAX, or all longer than @capacity.
 */
MUST_USE err_t agent_frame_encode(const struct agent_frame *frame, uint8_t *out, uint32_t capacity,
                                  uint32_t *bytes);

#endif
