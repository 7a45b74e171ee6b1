/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the HTML report share: topo/report/html.c writes the page,
 * topo/report/html_write.c its smallest pieces, topo/report/html_tables.c and
 * topo/report/html_answers.c its sections, topo/report/html_origin.c the last two, topo/report/html_figure.c its figure, and
 * topo/report/html_style.c holds the style sheet.
 */
#ifndef TOPO_REPORT_HTML_H
#define TOPO_REPORT_HTML_H

#include <stdio.h>

#include "topo/report/report.h"

#define HTML_NAMES_MAX 10U /* VMs that are named in a cell */

/* A page being written. */
struct page {
	const struct report *report;
	const struct analysis *analysis;
	struct arena *arena;
	FILE *out;
};

/** The style sheet, in pieces; the last is NULL. */
extern const char *const report_html_style[];

/** @text with the signs escaped that mean something in HTML. */
void html_text(FILE *out, const char *text);

/** The class of a badge for that number of falls: "f1" to "f4", or "never". */
const char *html_falls_class(uint32_t falls);

/** A paragraph. */
void html_paragraph(const struct page *page, const char *text);

/** The head of a table, ended by NULL; names that begin with # are of numbers, with + of marks. */
void html_open_table(const struct page *page, const char *const *head);
void html_close_table(const struct page *page);

/** A cell of that class, "" for an ordinary one. */
void html_cell(const struct page *page, const char *class, const char *text);

/** A cell with @text on the colour of @falls. */
void html_cell_falls(const struct page *page, const char *text, uint32_t falls);

/** A cell with names. */
void html_cell_vms(const struct page *page, const struct vm_list *list);

/**
 * An SVG: VMs in columns by the number of VMs that must fall. Nothing, and false, when there are
 * too many VMs to draw.
 */
bool html_figure(const struct analysis *analysis, FILE *out);

/* Sections, without their headings. */
void html_print_patterns(const struct page *page);
void html_print_vms(const struct page *page);
void html_print_matrix(const struct page *page);
void html_print_connections(const struct page *page);
void html_print_memory(const struct page *page);
void html_print_blasts(const struct page *page);
void html_print_attacks(const struct page *page);
void html_print_dma(const struct page *page);
void html_print_practices(const struct page *page);
void html_print_words(const struct page *page);
void html_print_origin(const struct page *page);

#endif
