/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one HTML page: no script, nothing fetched, readable on paper. Same findings and
 * the same words as the text report.
 */
#include "topo/report/html.h"

#include "lib/bits.h"
#include "topo/analysis/parts.h"
#include "topo/model/board.h"
#include "topo/report/report.h"
#include "topo/report/words.h"

static void card(const struct page *page, const char *title, const char *text)
{
	fprintf(page->out, "<div class=\"card\"><h3>%s</h3><p>", title);
	html_text(page->out, text);
	fputs("</p></div>\n", page->out);
}

static const char *ends_text(const struct page *page, const struct vm_list *list, const char *rule)
{
	return arena_printf(page->arena, "%s (%s)",
	                    vm_list_text(page->analysis, list, HTML_NAMES_MAX), rule);
}

static void print_lead(const struct page *page)
{
	const struct analysis *analysis = page->analysis;
	uint32_t falls =
		analysis->weakest_asset == NODE_NONE ? FALLS_NEVER : analysis->score.weakest_falls;

	fprintf(page->out, "<div class=\"panel lead\"><b class=\"%s\">%s</b><p>",
	        html_falls_class(falls),
	        falls == FALLS_NEVER ? "∞" : words_falls(falls, page->arena));
	html_text(page->out, words_weakest(analysis, page->arena));
	fputs("<small>The weakest answer: the fewest VMs that must fall until an asset is held."
	      "</small></p></div>\n",
	      page->out);
}

static void print_assertions(const struct page *page)
{
	if (page->report->assertion_count == 0) {
		return;
	}
	fputs("<h2>Assertions</h2><ul>\n", page->out);
	for (size_t i = 0; i < page->report->assertion_count; i++) {
		const struct assertion *assertion = &page->report->assertions[i];

		fprintf(page->out, "<li>%s <code>", assertion->holds ? "holds" : "<b>fails</b>");
		html_text(page->out, assertion->expression);
		fputs("</code>", page->out);
		for (size_t j = 0; j < assertion->evidence_count; j++) {
			fputs("<br>", page->out);
			html_text(page->out, assertion->evidence[j]);
		}
		fputs("</li>\n", page->out);
	}
	fputs("</ul>\n", page->out);
	const char *assumption = words_assumption(page->analysis, page->arena);

	if (assumption != NULL) {
		html_paragraph(page, arena_printf(page->arena, "Note: %s.", assumption));
	}
}

static void print_summary(const struct page *page)
{
	const struct analysis *analysis = page->analysis;

	print_lead(page);
	fputs("<div class=\"cards\">\n", page->out);
	card(page, "Entrances",
	     ends_text(page, &analysis->entrances, entrance_rule_text(analysis)));
	card(page, "Assets",
	     ends_text(page, &analysis->assets, asset_rule_text(analysis->asset_rule)));
	card(page, "Single points", words_single_points(analysis, page->arena));
	card(page, "Shared memory", words_shared(analysis, page->arena));
	card(page, "Device DMA", words_dma(analysis, page->arena));
	if (words_forgeable(analysis, page->arena) != NULL) {
		card(page, "Interrupts", words_forgeable(analysis, page->arena));
	}
	if (analysis->forwards_assumed.count != 0) {
		card(page, "Forwarding", words_forwarding(analysis, page->arena));
	}
	if (analysis->links.shared.count != 0) {
		card(page, "Shared things", words_shared_things(analysis, page->arena));
	}
	card(page, "The change that helps most", words_improvement(analysis, page->arena));
	fputs("</div>\n", page->out);
	print_assertions(page);
}

static void print_figure(const struct page *page)
{
	html_paragraph(page,
	               "VMs by how many must fall before they are held. Arrows lead from a VM that "
	               "serves to the VM that it serves; every one of them is an attack path in "
	               "both directions.");
	fputs("<figure class=\"panel\">\n", page->out);
	if (html_figure(page->analysis, page->out)) {
		fputs("<figcaption>Red border: entrance. Blue border: asset. Red arrow: the whole "
		      "RAM is open to the VM that serves.</figcaption>",
		      page->out);
	} else {
		fputs("<figcaption>Too many VMs to draw here: `topo graph` draws the topology."
		      "</figcaption>",
		      page->out);
	}
	fputs("</figure>\n", page->out);
}

static const struct {
	const char *id;
	const char *label; /* in the bar at the top */
	const char *title;
	void (*print)(const struct page *page);
} sections[] = {
	{"summary", "Summary", "Summary", print_summary},
	{"figure", "Depth", "Depth", print_figure},
	{"patterns", "Patterns", "Attack surface per topology", html_print_patterns},
	{"vms", "VMs", "VMs", html_print_vms},
	{"hardware", "Hardware", "Hardware isolation", html_print_matrix},
	{"connections", "Connections", "Connections", html_print_connections},
	{"blast", "Blast radius", "Blast radius", html_print_blasts},
	{"attacks", "Attack paths", "Attack paths", html_print_attacks},
	{"dma", "DMA", "Devices: DMA and interrupts", html_print_dma},
	{"practices", "Practices", "Best practices", html_print_practices},
	{"words", "Words", "What the words mean", html_print_words},
	{"origin", "Made from", "Made from", html_print_origin},
	{"memory", "Memory", "Memory map", html_print_memory},
};

#define SECTION_COUNT (ARRAY_COUNT(sections))

static void print_head(const struct page *page)
{
	const struct model *model = page->analysis->model;

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
	      page->out);
	html_text(page->out, model->name);
	fputs(": security report</title>\n<style>\n", page->out);
	for (size_t i = 0; report_html_style[i] != NULL; i++) {
		fputs(report_html_style[i], page->out);
	}
	fputs("</style></head><body>\n", page->out);
	fputs("<header><div><h1>", page->out);
	html_text(page->out, model->name);
	fprintf(page->out, "</h1><p>Security report: %zu VM%s, %zu connection%s, ", model->vm_count,
	        words_plural(model->vm_count), model->connection_count,
	        words_plural(model->connection_count));
	html_text(page->out, model->board->title);
	fprintf(page->out, ", %s", page->report->origin->date);
	fputs("</p></div></header>\n<nav><div>", page->out);
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		fprintf(page->out, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].label);
	}
	fputs("</div></nav>\n<main>\n", page->out);
}

void report_html(const struct report *report, FILE *out)
{
	struct page page = {report, report->analysis, arena_new(), out};

	print_head(&page);
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		fprintf(out, "<section id=\"%s\"><h2>%s</h2>\n", sections[i].id, sections[i].title);
		sections[i].print(&page);
		fputs("</section>\n", out);
	}
	fputs("</main></body></html>\n", out);
	arena_free(page.arena);
}
