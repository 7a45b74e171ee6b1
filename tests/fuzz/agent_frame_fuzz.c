/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer harness of lib/agent_frame: any bytes from a peer. Each frame that the decoder hands
 * out must encode to the very bytes that went in.
 * links: lib/agent_frame.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(const struct agent_frame *frame, const uint8_t *end, size_t fed,
                        uint32_t held_back)
{
	static uint8_t out[PV_AGENT_FRAME_BYTES_MAX];
	uint32_t bytes = 0;

	if (agent_frame_encode(frame, out, sizeof(out), &bytes) != OK || bytes + held_back > fed ||
	    memcmp(out, end - held_back - bytes, bytes) != 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agent_decoder decoder;
	struct agent_frame frame;

	agent_decoder_init(&decoder,
	                   (size & 1U) != 0 ? PV_AGENT_TO_GUEST_MAX : PV_AGENT_TO_HOST_MAX);
	for (size_t i = 0; i < size; i++) {
		if (agent_decoder_push(&decoder, data[i]) != OK) {
			abort();
		}
		while (agent_decoder_next(&decoder, &frame)) {
			if (frame.payload_bytes > decoder.payload_max) {
				abort();
			}
			check_frame(&frame, &data[i + 1], i + 1,
			            decoder.used_bytes - decoder.done_bytes);
		}
	}
	return 0;
}
