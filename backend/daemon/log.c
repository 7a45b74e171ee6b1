/* SPDX-License-Identifier: BSD-2-Clause */
/* See log.h. */
#include "backend/daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 512

__attribute__((format(printf, 3, 0))) static void put(const char *subject, const char *tail,
                                                      const char *format, va_list args)
{
	char text[LINE_BYTES];
	char line[LINE_BYTES + 128];

	vsnprintf(text, sizeof(text), format, args);
	int length = snprintf(line, sizeof(line), "peervisord: %s: %s%s%s\n", subject, text,
	                      tail[0] ? ": " : "", tail);
	size_t bytes = length < (int)sizeof(line) ? (size_t)length : sizeof(line) - 1;
	/* There is nobody to tell that the log cannot be written. */
	ssize_t written = write(STDERR_FILENO, line, bytes);
	(void)written;
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
