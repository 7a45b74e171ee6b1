/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for programs. Every member is described in docs/report.schema.json. A number of VMs
 * that must fall is null where there is no way. Equal analyses print equal text.
 */
#include <json-c/json.h>

#include "topo/analysis/parts.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/report/report.h"

/*
 * The report is written piece by piece, a row of a table on a line, so that the tables of a large
 * topology are never in memory as a whole.
 */
struct writer {
	FILE *out;
	bool follows; /* something stands before, so a comma is needed */
};

static void write_object(struct writer *writer, struct json_object *object)
{
	int flags = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	fputs(json_object_to_json_string_ext(object, flags), writer->out);
	json_object_put(object);
}

static void write_key(struct writer *writer, const char *key)
{
	fprintf(writer->out, "%s\n  \"%s\": ", writer->follows ? "," : "", key);
	writer->follows = true;
}

/* A member of the report; gives @object back. */
static void write_member(struct writer *writer, const char *key, struct json_object *object)
{
	write_key(writer, key);
	write_object(writer, object);
}

static void open_rows(struct writer *writer, const char *key)
{
	write_key(writer, key);
	fputc('[', writer->out);
	writer->follows = false;
}

/* A row of the table that is open; gives @object back. */
static void write_row(struct writer *writer, struct json_object *object)
{
	fprintf(writer->out, "%s\n    ", writer->follows ? "," : "");
	writer->follows = true;
	write_object(writer, object);
}

static void close_rows(struct writer *writer)
{
	fputs(writer->follows ? "\n  ]" : "]", writer->out);
	writer->follows = true;
}

static void write_number(struct writer *writer, const char *key, uint64_t number)
{
	write_member(writer, key, json_object_new_uint64(number));
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	add(object, key, text == NULL ? NULL : json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	add(object, key, json_object_new_uint64(number));
}

static void add_truth(struct json_object *object, const char *key, bool truth)
{
	add(object, key, json_object_new_boolean(truth));
}

static void add_falls(struct json_object *object, const char *key, uint32_t falls)
{
	add(object, key, falls == FALLS_NEVER ? NULL : json_object_new_uint64(falls));
}

static struct json_object *add_object(struct json_object *object, const char *key)
{
	struct json_object *inner = json_object_new_object();

	add(object, key, inner);
	return inner;
}

static struct json_object *add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	add(object, key, array);
	return array;
}

static struct json_object *append_object(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(array, object);
	return object;
}

static void append_text(struct json_object *array, const char *text)
{
	json_object_array_add(array, json_object_new_string(text));
}

static void add_vm(const struct analysis *analysis, struct json_object *object, const char *key,
                   uint32_t vm)
{
	add_text(object, key, vm == NODE_NONE ? NULL : analysis->model->vms[vm].name);
}

static void add_vms(const struct analysis *analysis, struct json_object *object, const char *key,
                    const struct vm_list *list)
{
	struct json_object *array = add_array(object, key);

	for (size_t i = 0; i < list->count; i++) {
		append_text(array, analysis->model->vms[list->vms[i]].name);
	}
}

/* An array of the names of the kinds in a set of bits. */
static void add_kinds(struct json_object *object, const char *key, uint32_t kinds)
{
	struct json_object *array = add_array(object, key);

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) != 0) {
			append_text(array, hardware_kind_name((enum hardware_kind)kind));
		}
	}
}

static void add_texts(struct json_object *object, const char *key, const char *const *texts,
                      size_t count)
{
	struct json_object *array = add_array(object, key);

	for (size_t i = 0; i < count; i++) {
		append_text(array, texts[i]);
	}
}

static void add_topology(const struct analysis *analysis, struct writer *writer)
{
	const struct model *model = analysis->model;
	struct json_object *object = json_object_new_object();

	add_text(object, "name", model->name);
	add_text(object, "board", model->board->name);
	add_truth(object, "smmu", model->board->smmu);
	add_number(object, "vms", model->vm_count);
	add_number(object, "connections", model->connection_count);
	add_number(object, "attack_paths", 2 * model->connection_count);
	add_truth(object, "laid_out", analysis->places != NULL);
	write_member(writer, "topology", object);
}

