/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's log: lines on standard error, each written whole. Init decides where that goes; it
 * may be a console, whose UART takes its time while we wait. Much of what is logged a driver VM can
 * cause as often as it likes, so lines of one subject are limited: LOG_BURST at once, then one each
 * LOG_REFILL_MS. What is left out is counted in the next line.
 */
#ifndef BACKEND_DAEMON_LOG_H
#define BACKEND_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_BURST 64U
#define LOG_REFILL_MS 500U

/* What a subject may still say; zeroes: nothing was said yet. */
struct log_bucket {
	uint64_t paid_ms;  /* the time up to which its lines are paid for */
	uint32_t left_out; /* lines since the last one that was written */
};

/** May a line be written at @now_ms, a time that never goes back? If not it counts as left out. */
bool log_may(struct log_bucket *bucket, uint64_t now_ms);

/** Write "peervisord: SUBJECT: " and the rest, printf-like, as one line. @subject: who it is about. */
__attribute__((format(printf, 2, 3))) void log_line(const char *subject, const char *format, ...);

/** Like log_line(), and the text of errno behind it. */
__attribute__((format(printf, 2, 3))) void log_errno(const char *subject, const char *format, ...);

#endif
