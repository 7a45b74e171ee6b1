/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Escaping, one form for each language.
 */
#include "topo/base/say.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/utf8.h"

static void out_of_memory(void)
{
	fputs("topo: out of memory\n", stderr);
	exit(3);
}

void say_text(FILE *out, const char *text)
{
	size_t left = strlen(text);
	size_t shown = 0; /* bytes that show, not printed yet */
	struct utf8_look look;

	while (left > shown) {
		utf8_look_at(text + shown, left - shown, &look);
		if (look.text == NULL) {
			shown += look.bytes;
			continue;
		}
		fwrite(text, 1, shown, out);
		fputs(look.text, out);
		text += shown + look.bytes;
		left -= shown + look.bytes;
		shown = 0;
	}
	fwrite(text, 1, shown, out);
}

void say_values(FILE *out, const char *format, va_list values)
{
	size_t first = strspn(format, "\n");
	size_t end = strlen(format);
	char *middle = NULL;
	char *text = NULL;

	while (end > first && format[end - 1] == '\n') {
		end--;
	}
	middle = strndup(format + first, end - first);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* a part of one that was checked */
	if (middle == NULL || vasprintf(&text, middle, values) < 0) {
		out_of_memory();
	}
#pragma GCC diagnostic pop
	fwrite(format, 1, first, out);
	say_text(out, text);
	fputs(format + end, out);
	free(middle);
	free(text);
}

void say(FILE *out, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_values(out, format, values);
	va_end(values);
}

const char *say_copy(struct arena *arena, const char *text)
{
	struct utf8_look look;
	size_t bytes = strlen(text);
	size_t shown = 0;
	char *copy = NULL;

	for (size_t at = 0; at < bytes; at += look.bytes) {
		utf8_look_at(text + at, bytes - at, &look);
		shown += look.text == NULL ? look.bytes : strlen(look.text);
	}
	if (shown == bytes) {
		return text;
	}
	copy = arena_alloc(arena, shown + 1);
	shown = 0;
	for (size_t at = 0; at < bytes; at += look.bytes) {
		utf8_look_at(text + at, bytes - at, &look);
		size_t count = look.text == NULL ? look.bytes : strlen(look.text);

		memcpy(copy + shown, look.text == NULL ? text + at : look.text, count);
		shown += count;
	}
	return copy;
}

/* A character of a JSON string; not one that is a part of JSON itself. */
static void put_json(FILE *out, const char *text, size_t count)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = count == 0 ? 0xfffd : (unsigned char)text[0] & masks[count];

	if (count != 0 && utf8_shows(text, count)) {
		fwrite(text, 1, count, out);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		point = point << 6 | ((unsigned char)text[i] & 0x3fU);
	}
	if (point < 0x10000) {
		fprintf(out, "\\u%04x", point);
	} else {
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
	}
}

void say_json(FILE *out, const char *json)
{
	size_t count = 1;

	for (size_t left = strlen(json); left != 0; left -= count, json += count) {
		size_t known = utf8_bytes(json, left);

		count = known == 0 ? 1 : known;
		/* Control characters in strings are escaped already: this is JSON's own white space. */
		if (*json == '\n' || *json == '\t') {
			putc(*json, out);
		} else {
			put_json(out, json, known);
		}
	}
}

void say_json_string(FILE *out, const char *text)
{
	size_t count = 1;

	putc('"', out);
	for (size_t left = strlen(text); left != 0; left -= count, text += count) {
		size_t known = utf8_bytes(text, left);

		count = known == 0 ? 1 : known;
		if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text);
		} else {
			put_json(out, text, known);
		}
	}
	putc('"', out);
}
