/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines.
 */
#include "kernel/core/log.h"

#include "kernel/core/console.h"

static void append(struct log_line *line, char c)
{
	if (line->length < LOG_LINE_BYTES - 1) { /* the last byte is the line's end */
		line->text[line->length++] = c;
	}
}

void log_begin(struct log_line *line, const char *text)
{
	line->length = 0;
	log_text(line, "pv: ");
	log_text(line, text);
}

void log_text(struct log_line *line, const char *text)
{
	for (; *text && line->length < LOG_LINE_BYTES - 1; text++) {
		append(line, *text);
	}
}

void log_hex(struct log_line *line, uint64_t value)
{
	log_text(line, "0x");
	for (uint32_t i = 0; i < 16; i++) {
		append(line, "0123456789abcdef"[(value >> (60 - 4 * i)) & 15]);
	}
}

void log_decimal(struct log_line *line, uint64_t value)
{
	char digits[21];
	uint32_t at = 20;

	digits[20] = '\0';
	for (uint32_t n = 0; n < 20; n++) {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
		if (!value) {
			break;
		}
	}
	log_text(line, &digits[at]);
}

void log_end(struct log_line *line)
{
	line->text[line->length] = '\n';
	console_log(line->text, line->length + 1);
}
