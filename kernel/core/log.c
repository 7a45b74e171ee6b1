/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines.
 */
#include "kernel/core/log.h"

#include <stdarg.h>
#include <stdint.h>

#include "kernel/core/console.h"

#define DIGITS_MAX 20U /* of 64 bits */

/* A line in the making. */
struct log_line {
	uint32_t length;
	char text[LOG_LINE_BYTES];
};

static void append(struct log_line *line, char c)
{
	if (line->length < LOG_LINE_BYTES - 1) { /* the last byte is the line's end */
		line->text[line->length++] = c;
	}
}

static void append_text(struct log_line *line, const char *text)
{
	for (; *text && line->length < LOG_LINE_BYTES - 1; text++) {
		append(line, *text);
	}
}

static void append_number(struct log_line *line, uint64_t value, uint32_t base, uint32_t digits_min)
{
	char digits[DIGITS_MAX + 1] = "";
	uint32_t at = DIGITS_MAX;

	for (uint32_t n = 1; n <= DIGITS_MAX && (n <= digits_min || value); n++) {
		digits[--at] = "0123456789abcdef"[value % base];
		value = value / base;
	}
	append_text(line, &digits[at]);
}

void log_print(const char *format, ...)
{
	struct log_line line = {0};
	va_list arguments;

	append_text(&line, "pv: ");
	va_start(arguments, format);
	for (; *format && line.length < LOG_LINE_BYTES - 1; format++) {
		if (*format != '%') {
			append(&line, *format);
		} else if (*++format == 's') {
			append_text(&line, va_arg(arguments, const char *));
		} else if (*format == 'u') {
			append_number(&line, va_arg(arguments, uint32_t), 10, 1);
		} else { /* 016lx */
			append_number(&line, va_arg(arguments, uint64_t), 16, 16);
			format += sizeof("16lx") - 1;
		}
	}
	va_end(arguments);
	line.text[line.length] = '\n';
	console_log(line.text, line.length + 1);
}
