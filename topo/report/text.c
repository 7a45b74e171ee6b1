/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as text: one function for each section, most important first.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/analysis/parts.h"
#include "topo/base/say.h"
#include "topo/base/units.h"
#include "topo/model/board.h"
#include "topo/report/report.h"
#include "topo/report/table.h"
#include "topo/report/words.h"

#define NAMES_MAX 8U
#define CONNECTIONS_MAX ((size_t)4 * ANALYSIS_WHOLE_VMS)

struct printer {
	const struct analysis *analysis;
	struct arena *arena;
	FILE *out;
};

static void heading(const struct printer *printer, const char *text)
{
	say(printer->out, "\n%s\n", text);
	for (size_t i = strlen(text); i > 0; i--) {
		fputc('-', printer->out);
	}
	fputs("\n", printer->out);
}

static const char *names(const struct printer *printer, const struct vm_list *list)
{
	return list->count == 0 ? "-" : vm_list_text(printer->analysis, list, NAMES_MAX);
}

static void print_summary(const struct printer *printer)
{
	const struct analysis *analysis = printer->analysis;
	const struct model *model = analysis->model;
	FILE *out = printer->out;

	say(out, "%s: %zu VM%s, %zu connection%s, %s\n", model->name, model->vm_count,
	    words_plural(model->vm_count), model->connection_count,
	    words_plural(model->connection_count), model->board->title);
	heading(printer, "Summary");
	say(out, "  Weakest answer  %s\n", words_weakest(analysis, printer->arena));
	say(out, "  Entrances       %s (%s)\n", names(printer, &analysis->entrances),
	    entrance_rule_text(analysis));
	say(out, "  Assets          %s (%s)\n", names(printer, &analysis->assets),
	    asset_rule_text(analysis->asset_rule));
	say(out, "  Single points   %s\n", words_single_points(analysis, printer->arena));
	say(out, "  Shared memory   %s\n", words_shared(analysis, printer->arena));
	say(out, "  Device DMA      %s\n", words_dma(analysis, printer->arena));
	if (words_forgeable(analysis, printer->arena) != NULL) {
		say(out, "  Interrupts      %s\n", words_forgeable(analysis, printer->arena));
	}
	if (analysis->forwards_assumed.count != 0) {
		say(out, "  Forwarding      %s\n", words_forwarding(analysis, printer->arena));
	}
	if (analysis->links.shared.count != 0) {
		say(out, "  Shared things   %s\n", words_shared_things(analysis, printer->arena));
	}
	say(out, "  Best change     %s\n", words_improvement(analysis, printer->arena));
}

static void print_patterns(const struct printer *printer)
{
	static const char *const head[] = {"topology",       "to", "compromises", "single host",
	                                   "attack surface", NULL};
	const struct analysis *analysis = printer->analysis;
	struct table table = table_start(printer->arena, head);

	heading(printer, "Attack surface per topology");
	for (size_t i = 0; i < analysis->pattern_count; i++) {
		const struct pattern *pattern = &analysis->patterns[i];

		table_cell(&table, words_pattern(pattern, printer->arena));
		table_cell(&table, pattern->question);
		table_cell(&table, words_answer(pattern, printer->arena));
		table_cell(&table, words_falls(pattern->single_host_falls, printer->arena));
		table_cell(&table, pattern->surface);
	}
	if (analysis->pattern_count == 0) {
		fputs("  No two VMs are connected.\n", printer->out);
		return;
	}
	table_print(&table, printer->out);
	if (analysis->pattern_total > analysis->pattern_count) {
		fprintf(printer->out, "  … %zu of %zu patterns are shown\n",
		        analysis->pattern_count, analysis->pattern_total);
	}
}

static void print_descriptions(const struct printer *printer, size_t shown)
{
	for (size_t i = 0; i < shown; i++) {
		const struct vm *vm = &printer->analysis->model->vms[i];

		if (vm->description != NULL) {
			say(printer->out, "  %s: %s\n", vm->name, vm->description);
		}
	}
}

