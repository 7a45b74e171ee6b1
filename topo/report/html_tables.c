/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the HTML report: what is so, one row for each pattern, VM, connection, range of
 * memory and device.
 */
#include "topo/analysis/parts.h"
#include "topo/base/units.h"
#include "topo/report/html.h"
#include "topo/report/words.h"

#define CONNECTIONS_MAX ((size_t)4 * ANALYSIS_WHOLE_VMS)

void html_print_patterns(const struct page *page)
{
	static const char *const head[] = {"Topology",       "To", "+Compromises", "+Single host",
	                                   "Attack surface", NULL};
	const struct analysis *analysis = page->analysis;

	html_paragraph(
		page, "The patterns that this topology is made of, each with the number of VMs "
		      "that must fall, beside the same question for one host that serves all VMs.");
	if (analysis->pattern_count == 0) {
		html_paragraph(page, "No two VMs are connected.");
		return;
	}
	html_open_table(page, head);
	for (size_t i = 0; i < analysis->pattern_count; i++) {
		const struct pattern *pattern = &analysis->patterns[i];

		fputs("<tr>", page->out);
		html_cell(page, "k", words_pattern(pattern, page->arena));
		html_cell(page, "", pattern->question);
		html_cell_falls(page, words_answer(pattern, page->arena), pattern->falls.least);
		html_cell_falls(page, words_falls(pattern->single_host_falls, page->arena),
		                pattern->single_host_falls);
		html_cell(page, "", pattern->surface);
		fputs("</tr>\n", page->out);
	}
	html_close_table(page);
	if (analysis->pattern_total > analysis->pattern_count) {
		html_paragraph(page,
		               arena_printf(page->arena, "%zu of %zu patterns are shown.",
		                            analysis->pattern_count, analysis->pattern_total));
	}
}

static void print_vm_row(const struct page *page, uint32_t vm)
{
	const struct analysis *analysis = page->analysis;
	const struct vm_analysis *row = &analysis->vms[vm];
	struct vm_list backends = words_backends(analysis, vm, page->arena);
	struct vm_list served = words_served(analysis, vm, page->arena);
	const char *marks = words_marks(analysis, vm, page->arena);
	const char *description = analysis->model->vms[vm].description;

	fputs("<tr>", page->out);
	html_cell(page, "k", vm_name_of(analysis, vm));
	fprintf(page->out, "<td>%s", role_name(row->role));
	if (marks[0] != '\0') {
		fputs("<br><span class=\"tag\">", page->out);
		html_text(page->out, marks);
		fputs("</span>", page->out);
	}
	if (description != NULL) {
		fputs("<br><small>", page->out);
		html_text(page->out, description);
		fputs("</small>", page->out);
	}
	fputs("</td>", page->out);
	html_cell_vms(page, &backends);
	html_cell_vms(page, &served);
	html_cell(page, "n", size_text(page->arena, row->exposed_bytes));
	html_cell(page, "n", size_text(page->arena, row->foreign_bytes));
	html_cell_falls(page, words_falls(row->falls, page->arena), row->falls);
	fputs("</tr>\n", page->out);
}

void html_print_vms(const struct page *page)
{
	static const char *const head[] = {"VM",           "Role",
	                                   "Served by",    "Serves",
	                                   "#Exposes",     "#Reads and writes of others",
	                                   "+Compromises", NULL};
	size_t shown = words_rows(page->analysis);

	html_paragraph(page,
	               "Exposes: memory of the VM that others can read and write, N × 8 MiB with "
	               "pools. Compromises: VMs that must fall until it is held, itself included.");
	html_open_table(page, head);
	for (uint32_t vm = 0; vm < shown; vm++) {
		print_vm_row(page, vm);
	}
	html_close_table(page);
	if (shown < page->analysis->model->vm_count) {
		html_paragraph(page,
		               arena_printf(page->arena, "%zu more VMs are in the JSON report.",
		                            page->analysis->model->vm_count - shown));
	}
}

void html_print_matrix(const struct page *page)
{
	const struct analysis *analysis = page->analysis;
	uint32_t kinds = words_matrix_kinds(analysis);
	const char *head[HARDWARE_KIND_COUNT + 4] = {"VM"};
	size_t columns = 1;

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) != 0) {
			head[columns++] = arena_printf(
				page->arena, "+%s", hardware_kind_name((enum hardware_kind)kind));
		}
	}
	head[columns++] = "Devices";
	head[columns] = "Consequence";
	html_paragraph(page, "A device belongs to one VM at most.");
	html_open_table(page, head);
	for (uint32_t vm = 0; vm < words_rows(analysis); vm++) {
		fputs("<tr>", page->out);
		html_cell(page, "k", vm_name_of(analysis, vm));
		for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
			if ((kinds >> kind & 1U) != 0) {
				fputs(words_has(analysis, vm, kind) ? "<td class=\"c yes\">✓</td>"
				                                    : "<td class=\"c no\">✗</td>",
				      page->out);
			}
		}
		html_cell(page, "", words_hardware(analysis, vm, page->arena));
		html_cell(page, "", words_consequence(analysis, vm, page->arena));
		fputs("</tr>\n", page->out);
	}
	html_close_table(page);
}

