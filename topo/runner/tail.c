/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a stream, as tail.h declares it. */
#include "topo/runner/tail.h"

#include <string.h>

void tail_put(struct tail *tail, const uint8_t *bytes, size_t count)
{
	if (count > TAIL_BYTES) {
		tail->total += count - TAIL_BYTES;
		bytes += count - TAIL_BYTES;
		count = TAIL_BYTES;
	}
	const size_t at = tail->total % TAIL_BYTES;
	const size_t first = count < TAIL_BYTES - at ? count : TAIL_BYTES - at;
	memcpy(tail->ring + at, bytes, first);
	memcpy(tail->ring, bytes + first, count - first);
	tail->total += count;
}

size_t tail_copy(const struct tail *tail, uint8_t *out, size_t size)
{
	const size_t held = tail->total < TAIL_BYTES ? (size_t)tail->total : TAIL_BYTES;
	const size_t count = size < held ? size : held;
	const size_t at = (size_t)((tail->total - count) % TAIL_BYTES);
	const size_t first = count < TAIL_BYTES - at ? count : TAIL_BYTES - at;
	memcpy(out, tail->ring + at, first);
	memcpy(out + first, tail->ring, count - first);
	return count;
}

/* Where the last @line_count lines of @bytes start. */
static size_t find_last_lines(const uint8_t *bytes, size_t count, size_t line_count)
{
	size_t at = count;
	/* The end of line that closes the last line opens none. */
	if (at > 0 && bytes[at - 1] == '\n') {
		at--;
	}
	while (at > 0) {
		if (bytes[at - 1] == '\n' && --line_count == 0) {
			break;
		}
		at--;
	}
	return at;
}

void tail_lines(const struct tail *tail, size_t line_count, linecut_sink *sink, void *owner)
{
	uint8_t bytes[TAIL_BYTES];
	const size_t count = tail_copy(tail, bytes, sizeof(bytes));
	if (count == 0 || line_count == 0) {
		return;
	}
	struct linecut cut = {.count = 0};
	const size_t at = find_last_lines(bytes, count, line_count);
	linecut_put(&cut, bytes + at, count - at, sink, owner);
	linecut_end(&cut, sink, owner);
}
