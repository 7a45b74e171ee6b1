/* SPDX-License-Identifier: BSD-2-Clause */
/* --help of a command, from the rows of its options. */
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/utf8.h"
#include "topo/commands/option.h"

#define HELP_COLUMNS 96U
#define OPTION_BYTES 64U

static size_t columns_of(const char *text, size_t bytes)
{
	struct utf8_look look;
	size_t columns = 0;

	for (size_t i = 0; i < bytes; i += look.bytes) {
		utf8_look_at(text + i, bytes - i, &look);
		columns += look.columns;
	}
	return columns;
}

/* "-o, --output FILE". Returns its columns. */
static size_t write_option(const struct option_row *row, char text[OPTION_BYTES])
{
	const char letter[] = {'-', row->letter, ',', '\0'};

	snprintf(text, OPTION_BYTES, "%3s --%s%s%s", row->letter != '\0' ? letter : "", row->name,
	         row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
	return columns_of(text, strlen(text));
}

/* @text from column @indent on. */
static void print_text(const char *text, size_t indent)
{
	size_t column = indent;

	while (*text != '\0') {
		const size_t bytes = strcspn(text, " \n");
		const size_t columns = columns_of(text, bytes);

		if (column > indent && column + 1 + columns > HELP_COLUMNS) {
			say(stdout, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		say(stdout, "%.*s", (int)bytes, text);
		column += columns;
		text += bytes;
		if (*text == '\n') {
			say(stdout, "\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0' ? 1 : 0;
	}
	putchar('\n');
}

static void print_rows(const struct option_row *const *rows, size_t count)
{
	char text[OPTION_BYTES];
	size_t widest = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t columns = write_option(rows[i], text);

		widest = columns > widest ? columns : widest;
	}
	for (size_t i = 0; i < count; i++) {
		const size_t columns = write_option(rows[i], text);

		say(stdout, "  %s%*s", text, (int)(widest - columns + 3), "");
		print_text(rows[i]->help, 2 + widest + 3);
	}
	putchar('\n');
}

void option_print_help(const struct command_syntax *syntax, const struct option_row *const *rows,
                       size_t own, size_t count)
{
	puts(syntax->usage);
	print_text(syntax->about, 0);
	putchar('\n');
	print_rows(rows, own);
	if (count > own) {
		fputs("Reading the topology (FILE - is standard input; [FILE]: else the only .camkes file "
		      "here):\n",
		      stdout);
		print_rows(rows + own, count - own);
	}
	print_text(syntax->end, 0);
}