static void add_score(struct json_object *object, const struct score *score)
{
	add_falls(object, "compromises", score->weakest_falls);
	add_number(object, "assets", score->weakest_count);
	add_number(object, "exposed_bytes", score->exposed_bytes);
}

static void add_summary(const struct analysis *analysis, struct writer *writer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *weakest = add_object(object, "weakest");

	add_score(weakest, &analysis->score);
	add_vm(analysis, weakest, "entrance", analysis->weakest_entrance);
	add_vm(analysis, weakest, "asset", analysis->weakest_asset);
	add_vms(analysis, object, "entrances", &analysis->entrances);
	add_text(object, "entrance_rule", entrance_rule_text(analysis->entrance_rule));
	add_vms(analysis, object, "assets", &analysis->assets);
	add_text(object, "asset_rule", asset_rule_text(analysis->asset_rule));
	add_vms(analysis, object, "single_points", &analysis->single_points);
	add_number(object, "pools", analysis->pool_count);
	add_number(object, "pool_bytes", analysis->pool_bytes);
	add_number(object, "dma_open_vms", analysis->dma_open.count);
	add_number(object, "dma_assumed_vms", analysis->dma_assumed_count);
	write_member(writer, "summary", object);
}

static void add_patterns(const struct analysis *analysis, struct writer *writer)
{
	open_rows(writer, "patterns");
	for (size_t i = 0; i < analysis->pattern_count; i++) {
		const struct pattern *pattern = &analysis->patterns[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "pattern", pattern_name(pattern->kind));
		add_vms(analysis, object, "members", &pattern->members);
		add_text(object, "question", pattern->question);
		add_falls(object, "least", pattern->falls.least);
		add_falls(object, "most", pattern->falls.most);
		add_falls(object, "least_if_confined", pattern->falls_confined.least);
		add_falls(object, "most_if_confined", pattern->falls_confined.most);
		add_falls(object, "single_host", pattern->single_host_falls);
		add_text(object, "surface", pattern->surface);
		write_row(writer, object);
	}
	close_rows(writer);
	write_number(writer, "patterns_total", analysis->pattern_total);
}

static void add_hardware(struct json_object *object, const struct hardware *hardware)
{
	static const char *const dma[] = {
		[DMA_NONE] = "none",
		[DMA_CONFINED] = "confined",
		[DMA_OPEN] = "open",
		[DMA_UNKNOWN] = "unknown",
	};
	struct json_object *array = add_array(object, "hardware");

	for (size_t i = 0; i < hardware->count; i++) {
		struct json_object *unit = append_object(array);

		add_text(unit, "name", hardware->units[i].name);
		add_text(unit, "where", hardware->units[i].where);
		add_text(unit, "kind", hardware_kind_name(hardware->units[i].kind));
		add_text(unit, "dma", dma[hardware->units[i].dma]);
	}
}

static void add_vm_row(const struct analysis *analysis, struct json_object *object, uint32_t vm)
{
	static const char *const trusts[] = {
		[TRUST_NONE] = NULL,
		[TRUST_LOW] = "low",
		[TRUST_HIGH] = "high",
	};
	const struct vm_analysis *row = &analysis->vms[vm];
	const struct vm *model_vm = &analysis->model->vms[vm];

	add_text(object, "name", model_vm->name);
	add_text(object, "instance", model_vm->instance);
	add_text(object, "role", role_name(row->role));
	add_truth(object, "entrance", row->entrance);
	add_truth(object, "is_asset", row->asset);
	add_text(object, "asset", model_vm->asset);
	add_text(object, "trust", trusts[model_vm->trust]);
	add_hardware(object, &row->hardware);
	add_falls(object, "compromises", row->falls);
	add_falls(object, "compromises_if_confined", row->falls_confined);
	add_number(object, "ram_bytes", model_vm->ram_bytes);
	add_truth(object, "ram_open", row->ram_open);
	add_number(object, "pool_bytes", row->pool_bytes);
	add_number(object, "exposed_bytes", row->exposed_bytes);
	add_number(object, "exposed_bytes_if_confined", row->exposed_confined);
	add_number(object, "foreign_bytes", row->foreign_bytes);
	add_number(object, "foreign_bytes_if_confined", row->foreign_confined);
}

static void add_vm_rows(const struct analysis *analysis, struct writer *writer)
{
	open_rows(writer, "vms");
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		struct json_object *object = json_object_new_object();

		add_vm_row(analysis, object, vm);
		write_row(writer, object);
	}
	close_rows(writer);
}

