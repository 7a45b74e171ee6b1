/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which quote of a line is missing. A string may go on over several lines, so that one quote too
 * few would turn all text behind it inside out: the lexer asks here at the beginning of each line,
 * and mends the line where it says that a quote is missing.
 */
#ifndef TOPO_LANGUAGE_QUOTES_H
#define TOPO_LANGUAGE_QUOTES_H

#include <stdbool.h>
#include <stddef.h>

#define QUOTES_STRING_LINES_MAX 64U

enum quotes {
	QUOTES_GOOD,    /* every string ends on the line, or goes on behind it as it should */
	QUOTES_NO_END,  /* the string whose first quote is *at lacks its last quote */
	QUOTES_NO_BEGIN /* the word before the quote *at lacks its first quote */
};

/**
 * Look at the line that begins at @line, outside of any string and comment; the text ends at @end.
 */
enum quotes quotes_look(const char *line, const char *end, const char **at);

/** Where a string without its last quote most likely ends; @begin is behind its first quote. */
const char *quotes_likely_end(const char *begin, const char *end);

#endif
