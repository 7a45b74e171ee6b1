/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 by the table of RFC 3629, section 4: the second byte's range rules out overlong forms,
 * surrogates, and what lies above U+10FFFF.
 */
#include "topo/base/utf8.h"

#include <stdint.h>
#include <stdio.h>

#include "lib/bits.h"

static const struct {
	unsigned char first, last; /* range of the first byte */
	unsigned char low, high;   /* range of the second one */
	unsigned char bytes;
} forms[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Characters that do not show: ranges of code points. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
	{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
	{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

size_t utf8_bytes(const char *text, size_t bytes)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; bytes != 0 && i < ARRAY_COUNT(forms); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last) {
			continue;
		}
		if (forms[i].bytes > bytes ||
		    (forms[i].bytes > 1 && (at[1] < forms[i].low || at[1] > forms[i].high))) {
			return 0;
		}
		for (size_t j = 2; j < forms[i].bytes; j++) {
			if ((at[j] & 0xc0) != 0x80) {
				return 0;
			}
		}
		return forms[i].bytes;
	}
	return 0;
}

bool utf8_shows(const char *text, size_t bytes)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *at = (const unsigned char *)text;
	uint32_t point = at[0] & masks[bytes];

	for (size_t i = 1; i < bytes; i++) {
		point = point << 6 | (at[i] & 0x3f);
	}
	for (size_t i = 0; i < ARRAY_COUNT(hidden); i++) {
		if (point >= hidden[i].first && point <= hidden[i].last) {
			return false;
		}
	}
	return true;
}

bool utf8_valid(const char *text, size_t bytes)
{
	while (bytes != 0) {
		size_t count = utf8_bytes(text, bytes);

		if (count == 0) {
			return false;
		}
		text += count;
		bytes -= count;
	}
	return true;
}

void utf8_look_at(const char *text, size_t bytes, struct utf8_look *look)
{
	bool plain = *text >= 0x20 && *text < 0x7f;
	size_t count = plain ? 1 : utf8_bytes(text, bytes);

	look->bytes = count == 0 ? 1 : count;
	look->text = NULL;
	look->columns = 1;
	if (plain || (count != 0 && utf8_shows(text, count))) {
		return;
	}
	look->text = look->buffer;
	look->columns = 4 * look->bytes;
	for (size_t i = 0; i < look->bytes; i++) {
		snprintf(look->buffer + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
	}
}
