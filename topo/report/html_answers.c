/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answers of the HTML report that unfold: blast radius, attack paths, best practices.
 */
#include "topo/analysis/parts.h"
#include "topo/report/html.h"
#include "topo/report/words.h"

#define NAMES_MAX HTML_NAMES_MAX
#define WAY_MAX ((size_t)2 * NAMES_MAX) /* VMs of a way that are named */

static void print_item(const struct page *page, const char *title, const char *text)
{
	fprintf(page->out, "<dt>%s</dt><dd>", title);
	html_text(page->out, text);
	fputs("</dd>", page->out);
}

static void print_reach(const struct page *page, const struct blast *blast)
{
	const struct analysis *analysis = page->analysis;

	fputs("<dl>", page->out);
	print_item(page, "At once", words_at_once(analysis, blast, page->arena));
	print_item(page, "Stops", words_stops(analysis, blast, page->arena));
	for (size_t wave = 0; wave < blast->wave_count && wave < NAMES_MAX; wave++) {
		print_item(page,
		           arena_printf(page->arena, "%zu more exploit%s", wave + 1,
		                        words_plural(wave + 1)),
		           vm_list_text(analysis, &blast->waves[wave], NAMES_MAX));
	}
	if (blast->safe_count != 0) {
		print_item(page, "Never",
		           arena_printf(page->arena, "%u VM%s", blast->safe_count,
		                        words_plural(blast->safe_count)));
	}
	fputs("</dl>", page->out);
}

static void print_blast(const struct page *page, const struct blast *blast)
{
	const struct blast *other = words_other_blast(blast);

	fputs("<details><summary>", page->out);
	html_text(page->out, vm_name_of(page->analysis, blast->vm));
	fputs(" <span>", page->out);
	html_text(page->out, words_blast(blast, page->arena));
	fputs("</span></summary>", page->out);
	print_reach(page, blast);
	if (other != NULL) {
		fputs("<div class=\"other\"><h4>If all DMA were confined</h4>", page->out);
		print_reach(page, other);
		fputs("</div>", page->out);
	}
	fputs("</details>\n", page->out);
}

void html_print_blasts(const struct page *page)
{
	const struct analysis *analysis = page->analysis;

	html_paragraph(page,
	               "What an attacker has who has taken over one VM, and what falls with each "
	               "further exploit.");
	for (size_t i = 0; i < analysis->blast_count; i++) {
		print_blast(page, &analysis->blasts[i]);
	}
	if (analysis->blast_count < analysis->model->vm_count) {
		html_paragraph(page,
		               arena_printf(page->arena,
		                            "The %zu of %zu VMs that reach most are shown.",
		                            analysis->blast_count, analysis->model->vm_count));
	}
}

static void print_way(const struct page *page, const struct way *way)
{
	fputs("<ol class=\"way\">", page->out);
	for (size_t i = 0; i < way->count; i++) {
		if (way->count > WAY_MAX && i == NAMES_MAX) {
			i = way->count - NAMES_MAX;
			fputs("<li><i>…</i></li>", page->out);
		}
		fputs("<li>", page->out);
		if (i > 0) {
			fprintf(page->out, "<i>%s</i>",
			        way->by[i] == BY_DMA       ? "DMA ⇒"
			        : way->by[i] == BY_BRIDGE  ? "bridge →"
			        : way->by[i] == BY_SHARED  ? "shared →"
			        : way->by[i] == BY_FORWARD ? "forwarded →"
			        : way->fell[i]             ? "→"
			                                   : "⇒");
		}
		fputs(way->fell[i] ? "<b class=\"fell\">" : "<b>", page->out);
		html_text(page->out, vm_name_of(page->analysis, way->vms[i]));
		fputs("</b></li>", page->out);
	}
	fputs("</ol>\n", page->out);
}

static void print_ways(const struct page *page, const struct attack *attack)
{
	const struct analysis *analysis = page->analysis;

	for (size_t i = 0; i < attack->listed; i++) {
		print_way(page, &attack->ways[i]);
	}
	if (attack->listed != 0 && attack->entrance != attack->asset) {
		fputs("<dl>", page->out);
		print_item(page, "Choke points",
		           attack->chokes.count == 0
		                   ? "no other VM is on every way"
		                   : vm_list_text(analysis, &attack->chokes, NAMES_MAX));
		print_item(page, "Cut", words_cut(analysis, attack, page->arena));
		fputs("</dl>", page->out);
	}
}

static void print_attack(const struct page *page, const struct attack *attack, bool open)
{
	const struct analysis *analysis = page->analysis;
	const struct attack *other = words_other_attack(attack);

	fprintf(page->out, "<details%s><summary><span class=\"badge %s\">%s</span> ",
	        open ? " open" : "", html_falls_class(attack->falls),
	        words_falls(attack->falls, page->arena));
	html_text(page->out, vm_name_of(analysis, attack->entrance));
	fputs(" to ", page->out);
	html_text(page->out, vm_name_of(analysis, attack->asset));
	fprintf(page->out, " <span>%s</span></summary>\n",
	        attack->listed == 0 ? "no way" : words_ways(attack, page->arena));
	print_ways(page, attack);
	if (other != NULL) {
		fprintf(page->out,
		        "<div class=\"other\"><h4>If all DMA were confined: "
		        "<span class=\"badge %s\">%s</span> %s</h4>",
		        html_falls_class(other->falls), words_falls(other->falls, page->arena),
		        other->listed == 0 ? "no way" : words_ways(other, page->arena));
		print_ways(page, other);
		fputs("</div>", page->out);
	}
	fputs("</details>\n", page->out);
}

void html_print_attacks(const struct page *page)
{
	const struct analysis *analysis = page->analysis;

	html_paragraph(page,
	               "From every entrance to every asset, weakest first. Red: a VM that must "
	               "fall by an exploit. ⇒ costs none.");
	for (size_t i = 0; i < analysis->attack_count; i++) {
		print_attack(page, &analysis->attacks[i], i == 0);
	}
	if (analysis->attack_count == 0) {
		html_paragraph(page, "No asset can be reached from any entrance.");
	}
	if (analysis->attack_count < analysis->attack_total) {
		html_paragraph(page,
		               arena_printf(page->arena, "The %zu weakest of %zu pairs are shown.",
		                            analysis->attack_count, analysis->attack_total));
	}
}

void html_print_practices(const struct page *page)
{
	const struct analysis *analysis = page->analysis;

	for (size_t i = 0; i < ANALYSIS_PRACTICES; i++) {
		const struct practice *practice = &analysis->practices[i];
		bool good = practice->finding_total == 0;

		fprintf(page->out, "<details%s><summary class=\"%s\">%s <span>",
		        good ? "" : " open",
		        practice->idle ? "idle"
		        : good         ? "ok"
		                       : "look",
		        practice->title);
		html_text(page->out, good ? practice->good
		                          : arena_printf(page->arena, "%zu to look at",
		                                         practice->finding_total));
		fputs("</span></summary><ul>", page->out);
		for (size_t j = 0; j < practice->finding_count; j++) {
			fputs("<li>", page->out);
			html_text(page->out, practice->findings[j]);
			fputs("</li>", page->out);
		}
		if (practice->finding_count < practice->finding_total) {
			fprintf(page->out, "<li>and %zu more</li>",
			        practice->finding_total - practice->finding_count);
		}
		fputs("</ul></details>\n", page->out);
	}
}
