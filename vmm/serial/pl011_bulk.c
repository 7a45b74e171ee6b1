/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of pl011_bulk.h. Read and write act on the same FIFO and the same channel as the
 * registers, so a guest may change from one way to the other between two bytes.
 */
#include "vmm/serial/pl011_bulk.h"

#define NOT_SUPPORTED (-1)
#define WRITE_BYTES 16U /* at most, of one PV_CALL_CONSOLE_WRITE */

static struct reply answer(int64_t value)
{
	return (struct reply){.kind = PV_REPLY_RESUME, .value = (uint64_t)value};
}

/* What a channel that nobody hears takes is all of it, as through the register. */
static uint32_t put(const struct pl011 *uart, uint32_t count, uint64_t low, uint64_t high)
{
	uint32_t taken;

	return call_console_write(uart->cap, count, low, high, &taken) == OK && taken <= count
	               ? taken
	               : count;
}

static struct reply write_bytes(const struct pl011 *uart, uint32_t count, const uint64_t *words)
{
	uint32_t first = count < WRITE_BYTES ? count : WRITE_BYTES;
	uint32_t taken = put(uart, first, words[0], words[1]);

	if (taken == WRITE_BYTES && count > WRITE_BYTES) {
		taken += put(uart, count - WRITE_BYTES, words[2], 0);
	}
	return answer(taken);
}

static struct reply read_bytes(struct pl011 *uart)
{
	struct reply reply = {.kind = PV_REPLY_RESULTS, .value = 0};
	uint8_t bytes[PV_VMM_AGENT_BYTES];
	uint32_t count = pl011_take(uart, bytes, sizeof(bytes));

	for (uint32_t i = 0; i < count; i++) {
		reply.more[i / 8] |= (uint64_t)bytes[i] << (8 * (i % 8));
	}
	reply.value = count;
	return reply;
}

bool pl011_bulk_has(uint64_t function)
{
	uint32_t number = (uint32_t)function; /* SMCCC: the upper half of x0 is ignored */

	return number >= PV_VMM_AGENT_CALL && number <= PV_VMM_AGENT_WRITE + PV_VMM_AGENT_BYTES;
}

struct reply pl011_bulk_call(struct pl011 *uart, const uint64_t argument[4])
{
	uint32_t number = (uint32_t)argument[0];

	if (uart->intid == 0) {
		return answer(NOT_SUPPORTED); /* this VM has no agent */
	}
	if (number == PV_VMM_AGENT_CALL) {
		return answer(PV_VMM_AGENT_CALL_VERSION);
	}
	if (number == PV_VMM_AGENT_READ) {
		return read_bytes(uart);
	}
	return number > PV_VMM_AGENT_WRITE
	               ? write_bytes(uart, number - PV_VMM_AGENT_WRITE, &argument[1])
	               : answer(NOT_SUPPORTED);
}