static void print_vms(const struct printer *printer)
{
	static const char *const head[] = {"VM",     "role",    "hardware",        "served by",
	                                   "serves", "exposes", "reads of others", "compromises",
	                                   "",       NULL};
	const struct analysis *analysis = printer->analysis;
	struct table table = table_start(printer->arena, head);
	size_t shown = words_rows(analysis);

	heading(printer, "VMs");
	for (uint32_t vm = 0; vm < shown; vm++) {
		const struct vm_analysis *row = &analysis->vms[vm];
		struct vm_list backends = words_backends(analysis, vm, printer->arena);
		struct vm_list served = words_served(analysis, vm, printer->arena);

		table_cell(&table, vm_name_of(analysis, vm));
		table_cell(&table, role_name(row->role));
		table_cell(&table, words_hardware(analysis, vm, printer->arena));
		table_cell(&table, names(printer, &backends));
		table_cell(&table, names(printer, &served));
		table_cell(&table, size_text(printer->arena, row->exposed_bytes));
		table_cell(&table, size_text(printer->arena, row->foreign_bytes));
		table_cell(&table, words_falls(row->falls, printer->arena));
		table_cell(&table, words_marks(analysis, vm, printer->arena));
	}
	table_print(&table, printer->out);
	print_descriptions(printer, shown);
	if (shown < analysis->model->vm_count) {
		fprintf(printer->out, "  … and %zu more VMs; --json lists all\n",
		        analysis->model->vm_count - shown);
	}
}

static void print_matrix(const struct printer *printer)
{
	const char *head[HARDWARE_KIND_COUNT + 3] = {"VM"};
	const struct analysis *analysis = printer->analysis;
	uint32_t kinds = words_matrix_kinds(analysis);
	size_t columns = 1;

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) != 0) {
			head[columns++] = hardware_kind_name((enum hardware_kind)kind);
		}
	}
	head[columns] = "consequence";
	struct table table = table_start(printer->arena, head);

	heading(printer, "Hardware isolation matrix");
	for (uint32_t vm = 0; vm < words_rows(analysis); vm++) {
		table_cell(&table, vm_name_of(analysis, vm));
		for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
			if ((kinds >> kind & 1U) != 0) {
				table_cell(&table, words_has(analysis, vm, kind) ? "✓" : "✗");
			}
		}
		table_cell(&table, words_consequence(analysis, vm, printer->arena));
	}
	table_print(&table, printer->out);
}

static void add_range(const struct memory_range *range, void *context)
{
	struct words_memory *memory = context;
	const struct analysis *analysis = memory->analysis;
	struct table *table = memory->table;

	table_cell(table, vm_name_of(analysis, range->owner));
	table_cellf(table, "%s", range->name);
	table_cell(table, words_where(range, analysis, table->arena));
	table_cell(table, size_text(table->arena, range->bytes));
	table_cell(table, words_users(range, &range->readers, analysis, table->arena));
	table_cell(table, words_users(range, &range->writers, analysis, table->arena));
}

static void print_memory(const struct printer *printer)
{
	static const char *const head[] = {"of",      "range",      "at", "bytes",
	                                   "read by", "written by", NULL};
	const struct analysis *analysis = printer->analysis;
	struct table table = table_start(printer->arena, head);
	struct words_memory memory = {analysis, &table};

	heading(printer, "Memory");
	if (analysis->model->vm_count > ANALYSIS_WHOLE_VMS) {
		fputs("  --json lists the ranges of all VMs.\n", printer->out);
		return;
	}
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		memory_each(analysis, vm, add_range, &memory);
	}
	table_print(&table, printer->out);
	if (analysis->model->connection_count != 0) {
		say(printer->out, "  %s\n", words_places(analysis));
	}
}

static void print_line(const struct printer *printer, const char *indent, const char *label,
                       const char *text)
{
	say(printer->out, "%s    %-16s %s\n", indent, label, text);
}

