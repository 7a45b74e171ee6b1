/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables on a terminal.
 */
#include "topo/report/table.h"

#include <stdarg.h>
#include <string.h>

#include "topo/base/say.h"

/* Columns that @text takes: characters of UTF-8. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++) {
		width += ((unsigned char)*text & 0xc0U) != 0x80U ? 1 : 0;
	}
	return width;
}

struct table table_start(struct arena *arena, const char *const *head)
{
	struct table table = {.arena = arena};

	for (; head[table.column_count] != NULL; table.column_count++) {
		table_cell(&table, head[table.column_count]);
	}
	return table;
}

void table_cell(struct table *table, const char *text)
{
	*ARENA_ADD(table->arena, table->cells, table->cell_count) = say_copy(table->arena, text);
}

void table_cellf(struct table *table, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	int bytes = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	table_cell(table, arena_copy(table->arena, text, bytes < 0 ? 0 : strlen(text)));
}

static void print_padding(size_t count, char c, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		fputc(c, out);
	}
}

static void print_row(const struct table *table, size_t first, const size_t *widths, FILE *out)
{
	size_t gap = 2;

	for (size_t column = 0; column < table->column_count; column++) {
		const char *text = table->cells[first + column];

		/* No blanks at the end of a line. */
		if (text[0] == '\0') {
			gap += widths[column] + 2;
			continue;
		}
		print_padding(gap, ' ', out);
		fputs(text, out);
		gap = widths[column] - width_of(text) + 2;
	}
	fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < table->cell_count; i++) {
		size_t width = width_of(table->cells[i]);
		size_t column = i % table->column_count;

		widths[column] = width > widths[column] ? width : widths[column];
	}
	for (size_t i = 0; i + table->column_count <= table->cell_count; i += table->column_count) {
		print_row(table, i, widths, out);
		for (size_t column = 0; i == 0 && column < table->column_count; column++) {
			print_padding(2, ' ', out);
			print_padding(widths[column], '-', out);
		}
		if (i == 0) {
			fputc('\n', out);
		}
	}
}
