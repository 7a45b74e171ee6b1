/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the HTML report: what is so, one row for each pattern, VM, connection, range of
 * memory and device.
 */
#include <inttypes.h>

#include "topo/analysis/parts.h"
#include "topo/model/device_options.h"
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

	fputs("<tr>", page->out);
	html_cell(page, "k", vm_name_of(analysis, vm));
	fprintf(page->out, "<td>%s", role_name(row->role));
	if (marks[0] != '\0') {
		fputs("<br><span class=\"tag\">", page->out);
		html_text(page->out, marks);
		fputs("</span>", page->out);
	}
	fputs("</td>", page->out);
	html_cell_vms(page, &backends);
	html_cell_vms(page, &served);
	html_cell(page, "n", bytes_text(page->arena, row->exposed_bytes));
	html_cell(page, "n", bytes_text(page->arena, row->foreign_bytes));
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

static const char *devices_text(const struct page *page, const struct connection *connection)
{
	const char *text = "";

	for (size_t i = 0; i < connection->device_count; i++) {
		text = arena_printf(page->arena, "%s%s%s", text, i == 0 ? "" : ", ",
		                    device_type_name(connection->devices[i].type));
	}
	return text;
}

static void print_connections(const struct page *page)
{
	static const char *const head[] = {"Device VM", "Driver VM", "Devices",
	                                   "Shared",    "#Exposed",  NULL};
	const struct model *model = page->analysis->model;
	size_t shown = model->connection_count < CONNECTIONS_MAX ? model->connection_count
	                                                         : CONNECTIONS_MAX;

	html_paragraph(page,
	               "What each connection opens. Nothing else of the driver VM can be read or "
	               "written through it.");
	html_open_table(page, head);
	for (size_t i = 0; i < shown; i++) {
		const struct connection *connection = &model->connections[i];

		fputs("<tr>", page->out);
		html_cell(page, "k", vm_name_of(page->analysis, connection->device_vm));
		html_cell(page, "k", vm_name_of(page->analysis, connection->driver_vm));
		html_cell(page, "", devices_text(page, connection));
		html_cell(page, "", connection->swiotlb ? "pool" : "whole RAM (VMSWIOTLB=0)");
		html_cell(page, "n",
		          bytes_text(page->arena,
		                     connection->swiotlb
		                             ? connection->pool_bytes
		                             : model->vms[connection->driver_vm].ram_bytes));
		fputs("</tr>\n", page->out);
	}
	html_close_table(page);
	if (shown < model->connection_count) {
		html_paragraph(page, "The others are in the JSON report.");
	}
}

static void print_range(const struct memory_range *range, void *context)
{
	const struct page *page = context;

	fputs("<tr>", page->out);
	html_cell(page, "k", vm_name_of(page->analysis, range->owner));
	html_cell(page, "", range->name);
	html_cell(page, "n",
	          range->base == 0 ? "placed by build"
	                           : arena_printf(page->arena, "0x%" PRIx64, range->base));
	html_cell(page, "n", bytes_text(page->arena, range->bytes));
	html_cell_vms(page, &range->readers);
	html_cell_vms(page, &range->writers);
	fputs("</tr>\n", page->out);
}

void html_print_memory(const struct page *page)
{
	static const char *const head[] = {"Of",      "Range",      "#Address", "#Bytes",
	                                   "Read by", "Written by", NULL};
	const struct analysis *analysis = page->analysis;

	print_connections(page);
	if (analysis->model->vm_count > ANALYSIS_WHOLE_VMS) {
		return;
	}
	fputs("<details><summary>Memory map <span>every range and who may read or write it"
	      "</span></summary>\n",
	      page->out);
	html_open_table(page, head);
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		memory_each(analysis, vm, print_range, (void *)(uintptr_t)page);
	}
	html_close_table(page);
	if (analysis->dma_open_count != 0) {
		html_paragraph(page,
		               "On top of that, VMs with DMA that is not confined read and write "
		               "all.");
	}
	fputs("</details>\n", page->out);
}

void html_print_dma(const struct page *page)
{
	static const char *const head[] = {"VM", "Device", "Where", "DMA", NULL};
	struct table table = table_start(page->arena, head);
	size_t rows = words_dma_rows(page->analysis, &table);

	if (rows == 0) {
		html_paragraph(page, "No VM has a physical device that reaches memory by itself.");
		return;
	}
	html_paragraph(page, words_dma_effect(page->analysis, page->arena));
	html_open_table(page, head);
	for (size_t row = 1; row <= rows; row++) {
		fputs("<tr>", page->out);
		for (size_t column = 0; column < table.column_count; column++) {
			html_cell(page, column == 0 ? "k" : "",
			          table.cells[row * table.column_count + column]);
		}
		fputs("</tr>\n", page->out);
	}
	html_close_table(page);
}
