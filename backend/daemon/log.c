/* SPDX-License-Identifier: BSD-2-Clause */
/* See log.h. */
#include "backend/daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 512
#define BUCKETS 32U

/*
 * The one state of the daemon that no context carries: who logs has nothing at hand but a subject.
 * Subjects that share a bucket share its limit.
 */
static struct log_bucket buckets[BUCKETS];

static struct log_bucket *bucket_of(const char *subject)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *subject != '\0'; subject++) {
		hash = (hash ^ (uint8_t)*subject) * 16777619U;
	}
	return &buckets[hash % BUCKETS];
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Lines may be paid for in advance, as far as a burst goes; time that was not used is lost. */
bool log_may(struct log_bucket *bucket, uint64_t time_ms)
{
	const uint64_t burst_ms = (uint64_t)LOG_BURST * LOG_REFILL_MS;
	uint64_t paid_ms = bucket->paid_ms > time_ms ? bucket->paid_ms : time_ms;

	if (paid_ms + LOG_REFILL_MS > time_ms + burst_ms) {
		bucket->left_out++;
		return false;
	}
	bucket->paid_ms = paid_ms + LOG_REFILL_MS;
	return true;
}

__attribute__((format(printf, 2, 3))) static void write_line(const char *subject,
                                                             const char *format, ...)
{
	char text[LINE_BYTES];
	char line[LINE_BYTES + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	int length = snprintf(line, sizeof(line), "peervisord: %s: %s\n", subject, text);
	size_t bytes = length < (int)sizeof(line) ? (size_t)length : sizeof(line) - 1;
	/* There is nobody to tell that the log cannot be written. */
	ssize_t written = write(STDERR_FILENO, line, bytes);
	(void)written;
}

__attribute__((format(printf, 3, 0))) static void put(const char *subject, const char *tail,
                                                      const char *format, va_list args)
{
	struct log_bucket *bucket = bucket_of(subject);
	char text[LINE_BYTES];

	if (!log_may(bucket, now_ms())) {
		return;
	}
	if (bucket->left_out > 0) {
		write_line(subject, "%u lines were left out", bucket->left_out);
		bucket->left_out = 0;
	}
	vsnprintf(text, sizeof(text), format, args);
	write_line(subject, "%s%s%s", text, tail[0] ? ": " : "", tail);
}

void log_line(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(subject, "", format, args);
	va_end(args);
}

void log_errno(const char *subject, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	put(subject, strerror(saved), format, args);
	va_end(args);
	errno = saved;
}