/* The rows of @table below its head; the first @names columns are of names. */
static void print_table(const struct page *page, const char *const *head, const struct table *table,
                        size_t names)
{
	html_open_table(page, head);
	for (size_t at = table->column_count; at < table->cell_count; at++) {
		size_t column = at % table->column_count;

		fputs(column == 0 ? "<tr>" : "", page->out);
		html_cell(page,
		          column < names           ? "k"
		          : head[column][0] == '#' ? "n"
		                                   : "",
		          table->cells[at]);
		fputs(column + 1 == table->column_count ? "</tr>\n" : "", page->out);
	}
	html_close_table(page);
}

void html_print_connections(const struct page *page)
{
	static const char *const head[] = {"Device VM",
	                                   "Driver VM",
	                                   "Devices",
	                                   "Exposes",
	                                   "Down: to the driver VM",
	                                   "Up: to the device VM",
	                                   NULL};
	size_t count = page->analysis->model->connection_count;
	size_t shown = count < CONNECTIONS_MAX ? count : CONNECTIONS_MAX;
	struct table table = table_start(page->arena, head);

	if (count == 0) {
		html_paragraph(page, "There are no connections.");
		return;
	}
	html_paragraph(page,
	               arena_printf(page->arena,
	                            "%zu connection%s, %zu attack paths: each can be crossed in "
	                            "both directions. Nothing else of the driver VM can be read or "
	                            "written through it.",
	                            count, words_plural(count), 2 * count));
	for (uint32_t id = 0; id < shown; id++) {
		words_connection(page->analysis, id, &table);
	}
	print_table(page, head, &table, 2);
	if (shown < count) {
		html_paragraph(page, "The others are in the JSON report.");
	}
}

static void print_range(const struct memory_range *range, void *context)
{
	const struct page *page = context;

	fputs("<tr>", page->out);
	html_cell(page, "k", vm_name_of(page->analysis, range->owner));
	html_cell(page, "", range->name);
	html_cell(page, "", words_where(range, page->analysis, page->arena));
	html_cell(page, "n", size_text(page->arena, range->bytes));
	html_cell(page, "", words_users(range, &range->readers, page->analysis, page->arena));
	html_cell(page, "", words_users(range, &range->writers, page->analysis, page->arena));
	fputs("</tr>\n", page->out);
}

void html_print_memory(const struct page *page)
{
	static const char *const head[] = {"Of",      "Range",      "Address", "#Bytes",
	                                   "Read by", "Written by", NULL};
	const struct analysis *analysis = page->analysis;

	if (analysis->model->vm_count > ANALYSIS_WHOLE_VMS) {
		html_paragraph(page, "Too many VMs for this page: the map is in the JSON report.");
		return;
	}
	fputs("<details class=\"long\"><summary>Ranges <span>every one, and who may read or write it"
	      "</span></summary>\n",
	      page->out);
	html_open_table(page, head);
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		memory_each(analysis, vm, print_range, (void *)(uintptr_t)page);
	}
	html_close_table(page);
	if (analysis->model->connection_count != 0) {
		html_paragraph(page, words_places(analysis));
	}
	fputs("</details>\n", page->out);
}

void html_print_dma(const struct page *page)
{
	static const char *const head[] = {"VM", "Device", "Where", "DMA", "Interrupts", NULL};
	static const char *const pair_head[] = {
		"VM",           "#Exposes",     "#If confined", "#Reads of others",
		"#If confined", "#Compromises", "#If confined", NULL};
	struct table table = table_start(page->arena, head);
	struct table pairs = table_start(page->arena, pair_head);

	if (words_hardware_rows(page->analysis, &table) == 0) {
		html_paragraph(page, "No VM has a physical device.");
		return;
	}
	html_paragraph(page, words_dma_effect(page->analysis, page->arena));
	print_table(page, head, &table, 1);
	if (words_dma_pairs(page->analysis, &pairs) != 0) {
		html_paragraph(page,
		               "What confined DMA would change; blast radius and attack paths "
		               "say it where they differ.");
		print_table(page, pair_head, &pairs, 1);
	}
}
