/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text for people, and JSON for programs, in which words of others stand: names of a topology,
 * paths, what a guest or a file says. They cannot begin a line, obey a terminal or end a string.
 */
#ifndef TOPO_BASE_SAY_H
#define TOPO_BASE_SAY_H

#include <stdio.h>

#include "topo/base/arena.h"

/**
 * Print as fprintf does, every character that does not show escaped (topo/base/utf8.h), but for
 * newlines at the beginning and at the end of @format.
 */
void say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The same, with the values in @values. */
void say_values(FILE *out, const char *format, va_list values)
	__attribute__((format(printf, 2, 0)));

/** Print @text, escaped likewise. */
void say_text(FILE *out, const char *text);

/** @text escaped likewise: itself, or a copy in @arena. */
const char *say_copy(struct arena *arena, const char *text);

/** Print @text as a JSON string. JSON is UTF-8: bytes that are none become U+FFFD. */
void say_json_string(FILE *out, const char *text);

/** Print what json-c wrote, of which strings may hold what does not show, or is no UTF-8. */
void say_json(FILE *out, const char *json);

#endif
