/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own log: channel 0 of the UART. A line is put together first and sent whole, since
 * several CPUs may have something to say. Nothing that a guest or a VMM can repeat at will is
 * logged.
 */
#ifndef KERNEL_CORE_LOG_H
#define KERNEL_CORE_LOG_H

#include <stdint.h>

#define LOG_LINE_BYTES 192U

/* A line in the making. What does not fit is left out. */
struct log_line {
	uint32_t length;
	char text[LOG_LINE_BYTES];
};

/** Begin a line: "pv: " and @text. */
void log_begin(struct log_line *line, const char *text);

/** Append to a line. */
void log_text(struct log_line *line, const char *text);
void log_hex(struct log_line *line, uint64_t value);
void log_decimal(struct log_line *line, uint64_t value);

/**
 * Send the line and its end. Takes the console lock. Never waits for long: what the UART does not
 * take in time is dropped.
 */
void log_end(struct log_line *line);

#endif
