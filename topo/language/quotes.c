/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A quote is missing where the quotes of a line are odd in number and the last one does not begin
 * a string of several lines. Such a string is known by what stands behind it: behind a string
 * comes a punctuator, while between two strings that lost a quote stand words.
 */
#include "topo/language/quotes.h"

#include <string.h>

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* The quote that ends the string behind @at, NULL if there is none before @end. */
static const char *string_end(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end) {
			at++;
		}
	}
	return at < end ? at : NULL;
}

/* Whether the string behind the quote @first goes on over lines as one does that was meant to. */
static bool goes_on(const char *first, const char *end)
{
	const char *last = string_end(first + 1, end);
	size_t lines = 0;

	for (const char *at = first; last != NULL && at < last; at++) {
		lines += *at == '\n' ? 1 : 0;
	}
	if (last == NULL || lines > QUOTES_STRING_LINES_MAX) {
		return false;
	}
	for (last++; last < end && is_blank(*last); last++) {
	}
	return last == end || (!is_word(*last) && *last != '"');
}

/* Pass over a comment at @at, or one character. */
static const char *pass_other(const char *at, const char *end)
{
	if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
		return end;
	}
	if (end - at >= 2 && at[0] == '/' && at[1] == '*') {
		for (at += 2; end - at >= 2 && (at[0] != '*' || at[1] != '/'); at++) {
		}
		return end - at >= 2 ? at + 2 : end;
	}
	if (end - at >= 3 && at[0] == '\'' && at[2] == '\'') {
		return at + 3;
	}
	return at + 1;
}

/* A backslash at the end joins the lines. */
static bool is_joined(const char *line, const char *line_end)
{
	if (line_end > line && line_end[-1] == '\r') {
		line_end--;
	}
	return line_end > line && line_end[-1] == '\\';
}

/* What is wrong with the string from the quote @first to @last (NULL = it has none on its line). */
static enum quotes look_at_string(const char *line, const char *line_end, const char *first,
                                  const char *last)
{
	if (first > line && is_word(first[-1])) {
		return QUOTES_NO_BEGIN;
	}
	if (last == NULL || (last + 1 < line_end && is_word(last[1]))) {
		return QUOTES_NO_END;
	}
	return QUOTES_GOOD;
}

enum quotes quotes_look(const char *line, const char *end, const char **at)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));
	const char *line_end = newline == NULL ? end : newline;
	enum quotes found = QUOTES_GOOD;
	const char *next = line;

	while (next < line_end) {
		if (*next != '"') {
			next = pass_other(next, line_end);
			continue;
		}
		const char *last = string_end(next + 1, line_end);

		/* The first string that stands where none can is the one to blame. */
		if (found == QUOTES_GOOD) {
			found = look_at_string(line, line_end, next, last);
			*at = next;
		}
		if (last == NULL) {
			return is_joined(line, line_end) || goes_on(next, end) ? QUOTES_GOOD
			                                                       : found;
		}
		next = last + 1;
	}
	return QUOTES_GOOD;
}

const char *quotes_likely_end(const char *begin, const char *end)
{
	const char *newline = memchr(begin, '\n', (size_t)(end - begin));
	const char *line_end = newline == NULL ? end : newline;
	const char *at = begin;

	while (line_end > begin && is_blank(line_end[-1])) {
		line_end--;
	}
	/* A separator with nothing, a blank or another one behind it. */
	for (; at < line_end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < line_end) {
			at++;
			continue;
		}
		bool separator = strchr(",;:]})", *at) != NULL;

		if (separator &&
		    (at + 1 == line_end || is_blank(at[1]) || strchr(",;:]})", at[1]) != NULL)) {
			break;
		}
	}
	return at;
}
