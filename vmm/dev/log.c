/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of text and the way of bytes to a console channel (log.h). The kernel takes what fits in
 * the UART's FIFO; the rest is offered again from here, at EL0, where the wait is preemptible and
 * on the account of the VM that wants to be heard.
 */
#include "vmm/dev/log.h"

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

void console_write(uint32_t cap, const uint8_t *bytes, uint32_t count)
{
	uint32_t done = 0;

	while (done < count) {
		uint32_t part = count - done < WRITE_BYTES ? count - done : WRITE_BYTES;
		uint64_t word[2] = {0, 0};
		uint32_t taken;

		for (uint32_t i = 0; i < part; i++) {
			word[i / 8] |= (uint64_t)bytes[done + i] << (8 * (i % 8));
		}
		if (call_console_write(cap, part, word[0], word[1], &taken) != OK) {
			return; /* no such channel: nobody listens */
		}
		done += taken <= part ? taken : part;
	}
}
