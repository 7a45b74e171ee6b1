/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests as lines (requests.h). What is none is told and has no effect; nothing of it is
 * repeated, so that who reads the channel cannot be made to take it for a line of the VMM.
 */
#include "vmm/vm/requests.h"

#include <stdbool.h>

#include "abi/vmm.h"
#include "lib/bits.h"
#include "vmm/base/log.h"
#include "vmm/calls.h"

#define READ_BYTES 8U /* at most, of one PV_CALL_CONSOLE_READ */

void requests_init(struct requests *requests, uint32_t cap)
{
	*requests = (struct requests){.cap = cap};
}

static bool is_line(const struct requests *requests, const char *text)
{
	uint32_t i = 0;

	while (i < requests->length && text[i] != '\0' && text[i] == requests->line[i]) {
		i++;
	}
	return i == requests->length && text[i] == '\0';
}

static enum request find(const struct requests *requests)
{
	static const struct {
		const char *text;
		enum request request;
	} rows[] = {
		{PV_VMM_ASK_START, REQUEST_START},
		{PV_VMM_ASK_STOP, REQUEST_STOP},
		{PV_VMM_ASK_RESTART, REQUEST_RESTART},
		{PV_VMM_ASK_COUNTERS, REQUEST_COUNTERS},
	};

	for (uint32_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (is_line(requests, rows[i].text)) {
			return rows[i].request;
		}
	}
	return REQUEST_NONE;
}

/* A line is complete. */
static enum request take_line(struct requests *requests)
{
	enum request request = find(requests);

	requests->length = 0;
	if (request == REQUEST_NONE) {
		struct line line = {0};

		line_text(&line, "vmm: a line that asks for nothing it knows");
		line_write(&line, requests->cap);
	}
	return request;
}

enum request requests_next(struct requests *requests)
{
	enum request request = REQUEST_NONE;

	while (request == REQUEST_NONE) { /* as long as the operator types */
		char byte;

		if (requests->input_count == 0 &&
		    (call_console_read(requests->cap, &requests->input, &requests->input_count) !=
		             OK ||
		     requests->input_count == 0 || requests->input_count > READ_BYTES)) {
			requests->input_count = 0;
			break;
		}
		byte = (char)(requests->input & 0xff);
		requests->input >>= 8;
		requests->input_count--;
		if (byte == '\n') {
			request = take_line(requests);
		} else if (requests->length < REQUEST_BYTES) {
			requests->line[requests->length] = byte;
			requests->length++;
		}
	}
	return request;
}
