/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8, against a decoder that is written the other way round: from code points to bytes.
 *
 * links: topo/base/utf8.c topo/base/say.c topo/base/arena.c
 * flags: -D_GNU_SOURCE
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/base/say.h"
#include "topo/base/utf8.h"

#define LAST_POINT 0x10ffffU

static size_t encode(uint32_t point, char *to)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	size_t bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = bytes; i-- > 1;) {
		to[i] = (char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	to[0] = (char)(heads[bytes] | point);
	return bytes;
}

static void every_character(void **state)
{
	char text[8];

	(void)state;
	for (uint32_t point = 0; point <= LAST_POINT; point++) {
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		size_t bytes = encode(point, text);

		assert_int_equal(utf8_bytes(text, bytes), surrogate ? 0 : bytes);
		assert_int_equal(utf8_valid(text, bytes), !surrogate);
		for (size_t cut = 0; cut < bytes; cut++) {
			assert_int_equal(utf8_bytes(text, cut), 0);
		}
	}
}

/* Of all pairs of bytes, as many begin or are characters as there are. */
static void every_pair(void **state)
{
	size_t found[3] = {0};

	(void)state;
	for (uint32_t pair = 0; pair < 0x10000; pair++) {
		const char text[2] = {(char)(pair >> 8), (char)(pair & 0xff)};

		found[utf8_bytes(text, 2)]++;
	}
	assert_int_equal(found[1], 0x80 * 0x100);
	assert_int_equal(found[2], 0x800 - 0x80);
}

static void wrong_forms(void **state)
{
	static const char *const wrong[] = {
		"\x80",
		"\xbf",
		"\xc0\xaf",
		"\xc1\x81",
		"\xc3(",
		"\xe0\x80\xaf",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xf0\x80\x80\xaf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xe2\x82",
		"\xf0\x9f\x98(",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(utf8_bytes(wrong[i], strlen(wrong[i])), 0);
		assert_false(utf8_valid(wrong[i], strlen(wrong[i])));
	}
}

static void what_shows(void **state)
{
	static const uint32_t hidden[] = {0,      0x1b,   0x1f,   0x7f,   0x80,   0x9b,
	                                  0x200e, 0x202a, 0x202e, 0x2066, 0xfeff, 0xad,
	                                  0x61c,  0x200b, 0x2060, 0xe0041};
	static const uint32_t shown[] = {' ', 'a', '~', 0xa0, 0xe9, 0x20ac, 0x4e2d, 0x1f600};
	char text[8];

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		assert_false(utf8_shows(text, encode(hidden[i], text)));
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		assert_true(utf8_shows(text, encode(shown[i], text)));
	}
}

/* What say and its kin print of @text. */
static char *printed(void (*print)(FILE *out, const char *text), const char *text)
{
	char *buffer = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&buffer, &bytes);

	assert_non_null(out);
	print(out, text);
	fclose(out);
	return buffer;
}

static void say_line(FILE *out, const char *text)
{
	say(out, "\n%s: %d\n", text, 7);
}

static void foreign_words(void **state)
{
	static const struct {
		void (*print)(FILE *out, const char *text);
		const char *text, *wanted;
	} rows[] = {
		{say_line, "a\nb\x1b[0m",
	         "\n"
	         "a\\x0ab\\x1b[0m: 7\n"},
		{say_line, "\u202e\xff\t\u00e9", "\n\\xe2\\x80\\xae\\xff\\x09\u00e9: 7\n"},
		{say_text, "100%s\r", "100%s\\x0d"},
		{say_json_string, "a\"\\\n\x7f\xff", "\"a\\\"\\\\\\u000a\\u007f\\ufffd\""},
		{say_json_string, "\u202e\U000e0041\u202c", "\"\\u202e\\udb40\\udc41\\u202c\""},
		{say_json, "{\n \"\u202e\u202c\xff\\n\"}", "{\n \"\\u202e\\u202c\\ufffd\\n\"}"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = printed(rows[i].print, rows[i].text);

		assert_string_equal(text, rows[i].wanted);
		free(text);
	}
	assert_string_equal(say_copy(arena, "a\nb\u2028"), "a\\x0ab\\xe2\\x80\\xa8");
	assert_ptr_equal(say_copy(arena, rows[2].wanted), rows[2].wanted);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character), cmocka_unit_test(every_pair),
		cmocka_unit_test(wrong_forms),     cmocka_unit_test(what_shows),
		cmocka_unit_test(foreign_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
