/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 of foreign bytes: which of them are characters, and which of these a terminal would obey
 * or hide instead of showing them.
 */
#ifndef TOPO_BASE_UTF8_H
#define TOPO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** Bytes of the UTF-8 character (RFC 3629) that begins the @bytes at @text; 0 = none does. */
size_t utf8_bytes(const char *text, size_t bytes);

/**
 * Whether the character of @bytes at @text shows as itself: no control character, and none that
 * changes the direction of the text around it.
 */
bool utf8_shows(const char *text, size_t bytes);

/** Whether all @bytes at @text are UTF-8. */
bool utf8_valid(const char *text, size_t bytes);

#endif
