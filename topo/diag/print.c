/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing messages, for people and as JSON. What comes from a file goes to a terminal only with
 * its control characters escaped.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topo/base/say.h"
#include "topo/base/utf8.h"
#include "topo/diag/diag_internal.h"

#define LINE_SHOWN_MAX 160U /* bytes of a source line that are shown */
#define LINE_BEFORE 60U     /* of them before the caret, when the line is longer */

struct style {
	const char *severity[SEVERITY_ERROR + 1];
	const char *bold;
	const char *note;
	const char *reset;
};

static const struct style plain = {{"", "", ""}, "", "", ""};
static const struct style coloured = {
	{"\033[1;36m", "\033[1;35m", "\033[1;31m"},
	"\033[1m",
	"\033[1;34m",
	"\033[0m",
};

static const char *const severity_names[] = {
	[SEVERITY_ADVICE] = "advice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

static const struct style *choose_style(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	bool refused = no_color != NULL && no_color[0] != '\0';
	bool able = terminal != NULL && strcmp(terminal, "dumb") != 0 && isatty(fileno(out));

	return able && !refused ? &coloured : &plain;
}

/* A character of a file: a tab is a tab here. */
static void look_at(const char *text, size_t bytes, struct utf8_look *shown)
{
	utf8_look_at(text, bytes, shown);
	if (*text == '\t') {
		shown->text = NULL;
		shown->columns = 1;
	}
}

static void put_clean(FILE *out, const char *text, size_t bytes)
{
	struct utf8_look shown;

	for (size_t at = 0; at < bytes; at += shown.bytes) {
		look_at(text + at, bytes - at, &shown);
		if (shown.text != NULL) {
			fputs(shown.text, out);
		} else {
			fwrite(text + at, 1, shown.bytes, out);
		}
	}
}

static void put_place(FILE *out, struct place place)
{
	if (place.file == NULL) {
		fputs("topo", out);
	} else {
		say_text(out, place.file->path);
		fprintf(out, ":%u:%u", place.line, place.column);
	}
}

/* Columns that a caret line must pass over, as blanks; tabs stay tabs. */
static void put_margin(FILE *out, const char *text, size_t bytes)
{
	struct utf8_look shown;

	for (size_t at = 0; at < bytes; at += shown.bytes) {
		look_at(text + at, bytes - at, &shown);
		if (text[at] == '\t') {
			putc('\t', out);
		} else {
			fprintf(out, "%*s", (int)shown.columns, "");
		}
	}
}

/* A mark below each column of the token that is on the line. */
static void put_caret(FILE *out, const char *text, size_t bytes)
{
	size_t columns = 0;
	struct utf8_look shown;

	for (size_t at = 0; at < bytes; at += shown.bytes) {
		look_at(text + at, bytes - at, &shown);
		columns += shown.columns;
	}
	putc('^', out);
	while (columns-- > 1) {
		putc('~', out);
	}
}

static void put_line(FILE *out, struct diag *diag, struct place place, const char *colour,
                     const struct style *style)
{
	if (place.file == NULL) {
		return;
	}
	size_t bytes = 0;
	const char *line = source_line(diag->sources, place.file, place.line, &bytes);
	size_t column = place.column == 0 ? 0 : place.column - 1;
	size_t skipped = 0;

	if (column > bytes) {
		column = bytes;
	}
	if (bytes > LINE_SHOWN_MAX && column > LINE_BEFORE) {
		skipped = column - LINE_BEFORE;
	}
	size_t shown = bytes - skipped < LINE_SHOWN_MAX ? bytes - skipped : LINE_SHOWN_MAX;
	size_t caret = column - skipped;
	size_t length = place.length < shown - caret ? place.length : shown - caret;

	fprintf(out, "%5u | ", place.line);
	put_clean(out, line + skipped, shown);
	fputs("\n      | ", out);
	put_margin(out, line + skipped, caret);
	fputs(colour, out);
	put_caret(out, line + column, length);
	fprintf(out, "%s\n", style->reset);
}

/* How the file of a message came in, unless the message before was in the same file. */
static void put_inclusion(FILE *out, const struct source *source)
{
	const char *how = "In file brought in at ";

	/* A file is read after the one that names it, so this ends. */
	while (source->included.file != NULL && !source->shipped) {
		fputs(how, out);
		put_place(out, source->included);
		fputs(":\n", out);
		how = "                 from ";
		source = source->included.file;
	}
}

static void put_message(FILE *out, struct diag *diag, const struct message *message,
                        const struct style *style)
{
	const char *colour = style->severity[message->severity];

	fputs(style->bold, out);
	put_place(out, message->place);
	fprintf(out, ":%s %s%s:%s %s", style->reset, colour, severity_names[message->severity],
	        style->reset, style->bold);
	say_text(out, message->text);
	fputs(style->reset, out);
	if (message->check != NULL) {
		fprintf(out, " [%s]", message->check);
	}
	putc('\n', out);
	put_line(out, diag, message->place, colour, style);
	for (size_t i = 0; i < message->help_count; i++) {
		fprintf(out, "      = %shelp:%s ", style->note, style->reset);
		say_text(out, message->helps[i]);
		putc('\n', out);
	}
	for (size_t i = 0; i < message->note_count; i++) {
		const struct note *note = &message->notes[i];

		put_place(out, note->place);
		fprintf(out, ": %snote:%s ", style->note, style->reset);
		say_text(out, note->text);
		putc('\n', out);
		put_line(out, diag, note->place, style->note, style);
	}
}

/* Nobody reads thousands of messages, and the first ones are often the cause of the rest. */
static void put_unshown(FILE *out, const size_t *counts)
{
	static const char *const plurals[] = {
		[SEVERITY_ADVICE] = "pieces of advice",
		[SEVERITY_WARNING] = "warnings",
		[SEVERITY_ERROR] = "errors",
	};

	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_ADVICE; severity--) {
		if (counts[severity] > DIAG_SHOWN_MAX) {
			fprintf(out,
			        "topo: %zu more %s are not shown; `topo check --json` has more\n",
			        counts[severity] - DIAG_SHOWN_MAX, plurals[severity]);
		}
	}
}