/* What crosses a connection in one direction, and how many VMs fall by it. */
static void add_crossing(struct json_object *connection, const char *key, const char *what,
                         uint64_t falls)
{
	struct json_object *object = add_object(connection, key);

	add_text(object, "crosses", what);
	add_number(object, "falls", falls);
}

static void add_connections(const struct analysis *analysis, struct writer *writer)
{
	const struct model *model = analysis->model;

	open_rows(writer, "connections");
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "device_vm", connection->device_vm);
		add_vm(analysis, object, "driver_vm", connection->driver_vm);
		add_truth(object, "swiotlb", connection->swiotlb);
		add_number(object, "exposed_bytes",
		           connection->swiotlb ? connection->pool_bytes
		                               : model->vms[connection->driver_vm].ram_bytes);
		add_crossing(object, "down", connection->swiotlb ? "answers" : "ram",
		             connection->swiotlb ? 1 : 0);
		add_crossing(object, "up", "requests", 1);
		struct json_object *devices = add_array(object, "devices");

		for (size_t j = 0; j < connection->device_count; j++) {
			append_text(devices, device_type_name(connection->devices[j].type));
		}
		write_row(writer, object);
	}
	close_rows(writer);
}

struct memory_context {
	const struct analysis *analysis;
	struct writer *writer;
};

/* Those by a mapping, and behind them those that have it by DMA only. */
static void add_users(const struct analysis *analysis, struct json_object *object, const char *key,
                      const struct memory_range *range, const struct vm_list *list)
{
	struct json_object *array = add_array(object, key);

	for (size_t i = 0; i < list->count; i++) {
		append_text(array, analysis->model->vms[list->vms[i]].name);
	}
	for (size_t i = 0; i < range->dma.count; i++) {
		bool listed = false;

		for (size_t j = 0; j < list->count; j++) {
			listed |= list->vms[j] == range->dma.vms[i];
		}
		if (!listed) {
			append_text(array, analysis->model->vms[range->dma.vms[i]].name);
		}
	}
}

static void add_range(const struct memory_range *range, void *context)
{
	static const char *const kinds[] = {
		[MEMORY_RAM] = "ram",
		[MEMORY_POOL] = "pool",
		[MEMORY_IOBUF_OUT] = "iobuf-out",
		[MEMORY_IOBUF_IN] = "iobuf-in",
		[MEMORY_DOORBELL] = "doorbell",
		[MEMORY_REGISTERS] = "registers",
	};
	const struct memory_context *memory = context;
	struct json_object *object = json_object_new_object();

	add_vm(memory->analysis, object, "vm", range->owner);
	add_text(object, "kind", kinds[range->kind]);
	add_text(object, "name", range->name);
	add(object, "base", range->base == 0 ? NULL : json_object_new_uint64(range->base));
	add(object, "device_base",
	    range->peer_base == 0 ? NULL : json_object_new_uint64(range->peer_base));
	add_number(object, "bytes", range->bytes);
	add_users(memory->analysis, object, "readers", range, &range->readers);
	add_users(memory->analysis, object, "writers", range, &range->writers);
	add_vms(memory->analysis, object, "by_dma", &range->dma);
	add_number(object, "by_dma_total", range->dma_total);
	write_row(memory->writer, object);
}

static void add_memory(const struct analysis *analysis, struct writer *writer)
{
	struct memory_context context = {analysis, writer};

	open_rows(writer, "memory");
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		memory_each(analysis, vm, add_range, &context);
	}
	close_rows(writer);
}

static void add_blast(const struct analysis *analysis, struct json_object *object,
                      const struct blast *blast)
{
	add_vms(analysis, object, "held", &blast->held);
	add_vms(analysis, object, "stops", &blast->stops);
	add_kinds(object, "hardware", blast->kinds);
	add_number(object, "bytes", blast->bytes);
	struct json_object *waves = add_array(object, "next");

	for (size_t wave = 0; wave < blast->wave_count; wave++) {
		struct json_object *inner = append_object(waves);

		add_number(inner, "exploits", wave + 1);
		add_vms(analysis, inner, "vms", &blast->waves[wave]);
	}
	add_number(object, "safe", blast->safe_count);
}

