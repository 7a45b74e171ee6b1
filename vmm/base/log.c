/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of text and the way of bytes to a console channel (log.h). The kernel takes what fits in
 * the UART's FIFO; the rest is offered again from here, at EL0, where the wait is preemptible and
 * on the account of the VM that wants to be heard.
 */
#include "vmm/base/log.h"

#include "vmm/calls.h"

#define WRITE_BYTES 16U /* at most, of one PV_CALL_CONSOLE_WRITE */

static void put(struct line *line, char c)
{
	if (line->length < LOG_LINE_BYTES - 1) { /* the last byte is for "\n" */
		line->text[line->length] = c;
		line->length++;
	}
}

void line_text(struct line *line, const char *text)
{
	for (; *text != '\0'; text++) {
		put(line, *text);
	}
}

static void put_digits(struct line *line, uint64_t number, uint32_t base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	uint32_t count = 0;

	do {
		digits[count] = "0123456789abcdef"[number % base];
		number /= base;
		count++;
	} while (number != 0);
	while (count > 0) {
		count--;
		put(line, digits[count]);
	}
}

void line_number(struct line *line, uint64_t number)
{
	put_digits(line, number, 10);
}

void line_hex(struct line *line, uint64_t number)
{
	line_text(line, "0x");
	put_digits(line, number, 16);
}

void line_write(struct line *line, uint32_t cap)
{
	line->text[line->length] = '\n';
	console_write(cap, (const uint8_t *)line->text, line->length + 1);
	line->length = 0;
}

/* The first 8 of @count bytes, LSB first. */
static uint64_t pack(const uint8_t *bytes, uint32_t count)
{
	uint64_t word = 0;

	for (uint32_t i = 0; i < 8 && i < count; i++) {
		word |= (uint64_t)bytes[i] << (8 * i);
	}
	return word;
}

void console_write(uint32_t cap, const uint8_t *bytes, uint32_t count)
{
	while (count > 0) { /* as long as the UART needs */
		uint32_t part = count < WRITE_BYTES ? count : WRITE_BYTES;
		/* cppcheck-suppress knownConditionTrueFalse ; lines are longer than it thinks */
		uint64_t high = part > 8 ? pack(bytes + 8, part - 8) : 0;
		uint32_t taken;

		if (call_console_write(cap, part, pack(bytes, part), high, &taken) != OK ||
		    taken > part) {
			return; /* no such channel: nobody listens */
		}
		bytes += taken;
		count -= taken;
	}
}
