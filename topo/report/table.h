/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables on a terminal: cells are collected, then printed in columns as wide as they need to be.
 */
#ifndef TOPO_REPORT_TABLE_H
#define TOPO_REPORT_TABLE_H

#include <stdio.h>

#include "topo/base/arena.h"

#define TABLE_COLUMNS_MAX 16U

struct table {
	struct arena *arena;
	size_t column_count;
	const char **cells; /* row by row, the head first */
	size_t cell_count;
};

/** A table with the columns that @head names, ended by NULL; memory comes from @arena. */
struct table table_start(struct arena *arena, const char *const *head);

/** The next cell. Text is not copied. */
void table_cell(struct table *table, const char *text);

/** The next cell, as by printf. */
void table_cellf(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Print all rows, indented by two. */
void table_print(const struct table *table, FILE *out);

#endif