static void print_blast(const struct printer *printer, const struct blast *blast,
                        const char *indent)
{
	const struct analysis *analysis = printer->analysis;

	print_line(printer, indent, "at once", words_at_once(analysis, blast, printer->arena));
	print_line(printer, indent, "stops", words_stops(analysis, blast, printer->arena));
	for (size_t wave = 0; wave < blast->wave_count && wave < NAMES_MAX; wave++) {
		print_line(printer, indent,
		           arena_printf(printer->arena, "%zu more exploit%s", wave + 1,
		                        words_plural(wave + 1)),
		           names(printer, &blast->waves[wave]));
	}
	if (blast->wave_count > NAMES_MAX) {
		say(printer->out, "%s    … up to %zu more exploits\n", indent, blast->wave_count);
	}
	if (blast->safe_count != 0) {
		print_line(printer, indent, "never",
		           arena_printf(printer->arena, "%u VM%s", blast->safe_count,
		                        words_plural(blast->safe_count)));
	}
}

static void print_blasts(const struct printer *printer)
{
	const struct analysis *analysis = printer->analysis;

	heading(printer, "Blast radius");
	for (size_t i = 0; i < analysis->blast_count; i++) {
		const struct blast *blast = &analysis->blasts[i];
		const struct blast *other = words_other_blast(blast);

		say(printer->out, "  %s\n", vm_name_of(analysis, blast->vm));
		print_blast(printer, blast, "");
		if (other != NULL) {
			fputs("    if all DMA were confined:\n", printer->out);
			print_blast(printer, other, "  ");
		}
	}
	if (analysis->blast_count < analysis->model->vm_count) {
		fprintf(printer->out, "  … the %zu of %zu VMs that reach most are shown\n",
		        analysis->blast_count, analysis->model->vm_count);
	}
}

/* How many, all ways that are listed, and what they have in common. */
static void print_attack(const struct printer *printer, const struct attack *attack,
                         const char *indent)
{
	const struct analysis *analysis = printer->analysis;
	FILE *out = printer->out;

	if (attack->listed == 0) {
		fputs("no way\n", out);
		return;
	}
	say(out, "%u VM%s must fall, %s\n", attack->falls, words_plural(attack->falls),
	    words_ways(attack, printer->arena));
	for (size_t i = 0; i < attack->listed; i++) {
		say(out, "%s    %s\n", indent,
		    words_way(analysis, &attack->ways[i], printer->arena));
	}
	if (attack->entrance != attack->asset) {
		say(out, "%s    every way passes: %s; %s\n", indent,
		    attack->chokes.count == 0 ? "no other VM in common"
		                              : names(printer, &attack->chokes),
		    words_cut(analysis, attack, printer->arena));
	}
}

static void print_attacks(const struct printer *printer)
{
	const struct analysis *analysis = printer->analysis;
	FILE *out = printer->out;

	heading(printer, "Attack paths");
	for (size_t i = 0; i < analysis->attack_count; i++) {
		const struct attack *attack = &analysis->attacks[i];
		const struct attack *other = words_other_attack(attack);

		say(out, "  %s to %s: ", vm_name_of(analysis, attack->entrance),
		    vm_name_of(analysis, attack->asset));
		print_attack(printer, attack, "");
		if (other != NULL) {
			fputs("    if all DMA were confined: ", out);
			print_attack(printer, other, "  ");
		}
	}
	if (analysis->attack_count == 0) {
		fputs("  No asset can be reached from any entrance.\n", out);
	}
	if (analysis->attack_count < analysis->attack_total) {
		fprintf(out, "  … the %zu weakest of %zu pairs are shown\n", analysis->attack_count,
		        analysis->attack_total);
	}
}

static void print_connections(const struct printer *printer)
{
	static const char *const head[] = {"device VM",
	                                   "driver VM",
	                                   "devices",
	                                   "exposes",
	                                   "down: to the driver VM",
	                                   "up: to the device VM",
	                                   NULL};
	const struct analysis *analysis = printer->analysis;
	size_t count = analysis->model->connection_count;
	size_t shown = count < CONNECTIONS_MAX ? count : CONNECTIONS_MAX;
	struct table table = table_start(printer->arena, head);

	heading(printer, "Connections");
	if (count == 0) {
		fputs("  None.\n", printer->out);
		return;
	}
	say(printer->out,
	    "  %zu connection%s, %zu attack paths: each can be crossed in both directions.\n",
	    count, words_plural(count), 2 * count);
	for (uint32_t id = 0; id < shown; id++) {
		words_connection(analysis, id, &table);
	}
	table_print(&table, printer->out);
	if (shown < count) {
		fprintf(printer->out, "  … and %zu more connections; --json lists all\n",
		        count - shown);
	}
}

