/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer: kinds, texts and places of tokens, splices and comments, numbers and strings.
 *
 * links: topo/language/lex.c topo/language/operators.c topo/language/quotes.c topo/language/token.c topo/diag/source.c topo/diag/diag.c
 * links: topo/diag/print.c topo/base/arena.c topo/base/strmap.c
 * links: topo/base/utf8.c topo/base/say.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/language/lex.h"

struct fixture {
	struct arena *arena;
	struct diag *diag;
	struct lexer lexer;
};

static void begin(struct fixture *fixture, const char *text, size_t bytes)
{
	fixture->arena = arena_new();
	fixture->diag = diag_new();
	lex_start(&fixture->lexer, fixture->arena, fixture->diag,
	          source_add_text(diag_sources(fixture->diag), "t", text, bytes));
}

static void finish(struct fixture *fixture)
{
	diag_free(fixture->diag);
	arena_free(fixture->arena);
}

static void expect_token(struct fixture *fixture, enum token_kind kind, const char *text,
                         uint32_t line, uint32_t column)
{
	struct token token;

	lex_next(&fixture->lexer, &token);
	assert_int_equal(token.kind, kind);
	assert_int_equal(token.bytes, strlen(text));
	assert_memory_equal(token.text, text, token.bytes);
	assert_int_equal(token.place.line, line);
	assert_int_equal(token.place.column, column);
}

static void kinds_and_places(void **state)
{
	static const char text[] = "vm_a.x = 0x1f\n\t\"a \\\" b\" 'c' // gone\n<- -> ** ... @ z";
	struct fixture fixture;

	(void)state;
	begin(&fixture, text, strlen(text));
	expect_token(&fixture, TOKEN_IDENTIFIER, "vm_a", 1, 1);
	expect_token(&fixture, TOKEN_PUNCTUATOR, ".", 1, 5);
	expect_token(&fixture, TOKEN_IDENTIFIER, "x", 1, 6);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "=", 1, 8);
	expect_token(&fixture, TOKEN_NUMBER, "0x1f", 1, 10);
	expect_token(&fixture, TOKEN_STRING, "\"a \\\" b\"", 2, 2);
	expect_token(&fixture, TOKEN_CHARACTER, "'c'", 2, 11);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "<-", 3, 1);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "->", 3, 4);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "**", 3, 7);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "...", 3, 10);
	expect_token(&fixture, TOKEN_OTHER, "@", 3, 14);
	expect_token(&fixture, TOKEN_IDENTIFIER, "z", 3, 16);
	expect_token(&fixture, TOKEN_END, "", 3, 17);
	expect_token(&fixture, TOKEN_END, "", 3, 17);
	assert_false(diag_failed(fixture.diag));
	finish(&fixture);
}

static void splices(void **state)
{
	static const char text[] = "ab\\\ncd \"x\\\r\ny\" #\\\n# .\\\n.\\\n. /\\\n/ gone";
	struct fixture fixture;

	(void)state;
	begin(&fixture, text, strlen(text));
	expect_token(&fixture, TOKEN_IDENTIFIER, "abcd", 1, 1);
	expect_token(&fixture, TOKEN_STRING, "\"xy\"", 2, 4);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "##", 3, 4);
	expect_token(&fixture, TOKEN_PUNCTUATOR, "...", 4, 3);
	expect_token(&fixture, TOKEN_END, "", 7, 7);
	finish(&fixture);
}

static void line_starts(void **state)
{
	static const char text[] = "# a\n /* x\n */ # b # c\n";
	struct fixture fixture;
	struct token token;
	bool expected[] = {true, false, true, false, false, false};

	(void)state;
	begin(&fixture, text, strlen(text));
	for (size_t i = 0; i < sizeof(expected); i++) {
		lex_next(&fixture.lexer, &token);
		assert_int_equal(token.line_start, expected[i]);
	}
	finish(&fixture);
}

static void unfinished(void **state)
{
	static const char *const texts[] = {"\"abc\nx", "'a", "/* abc", "\"abc\\"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fixture fixture;
		struct token token;

		begin(&fixture, texts[i], strlen(texts[i]));
		do {
			lex_next(&fixture.lexer, &token);
		} while (token.kind != TOKEN_END);
		assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
		finish(&fixture);
	}
}

/* Bytes that belong to no token, zero bytes among them, come out one by one. */
static void foreign_bytes(void **state)
{
	static const char text[] = "a\0b\x01\xc3\xa4\xff";
	struct fixture fixture;

	(void)state;
	begin(&fixture, text, sizeof(text) - 1);
	expect_token(&fixture, TOKEN_IDENTIFIER, "a", 1, 1);
	struct token token;

	lex_next(&fixture.lexer, &token);
	assert_int_equal(token.kind, TOKEN_OTHER);
	expect_token(&fixture, TOKEN_IDENTIFIER, "b", 1, 3);
	expect_token(&fixture, TOKEN_OTHER, "\x01", 1, 4);
	expect_token(&fixture, TOKEN_OTHER, "\xc3\xa4", 1, 5);
	expect_token(&fixture, TOKEN_OTHER, "\xff", 1, 7);
	finish(&fixture);
}

static bool number_of(const char *text, int64_t *value)
{
	struct token token = {
		.kind = TOKEN_NUMBER,
		.text = text,
		.bytes = (uint32_t)strlen(text),
	};

	return token_number(&token, value);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"0", 0},     {"7", 7},      {"010", 8},
		{"0x10", 16}, {"0XfF", 255}, {"0b101", 5},
		{"10u", 10},  {"10ULL", 10}, {"0x7fffffffffffffff", INT64_MAX},
	};
	static const char *const bad[] = {
		"08",    "0x", "0b2", "1x", "1.5", "9223372036854775808", "0x10000000000000000",
		"1ulll", "u",
	};
	int64_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(number_of(good[i].text, &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(number_of(bad[i], &value));
	}
}

static char *decode(struct arena *arena, const char *text, bool *exact)
{
	struct token token = {
		.kind = TOKEN_STRING,
		.text = text,
		.bytes = (uint32_t)strlen(text),
	};
	const char *why = NULL;

	token.place.length = token.bytes;
	return token_decode(arena, &token, exact, &why);
}

static void strings(void **state)
{
	struct arena *arena = arena_new();
	bool exact = false;

	(void)state;
	assert_string_equal(decode(arena, "\"plain\"", &exact), "plain");
	assert_true(exact);
	assert_string_equal(decode(arena, "\"a\\n\\t\\\\\\\"\\x41\"", &exact), "a\n\t\\\"A");
	assert_false(exact);
	assert_null(decode(arena, "\"\\q\"", &exact));
	assert_null(decode(arena, "\"\\x4\"", &exact));
	assert_null(decode(arena, "\"\\0\"", &exact));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_places), cmocka_unit_test(splices),
		cmocka_unit_test(line_starts),      cmocka_unit_test(unfinished),
		cmocka_unit_test(foreign_bytes),    cmocka_unit_test(numbers),
		cmocka_unit_test(strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
