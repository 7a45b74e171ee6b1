/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks users and groups up, see topo/rootfs/users.h. The files may hold anything. */
#include "topo/rootfs/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MAX 32U /* useradd(8) */
#define NUMBER_BYTES_MAX 10U

/* A line of such a file: fields with colons between. */
struct line {
	const char *text;
	size_t bytes;
};

static bool next_line(const char **rest, struct line *line)
{
	if (*rest == NULL || **rest == '\0') {
		return false;
	}
	line->text = *rest;
	line->bytes = strcspn(*rest, "\n");
	*rest += line->bytes + ((*rest)[line->bytes] == '\n' ? 1 : 0);
	return true;
}

/* Field @number of @line, from 0; "" if there is none. */
static const char *field(struct arena *arena, struct line line, unsigned number)
{
	const char *end = line.text + line.bytes;
	const char *at = line.text;

	for (unsigned i = 0; i < number; i++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		if (colon == NULL) {
			return "";
		}
		at = colon + 1;
	}
	const char *colon = memchr(at, ':', (size_t)(end - at));

	return arena_copy(arena, at, (size_t)((colon == NULL ? end : colon) - at));
}

/* A number that Linux may have as one of a user or group: all but the last is. */
static bool read_number(const char *text, uint32_t *out)
{
	const size_t bytes = strspn(text, "0123456789");

	if (bytes == 0 || bytes > NUMBER_BYTES_MAX || text[bytes] != '\0') {
		return false;
	}
	const unsigned long long number = strtoull(text, NULL, 10);

	*out = (uint32_t)number;
	return number < UINT32_MAX;
}

static bool is_word(const char *word, size_t bytes)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.$-";
	const size_t digits = strspn(word, "0123456789");

	if (bytes == 0 || bytes > WORD_BYTES_MAX || word[0] == '-') {
		return false;
	}
	for (size_t i = 0; i < bytes; i++) {
		if (strchr(others, word[i]) == NULL && (word[i] < '0' || word[i] > '9')) {
			return false;
		}
	}
	return digits < bytes ||
	       (bytes <= NUMBER_BYTES_MAX && strtoull(word, NULL, 10) < UINT32_MAX);
}

bool user_is_form(const char *text)
{
	const size_t bytes = strcspn(text, ":");

	return is_word(text, bytes) &&
	       (text[bytes] == '\0' || is_word(text + bytes + 1, strlen(text + bytes + 1)));
}

/* The line of @file that begins with @word, or has the number that @word is in field 2. */
static bool find_line(struct arena *arena, const char *file, const char *word, struct line *line)
{
	uint32_t wanted = 0;
	const bool numeric = read_number(word, &wanted);

	while (next_line(&file, line)) {
		uint32_t number = 0;
		const bool good = read_number(field(arena, *line, 2), &number);

		if (good &&
		    (numeric ? number == wanted : strcmp(field(arena, *line, 0), word) == 0)) {
			return true;
		}
	}
	return false;
}

/* Is @name one of @members, which have commas between? */
static bool is_member(const char *members, const char *name)
{
	const size_t bytes = strlen(name);

	for (const char *at = members; *at != '\0';) {
		const size_t length = strcspn(at, ",");

		if (length == bytes && memcmp(at, name, bytes) == 0) {
			return true;
		}
		at += length + (at[length] == ',' ? 1 : 0);
	}
	return false;
}

/* The groups that name the user, behind that of its own; NULL: too many. */
static const char *more_groups(struct arena *arena, const char *file, const char *name,
                               uint32_t own)
{
	const size_t room = (size_t)USER_GROUPS_MAX * (NUMBER_BYTES_MAX + 1);
	char *groups = arena_alloc(arena, room);
	size_t bytes = (size_t)snprintf(groups, room, "%u", own);
	unsigned count = 1;
	struct line line;

	while (next_line(&file, &line)) {
		uint32_t number = 0;

		if (is_member(field(arena, line, 3), name) &&
		    read_number(field(arena, line, 2), &number) && number != own) {
			if (++count > USER_GROUPS_MAX) {
				return NULL;
			}
			bytes += (size_t)snprintf(groups + bytes, room - bytes, ",%u", number);
		}
	}
	return groups;
}

static const char *find_group(struct arena *arena, const char *word, const char *file,
                              struct user *out)
{
	struct line line;
	uint32_t number = 0;

	if (read_number(word, &number) ||
	    (find_line(arena, file, word, &line) && read_number(field(arena, line, 2), &number))) {
		out->groups = arena_printf(arena, "%u", number);
		return NULL;
	}
	return arena_printf(arena, "no group '%s' in /etc/group", word);
}

const char *user_find(struct arena *arena, const char *text, const char *passwd, const char *group,
                      struct user *out)
{
	const size_t bytes = strcspn(text, ":");
	const char *word = arena_copy(arena, text, bytes);
	struct line line = {"", 0};
	const bool found = find_line(arena, passwd, word, &line);
	uint32_t own = 0; /* root's, of a user that is only a number: as of container images */

	*out = (struct user){.number = 0};
	if (found && (!read_number(field(arena, line, 2), &out->number) ||
	              !read_number(field(arena, line, 3), &own))) {
		return arena_printf(arena, "in /etc/passwd no group of '%s'", word);
	}
	/* Root is root wherever no file says so. */
	if (!found && strcmp(word, "root") != 0 && !read_number(word, &out->number)) {
		return arena_printf(arena, "no user '%s' in /etc/passwd", word);
	}
	out->home = found ? field(arena, line, 5) : NULL;
	out->home = out->home != NULL && out->home[0] == '/' ? out->home : NULL;
	if (text[bytes] == ':') {
		return find_group(arena, text + bytes + 1, group, out);
	}
	out->groups = more_groups(arena, group, found ? field(arena, line, 0) : word, own);
	return out->groups != NULL ? NULL
	                           : arena_printf(arena, "in /etc/group '%s' more than %u times",
	                                          word, USER_GROUPS_MAX);
}