static void print_hardware(const struct printer *printer)
{
	static const char *const head[] = {"VM", "device", "where", "DMA", "interrupts", NULL};
	static const char *const pair_head[] = {
		"VM",          "exposes",     "if confined", "reads of others",
		"if confined", "compromises", "if confined", NULL};
	const struct analysis *analysis = printer->analysis;
	struct table table = table_start(printer->arena, head);
	struct table pairs = table_start(printer->arena, pair_head);
	size_t count = words_hardware_rows(analysis, &table);

	heading(printer, "Hardware");
	if (count == 0) {
		fputs("  No VM has a physical device.\n", printer->out);
		return;
	}
	table_print(&table, printer->out);
	say(printer->out, "  %s\n", words_dma_effect(analysis, printer->arena));
	if (words_dma_pairs(analysis, &pairs) != 0) {
		fputs("\n", printer->out);
		table_print(&pairs, printer->out);
	}
}

static void print_practices(const struct printer *printer)
{
	const struct analysis *analysis = printer->analysis;
	FILE *out = printer->out;

	heading(printer, "Best practices");
	for (size_t i = 0; i < ANALYSIS_PRACTICES; i++) {
		const struct practice *practice = &analysis->practices[i];

		say(out, "  %zu. %s:%s%s\n", i + 1, practice->title,
		    practice->finding_total == 0 ? " " : "",
		    practice->finding_total == 0 ? practice->good : "");
		for (size_t j = 0; j < practice->finding_count; j++) {
			say(out, "     - %s\n", practice->findings[j]);
		}
		if (practice->finding_total > practice->finding_count) {
			fprintf(out, "     … and %zu more\n",
			        practice->finding_total - practice->finding_count);
		}
	}
}

void report_assertions(const struct report *report, FILE *out)
{
	bool asks_outside = false;

	for (size_t i = 0; i < report->assertion_count; i++) {
		const struct assertion *assertion = &report->assertions[i];

		say(out, "%s  %s\n", assertion->holds ? "holds" : "fails", assertion->expression);
		for (size_t j = 0; j < assertion->evidence_count; j++) {
			say(out, "       %s\n", assertion->evidence[j]);
		}
		asks_outside |= assertion->asks_outside;
	}
	struct arena *arena = arena_new();
	const char *assumption = words_assumption(report->analysis, arena);
	const char *forwarding = words_forwarding(report->analysis, arena);

	if (asks_outside && assumption != NULL) {
		say(out, "note   %s\n", assumption);
	}
	if (asks_outside && forwarding != NULL) {
		say(out, "note   %s\n", forwarding);
	}
	arena_free(arena);
}

static void print_origin(const struct printer *printer, const struct report_origin *origin)
{
	static const char *const head[] = {"file", "path", "SHA-256", NULL};
	struct table table = table_start(printer->arena, head);

	heading(printer, "Made from");
	say(printer->out, "  topo %s, %s, in %s:\n", origin->version, origin->date,
	    origin->directory);
	say(printer->out, "    %s\n", origin->command);
	for (size_t i = 0; i < origin->count; i++) {
		const struct origin_file *file = &origin->files[i];

		table_cell(&table, file->what);
		table_cell(&table, file->path);
		table_cell(&table, file->digest != NULL ? file->digest : file->why);
		if (file->source != NULL) {
			table_cell(&table, "");
			table_cell(&table, file->source);
			table_cell(&table, "");
		}
	}
	table_print(&table, printer->out);
}

void report_text(const struct report *report, FILE *out)
{
	static void (*const sections[])(const struct printer *printer) = {
		print_summary, print_patterns, print_vms,     print_matrix,   print_connections,
		print_memory,  print_blasts,   print_attacks, print_hardware, print_practices,
	};
	struct printer printer = {report->analysis, arena_new(), out};

	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		sections[i](&printer);
	}
	if (report->assertion_count != 0) {
		heading(&printer, "Assertions");
		report_assertions(report, out);
	}
	print_origin(&printer, report->origin);
	arena_free(printer.arena);
}
