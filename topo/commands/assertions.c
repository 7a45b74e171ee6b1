/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/commands/assertions.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/utf8.h"
#include "topo/commands/commands.h"

#define FILE_BYTES_MAX (1U << 20)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static int out_of_memory(void)
{
	fputs("topo: out of memory\n", stderr);
	return EXIT_SYSTEM;
}

static int add(struct asserted_list *list, const struct asserted *asserted)
{
	if (list->count == list->room) {
		size_t room = 2 * list->room + 16;
		struct asserted *entries = realloc(list->entries, room * sizeof(*entries));

		if (entries == NULL) {
			return out_of_memory();
		}
		list->entries = entries;
		list->room = room;
	}
	list->entries[list->count++] = *asserted;
	return EXIT_OK;
}

int asserted_add(struct asserted_list *list, const char *text)
{
	return add(list, &(struct asserted){.text = text});
}

/* All of a file, @bytes of it, and a 0 behind. Returns NULL after a message. */
static char *read_file(const char *path, size_t *bytes)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(FILE_BYTES_MAX + 2);

	*bytes = file == NULL || text == NULL ? 0 : fread(text, 1, FILE_BYTES_MAX + 1, file);
	bool failed = file == NULL || text == NULL || ferror(file) != 0;

	if (failed) {
		say(stderr, "topo: cannot read '%s': %s\n", path, strerror(errno));
		free(text);
		text = NULL;
	} else {
		text[*bytes] = '\0';
	}
	if (file != NULL) {
		fclose(file);
	}
	return text;
}

/* What keeps @bytes of @text from being lines of text, NULL = nothing. */
static const char *why_no_lines(const char *text, size_t bytes)
{
	if (bytes > FILE_BYTES_MAX) {
		return "it is larger than 1 MiB";
	}
	return strlen(text) < bytes ? "a byte of it is 0" : NULL;
}

/* @line without blanks around it, cut off in place. */
static char *stripped(char *line)
{
	while (isspace((unsigned char)*line)) {
		line++;
	}
	size_t length = strlen(line);

	while (length > 0 && isspace((unsigned char)line[length - 1])) {
		length--;
	}
	line[length] = '\0';
	return line;
}

static int add_lines(struct asserted_list *list, char *text, const char *path)
{
	size_t before = list->count;
	size_t number = 0;
	int code = EXIT_OK;
	char *line;

	while (code == EXIT_OK && (line = strsep(&text, "\n")) != NULL) {
		const char *expression = stripped(line);

		number++;
		if (*expression != '\0' && *expression != '#') {
			code = add(list, &(struct asserted){expression, path, number});
		}
	}
	if (code == EXIT_OK && list->count == before) {
		/* What asserts nothing would always pass. */
		say(stderr, "topo: '%s' has no assertion in it\n", path);
		code = EXIT_USAGE;
	}
	return code;
}

int asserted_add_file(struct asserted_list *list, const char *path)
{
	size_t bytes;
	char **texts = realloc(list->texts, (list->text_count + 1) * sizeof(*texts));

	if (texts == NULL) {
		return out_of_memory();
	}
	list->texts = texts;
	char *text = read_file(path, &bytes);

	if (text == NULL) {
		return EXIT_SYSTEM;
	}
	list->texts[list->text_count++] = text;
	const char *why = why_no_lines(text, bytes);

	if (why != NULL) {
		say(stderr, "topo: '%s' is no file of assertions: %s\n", path, why);
		return EXIT_USAGE;
	}
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
		text += strlen(BYTE_ORDER_MARK);
	}
	return add_lines(list, text, path);
}

void asserted_print_error(const struct asserted *asserted, const struct assertion_error *error)
{
	struct utf8_look look;
	size_t columns = 0;

	for (size_t at = 0; at < error->at; at += look.bytes) {
		utf8_look_at(asserted->text + at, strlen(asserted->text + at), &look);
		columns += look.columns;
	}
	if (asserted->file == NULL) {
		say(stderr, "topo: --assert: %s\n", error->message);
	} else {
		say(stderr, "%s:%zu: error: %s\n", asserted->file, asserted->line, error->message);
	}
	say(stderr, "    %s\n", asserted->text);
	fprintf(stderr, "    %*s^\n", (int)columns, "");
	if (error->help != NULL) {
		say(stderr, "    = help: %s\n", error->help);
	}
}

void asserted_free(struct asserted_list *list)
{
	for (size_t i = 0; i < list->text_count; i++) {
		free(list->texts[i]);
	}
	free(list->texts);
	free(list->entries);
	*list = (struct asserted_list){.count = 0};
}
