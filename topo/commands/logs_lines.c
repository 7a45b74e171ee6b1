/* SPDX-License-Identifier: BSD-2-Clause */
/* Which lines of a log are shown, and how: topo/commands/logs_lines.h. */
#include "topo/commands/logs_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"

/* Beginnings of names, one after the other. */
static const char *const colours[] = {"\x1b[36m", "\x1b[33m", "\x1b[32m",
                                      "\x1b[35m", "\x1b[34m", "\x1b[31m"};

static bool print_bytes(const struct logs_lines *lines, uint8_t *bytes, size_t count)
{
	for (size_t i = 0; lines->plain && i < count; i++) {
		const bool kept = bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t';
		bytes[i] = kept ? bytes[i] : (uint8_t)linecut_shown(bytes[i]);
	}
	return fwrite(bytes, 1, count, stdout) == count;
}

/* The index in whos of who wrote what follows the time; who_count: nobody that is wanted. */
static size_t find_who(const struct logs_lines *lines, const char *text)
{
	size_t who = 0;
	while (who < lines->who_count) {
		const size_t bytes = strlen(lines->whos[who]);
		if (strncmp(text, lines->whos[who], bytes) == 0 && text[bytes] == ':') {
			break;
		}
		who++;
	}
	return who;
}

static int widest_who(const struct logs_lines *lines)
{
	size_t widest = 0;
	for (size_t i = 0; i < lines->who_count; i++) {
		const size_t bytes = strlen(lines->whos[i]);
		widest = bytes > widest ? bytes : widest;
	}
	return (int)widest;
}

/* The line that stands in lines->line, with its newline, whose text after the time begins at @text. */
static bool print_line(struct logs_lines *lines, size_t who, char *text)
{
	char *shown = lines->line;
	if (who < lines->who_count) {
		const char *name = lines->whos[who];
		const size_t moved = strlen(name) + 2;
		const size_t rest = strlen(text);
		(void)fputs(lines->coloured ? colours[who % ARRAY_COUNT(colours)] : "", stdout);
		say(stdout, "%-*s |", widest_who(lines), name);
		(void)fputs(lines->coloured ? "\x1b[0m " : " ", stdout);
		if (rest >= moved) {
			memmove(text, text + moved, rest - moved + 1);
		}
	}
	return print_bytes(lines, (uint8_t *)shown, strlen(shown));
}

static bool take_line(struct logs_lines *lines)
{
	char *text = strstr(lines->line, "] ");
	if (lines->line[0] != '[' || text == NULL) {
		return true;
	}
	const double seconds = strtod(lines->line + 1, NULL);
	const size_t who = find_who(lines, text + 2);
	if ((lines->who_count != 0 && who == lines->who_count) ||
	    seconds * 1000.0 + 0.5 < (double)lines->since_ms) {
		return true;
	}
	if (lines->counts) {
		lines->count++;
		return true;
	}
	if (lines->skip > 0) {
		lines->skip--;
		return true;
	}
	return print_line(lines, who, text + 2);
}

static bool put_chosen(struct logs_lines *lines, const uint8_t *bytes, size_t count)
{
	bool good = true;
	for (size_t i = 0; good && i < count; i++) {
		lines->line[lines->used++] = (char)bytes[i];
		if (bytes[i] == '\n' || lines->used == sizeof(lines->line) - 1) {
			lines->line[lines->used] = '\0';
			lines->used = 0;
			good = take_line(lines);
		}
	}
	return good;
}

bool logs_lines_put(struct logs_lines *lines, uint8_t *bytes, size_t count)
{
	size_t at = 0;
	if (lines->chosen) {
		return put_chosen(lines, bytes, count);
	}
	while (at < count && (lines->counts || lines->skip > 0)) {
		const bool ends = bytes[at++] == '\n';
		lines->used = ends ? 0 : 1;
		lines->count += ends ? 1 : 0;
		lines->skip -= ends && !lines->counts ? 1 : 0;
	}
	return print_bytes(lines, bytes + at, count - at);
}

void logs_lines_start_tail(struct logs_lines *lines, uint64_t tail)
{
	/* A line that has not ended is one, where it would be shown. */
	const uint64_t count = lines->count + (!lines->chosen && lines->used != 0 ? 1 : 0);
	lines->skip = count > tail ? count - tail : 0;
	lines->counts = false;
	lines->used = 0;
}
