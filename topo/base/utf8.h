/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 of foreign bytes: which of them are characters, and which of these a terminal would obey
 * or hide instead of showing them.
 */
#ifndef TOPO_BASE_UTF8_H
#define TOPO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* A character of foreign text as people may have it. */
struct utf8_look {
	size_t bytes;     /* that it takes in the text */
	size_t columns;   /* that it takes on the screen */
	const char *text; /* what to print for it; NULL = itself */
	char buffer[4 * 4 + 1];
};

/** Bytes of the UTF-8 character (RFC 3629) that begins the @bytes at @text; 0 = none does. */
size_t utf8_bytes(const char *text, size_t bytes);

/**
 * Whether the character of @bytes at @text shows as itself: no control character, none that
 * changes the direction of the text around it, and none without a form.
 */
bool utf8_shows(const char *text, size_t bytes);

/**
 * Look at the character that begins the @bytes at @text, at least one. One that shows is printed as
 * it is; each byte of all else as \xHH, so that no foreign text begins a line, moves the cursor,
 * hides text or turns it round.
 */
void utf8_look_at(const char *text, size_t bytes, struct utf8_look *look);

/** Whether all @bytes at @text are UTF-8. */
bool utf8_valid(const char *text, size_t bytes);

#endif