static void add_blasts(const struct analysis *analysis, struct writer *writer)
{
	open_rows(writer, "blast_radius");
	for (size_t i = 0; i < analysis->blast_count; i++) {
		const struct blast *blast = &analysis->blasts[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "vm", blast->vm);
		add_blast(analysis, object, blast);
		if (blast->confined == NULL) {
			add(object, "if_confined", NULL);
		} else {
			add_blast(analysis, add_object(object, "if_confined"), blast->confined);
		}
		write_row(writer, object);
	}
	close_rows(writer);
}

static const char *step_name(const struct way *way, size_t at)
{
	if (at == 0) {
		return "outside";
	}
	return way->by[at] == BY_DMA ? "dma" : way->by[at] == BY_BRIDGE ? "bridge" : "connection";
}

static void add_way(const struct analysis *analysis, struct json_object *array,
                    const struct way *way)
{
	struct json_object *steps = json_object_new_array();

	json_object_array_add(array, steps);
	for (size_t i = 0; i < way->count; i++) {
		struct json_object *step = append_object(steps);

		add_vm(analysis, step, "vm", way->vms[i]);
		add_truth(step, "falls", way->fell[i]);
		add_text(step, "by", step_name(way, i));
	}
}

static void add_attack(const struct analysis *analysis, struct json_object *object,
                       const struct attack *attack)
{
	add_falls(object, "compromises", attack->falls);
	add_number(object, "shortest_ways", attack->way_count);
	struct json_object *ways = add_array(object, "ways");

	for (size_t j = 0; j < attack->listed; j++) {
		add_way(analysis, ways, &attack->ways[j]);
	}
	add_vms(analysis, object, "choke_points", &attack->chokes);
	if (attack->direct || attack->listed == 0) {
		add(object, "cut", NULL);
	} else {
		add_vms(analysis, object, "cut", &attack->cut);
	}
}

static void add_attacks(const struct analysis *analysis, struct writer *writer)
{
	open_rows(writer, "attacks");
	for (size_t i = 0; i < analysis->attack_count; i++) {
		const struct attack *attack = &analysis->attacks[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "entrance", attack->entrance);
		add_vm(analysis, object, "asset", attack->asset);
		add_attack(analysis, object, attack);
		if (attack->confined == NULL) {
			add(object, "if_confined", NULL);
		} else {
			add_attack(analysis, add_object(object, "if_confined"), attack->confined);
		}
		write_row(writer, object);
	}
	close_rows(writer);
	write_number(writer, "attacks_total", analysis->attack_total);
}

static void add_practices(const struct analysis *analysis, struct writer *writer)
{
	open_rows(writer, "practices");
	for (size_t i = 0; i < ANALYSIS_PRACTICES; i++) {
		const struct practice *practice = &analysis->practices[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "practice", practice->title);
		add_truth(object, "applies", !practice->idle);
		add_texts(object, "findings", practice->findings, practice->finding_count);
		add_number(object, "findings_total", practice->finding_total);
		write_row(writer, object);
	}
	close_rows(writer);
	struct json_object *improvement = NULL;

	if (analysis->improvement.found) {
		improvement = json_object_new_object();
		add_text(improvement, "change", analysis->improvement.change);
		add_score(add_object(improvement, "after"), &analysis->improvement.after);
	}
	write_member(writer, "improvement", improvement);
}

static void add_assertions(const struct report *report, struct writer *writer)
{
	open_rows(writer, "assertions");
	for (size_t i = 0; i < report->assertion_count; i++) {
		const struct assertion *assertion = &report->assertions[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "expression", assertion->expression);
		add_truth(object, "holds", assertion->holds);
		add_texts(object, "evidence", assertion->evidence, assertion->evidence_count);
		write_row(writer, object);
	}
	close_rows(writer);
}

void report_json(const struct report *report, FILE *out)
{
	static void (*const sections[])(const struct analysis *analysis, struct writer *writer) = {
		add_topology, add_summary, add_patterns, add_vm_rows,   add_connections,
		add_memory,   add_blasts,  add_attacks,  add_practices,
	};
	struct writer writer = {out, false};

	fputc('{', out);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		sections[i](report->analysis, &writer);
	}
	add_assertions(report, &writer);
	fputs("\n}\n", out);
}