static void put_messages(FILE *out, struct diag *diag, const struct style *style)
{
	const struct source *file = NULL;
	size_t counts[SEVERITY_ERROR + 1] = {0};

	for (size_t i = 0; i < diag->message_count; i++) {
		const struct message *message = diag->messages[i];

		if (++counts[message->severity] > DIAG_SHOWN_MAX) {
			continue;
		}
		if (message->place.file != NULL && message->place.file != file) {
			file = message->place.file;
			put_inclusion(out, file);
		}
		put_message(out, diag, message, style);
	}
	put_unshown(out, counts);
}

void diag_flush(struct diag *diag, FILE *out)
{
	const struct style *style = choose_style(out);
	char *text = NULL;
	size_t bytes = 0;
	/* In one piece, since standard error has no buffer of its own. */
	FILE *buffer = open_memstream(&text, &bytes);

	diag_sort(diag);
	if (buffer == NULL) {
		put_messages(out, diag, style);
	} else {
		put_messages(buffer, diag, style);
		fclose(buffer);
		fwrite(text, 1, bytes, out);
		free(text);
	}
	fflush(out);
	diag_forget(diag);
}

static void put_json_place(FILE *out, struct place place)
{
	fputs("\"file\": ", out);
	if (place.file == NULL) {
		fputs("null", out);
	} else {
		say_json_string(out, place.file->path);
	}
	fprintf(out, ", \"line\": %u, \"column\": %u, \"length\": %u", place.line, place.column,
	        place.length);
}

static void put_json_message(FILE *out, const struct message *message)
{
	fprintf(out, "{\"severity\": \"%s\", \"check\": ", severity_names[message->severity]);
	if (message->check == NULL) {
		fputs("null", out);
	} else {
		say_json_string(out, message->check);
	}
	fputs(", ", out);
	put_json_place(out, message->place);
	fputs(", \"message\": ", out);
	say_json_string(out, message->text);
	fputs(", \"help\": [", out);
	for (size_t i = 0; i < message->help_count; i++) {
		fputs(i == 0 ? "" : ", ", out);
		say_json_string(out, message->helps[i]);
	}
	fputs("], \"notes\": [", out);
	for (size_t i = 0; i < message->note_count; i++) {
		fputs(i == 0 ? "{" : ", {", out);
		put_json_place(out, message->notes[i].place);
		fputs(", \"message\": ", out);
		say_json_string(out, message->notes[i].text);
		putc('}', out);
	}
	fputs("]}", out);
}

void diag_flush_json(struct diag *diag, FILE *out)
{
	diag_sort(diag);
	putc('[', out);
	for (size_t i = 0; i < diag->message_count; i++) {
		fputs(i == 0 ? "\n  " : ",\n  ", out);
		put_json_message(out, diag->messages[i]);
	}
	fputs(diag->message_count == 0 ? "]\n" : "\n]\n", out);
	fflush(out);
	diag_forget(diag);
}
