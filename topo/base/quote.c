/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/base/quote.h"

#include <string.h>

/* @text in which each @what is written as @instead. */
static const char *replaced(struct arena *arena, const char *text, char what, const char *instead)
{
	size_t grown = strlen(instead);
	size_t bytes = 0;

	for (const char *at = text; *at != '\0'; at++) {
		bytes += *at == what ? grown : 1;
	}
	char *copy = arena_alloc(arena, bytes + 1);

	char *to = copy;

	for (; *text != '\0'; text++) {
		if (*text == what) {
			to = stpcpy(to, instead);
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return copy;
}

const char *quote_shell(struct arena *arena, const char *word)
{
	return arena_printf(arena, "'%s'", replaced(arena, word, '\'', "'\\''"));
}

const char *quote_shell_plain(struct arena *arena, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:,=@%+";

	return word[0] != '\0' && word[strspn(word, plain)] == '\0' ? word
	                                                            : quote_shell(arena, word);
}

const char *quote_qemu(struct arena *arena, const char *value)
{
	return replaced(arena, value, ',', ",,");
}
