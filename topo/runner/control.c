/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of control.h. */
#include "topo/runner/control.h"

#include <string.h>

err_t control_frame_peek(const struct fifo *in, struct control_frame *frame)
{
	size_t held = 0;
	const uint8_t *bytes = fifo_peek(in, &held);
	struct control_header header;
	if (held < sizeof(header)) {
		return ERR_EMPTY;
	}
	memcpy(&header, bytes, sizeof(header));
	if (header.bytes > CONTROL_PAYLOAD_MAX) {
		return ERR_RANGE;
	}
	if (held < sizeof(header) + header.bytes) {
		return ERR_EMPTY;
	}
	*frame = (struct control_frame){
		.kind = header.kind, .bytes = header.bytes, .payload = bytes + sizeof(header)};
	return OK;
}

void control_frame_drop(struct fifo *in, const struct control_frame *frame)
{
	fifo_drop(in, sizeof(struct control_header) + frame->bytes);
}

err_t control_frame_put(struct fifo *out, uint32_t kind, const void *payload, size_t bytes)
{
	if (bytes > CONTROL_PAYLOAD_MAX) {
		return ERR_RANGE;
	}
	const struct control_header header = {.kind = kind, .bytes = (uint32_t)bytes};
	if (fifo_room(out) < sizeof(header) + bytes) {
		return ERR_FULL;
	}
	(void)fifo_put(out, &header, sizeof(header));
	(void)fifo_put(out, payload, bytes);
	return OK;
}

err_t control_payload(const struct control_frame *frame, void *out, size_t bytes)
{
	if (frame->bytes < bytes) {
		return ERR_ARG;
	}
	memcpy(out, frame->payload, bytes);
	return OK;
}
