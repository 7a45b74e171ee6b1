/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to people, as message.h declares them. */
#include "topo/runner/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "topo/base/say.h"

static void print_line(const char *prefix, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void print_line(const char *prefix, const char *format, va_list arguments)
{
	(void)fprintf(stderr, "topo: %s", prefix);
	say_values(stderr, format, arguments);
	(void)putc('\n', stderr);
}

void message_error(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line("error: ", format, arguments);
	va_end(arguments);
}

void message_warning(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line("warning: ", format, arguments);
	va_end(arguments);
}

void message_help(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line("  ", format, arguments);
	va_end(arguments);
}
