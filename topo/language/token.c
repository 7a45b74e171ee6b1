/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a token means by itself: the value of a number, the bytes of a string.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/utf8.h"
#include "topo/language/lex.h"

bool token_is(const struct token *token, const char *name)
{
	return token->kind == TOKEN_IDENTIFIER && strlen(name) == token->bytes &&
	       memcmp(token->text, name, token->bytes) == 0;
}

bool token_punct(const struct token *token, int punctuator)
{
	return token->kind == TOKEN_PUNCTUATOR && token->punctuator == punctuator;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

/* The radix that the first bytes name, and how many bytes name it. */
static int number_radix(const struct token *token, size_t *prefix)
{
	const char *text = token->text;

	*prefix = 0;
	if (token->bytes < 2 || text[0] != '0') {
		return 10;
	}
	if (text[1] == 'x' || text[1] == 'X') {
		*prefix = 2;
		return 16;
	}
	if (text[1] == 'b' || text[1] == 'B') {
		*prefix = 2;
		return 2;
	}
	*prefix = 1;
	return 8;
}

/* Where the suffixes u, l, ul, ull in either case begin. */
static size_t suffix_start(const struct token *token, size_t first)
{
	size_t end = token->bytes;

	while (end > first && strchr("uUlL", token->text[end - 1]) != NULL &&
	       token->bytes - end < 3) {
		end--;
	}
	return end;
}

bool token_number(const struct token *token, int64_t *value)
{
	size_t first = 0;
	int radix = number_radix(token, &first);
	size_t end = suffix_start(token, first);
	uint64_t sum = 0;

	/* "0" is the octal prefix alone. */
	if (token->bytes == 0 || (end == first && !(radix == 8 && end == 1))) {
		return false;
	}
	for (size_t i = first; i < end; i++) {
		int digit = digit_value(token->text[i]);

		if (digit < 0 || digit >= radix ||
		    __builtin_mul_overflow(sum, (uint64_t)radix, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)digit, &sum)) {
			return false;
		}
	}
	if (sum > INT64_MAX) {
		return false;
	}
	*value = (int64_t)sum;
	return true;
}

static const struct {
	char letter;
	char meaning;
} escapes[] = {
	{'n', '\n'}, {'t', '\t'}, {'r', '\r'},  {'0', '\0'},  {'a', '\a'}, {'b', '\b'}, {'f', '\f'},
	{'v', '\v'}, {'"', '"'},  {'\'', '\''}, {'\\', '\\'}, {'?', '?'},  {'/', '/'},
};

static bool decode_simple(char letter, char *meaning)
{
	for (size_t i = 0; i < ARRAY_COUNT(escapes); i++) {
		if (escapes[i].letter == letter) {
			*meaning = escapes[i].meaning;
			return true;
		}
	}
	return false;
}

/* The escape at @at, behind the backslash; returns the bytes it takes, 0 if it is none. */
static size_t decode_escape(const char *at, const char *end, char *meaning)
{
	if (at >= end) {
		return 0;
	}
	if (*at != 'x') {
		return decode_simple(*at, meaning) ? 1 : 0;
	}
	if (end - at < 3 || digit_value(at[1]) < 0 || digit_value(at[2]) < 0) {
		return 0;
	}
	*meaning = (char)(digit_value(at[1]) * 16 + digit_value(at[2]));
	return 3;
}

char *token_decode(struct arena *arena, const struct token *token, bool *exact, const char **why)
{
	const char *at = token->text + 1;
	const char *end = token->text + token->bytes - 1;
	char *text = arena_alloc(arena, token->bytes);
	size_t kept = 0;

	/* A splice shortens the text against its place. */
	*exact = token->bytes == token->place.length;
	while (at < end) {
		char byte = *at++;

		if (byte == '\\') {
			size_t bytes = decode_escape(at, end, &byte);

			if (bytes == 0) {
				*why = "an unknown escape: \\n \\t \\r \\xHH \\\" and \\\\ are known";
				return NULL;
			}
			at += bytes;
			*exact = false;
		}
		*exact = *exact && byte != '\n';
		if (byte == '\0') {
			*why = "a string cannot hold a zero byte";
			return NULL;
		}
		text[kept++] = byte;
	}
	/* It goes into device trees and JSON, which are UTF-8. */
	if (token->kind == TOKEN_STRING && !utf8_valid(text, kept)) {
		*why = "this string is not UTF-8";
		return NULL;
	}
	return text;
}
