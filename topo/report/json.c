/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for programs. Every member is described in docs/report.schema.json. A number of VMs
 * that must fall is null where there is no way. Equal analyses print equal text.
 */
#include "lib/bits.h"
#include "topo/analysis/parts.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/report/json_write.h"
#include "topo/report/report.h"
#include "topo/report/words.h"

static void add_vm(const struct analysis *analysis, struct json_object *object, const char *key,
                   uint32_t vm)
{
	json_add_text(object, key, vm == NODE_NONE ? NULL : analysis->model->vms[vm].name);
}

static void add_vms(const struct analysis *analysis, struct json_object *object, const char *key,
                    const struct vm_list *list)
{
	struct json_object *array = json_add_array(object, key);

	for (size_t i = 0; i < list->count; i++) {
		json_append_text(array, analysis->model->vms[list->vms[i]].name);
	}
}

/* An array of the names of the kinds in a set of bits. */
static void add_kinds(struct json_object *object, const char *key, uint32_t kinds)
{
	struct json_object *array = json_add_array(object, key);

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) != 0) {
			json_append_text(array, hardware_kind_name((enum hardware_kind)kind));
		}
	}
}

static void add_topology(const struct analysis *analysis, struct json_writer *writer)
{
	const struct model *model = analysis->model;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", model->name);
	json_add_text(object, "board", model->board->name);
	json_add_truth(object, "smmu", model->board->smmu);
	json_add_number(object, "vms", model->vm_count);
	json_add_number(object, "connections", model->connection_count);
	json_add_number(object, "attack_paths", 2 * model->connection_count);
	json_add_truth(object, "laid_out", analysis->places != NULL);
	json_write_member(writer, "topology", object);
}

static void add_score(struct json_object *object, const struct score *score)
{
	json_add_falls(object, "compromises", score->weakest_falls);
	json_add_number(object, "assets", score->weakest_count);
	json_add_number(object, "exposed_bytes", score->exposed_bytes);
}

static void add_summary(const struct analysis *analysis, struct json_writer *writer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *weakest = json_add_object(object, "weakest");

	add_score(weakest, &analysis->score);
	add_vm(analysis, weakest, "entrance", analysis->weakest_entrance);
	add_vm(analysis, weakest, "asset", analysis->weakest_asset);
	add_vms(analysis, object, "entrances", &analysis->entrances);
	json_add_text(object, "entrance_rule", entrance_rule_text(analysis));
	add_vms(analysis, object, "assets", &analysis->assets);
	json_add_text(object, "asset_rule", asset_rule_text(analysis->asset_rule));
	add_vms(analysis, object, "single_points", &analysis->single_points);
	json_add_number(object, "pools", analysis->pool_count);
	json_add_number(object, "pool_bytes", analysis->pool_bytes);
	json_add_number(object, "dma_open_vms", analysis->dma_open.count);
	json_add_number(object, "dma_assumed_vms", analysis->dma_assumed_count);
	add_vms(analysis, object, "forgeable", &analysis->forgeable);
	add_vms(analysis, object, "forwarding_assumed", &analysis->forwards_assumed);
	json_write_member(writer, "summary", object);
}

static void add_shared(const struct analysis *analysis, struct json_writer *writer)
{
	const struct shared *shared = &analysis->links.shared;

	json_open_rows(writer, "shared");
	for (size_t i = 0; i < shared->count; i++) {
		const struct shared_thing *thing = &shared->things[i];
		struct json_object *object = json_object_new_object();
		struct json_object *vms = NULL;

		json_add_text(object, "name", thing->name);
		json_add_number(object, "falls", thing->free ? 0 : 1);
		vms = json_add_array(object, "vms");
		for (size_t j = 0; j < thing->count; j++) {
			uint32_t vm = shared->holders[thing->first + j].vm;

			json_append_text(vms, analysis->model->vms[vm].name);
		}
		json_write_row(writer, object);
	}
	json_close_rows(writer);
}

static void add_patterns(const struct analysis *analysis, struct json_writer *writer)
{
	json_open_rows(writer, "patterns");
	for (size_t i = 0; i < analysis->pattern_count; i++) {
		const struct pattern *pattern = &analysis->patterns[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "pattern", pattern_name(pattern->kind));
		add_vms(analysis, object, "members", &pattern->members);
		json_add_text(object, "question", pattern->question);
		json_add_falls(object, "least", pattern->falls.least);
		json_add_falls(object, "most", pattern->falls.most);
		json_add_falls(object, "least_if_confined", pattern->falls_confined.least);
		json_add_falls(object, "most_if_confined", pattern->falls_confined.most);
		json_add_falls(object, "single_host", pattern->single_host_falls);
		json_add_text(object, "surface", pattern->surface);
		json_write_row(writer, object);
	}
	json_close_rows(writer);
	json_write_number(writer, "patterns_total", analysis->pattern_total);
}

static void add_hardware(struct json_object *object, const struct hardware *hardware)
{
	struct json_object *array = json_add_array(object, "hardware");

	for (size_t i = 0; i < hardware->count; i++) {
		struct json_object *unit = json_append_object(array);

		json_add_text(unit, "name", hardware->units[i].name);
		json_add_text(unit, "where", hardware->units[i].where);
		json_add_text(unit, "kind", hardware_kind_name(hardware->units[i].kind));
		json_add_text(unit, "dma", hardware_dma_name(hardware->units[i].dma));
		json_add_text(unit, "messages",
		              hardware_messages_name(hardware->units[i].messages));
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

	json_add_text(object, "name", model_vm->name);
	json_add_text(object, "instance", model_vm->instance);
	json_add_text(object, "description", model_vm->description);
	json_add_text(object, "role", role_name(row->role));
	json_add_truth(object, "entrance", row->entrance);
	json_add_truth(object, "is_asset", row->asset);
	json_add_text(object, "asset", model_vm->asset);
	json_add_text(object, "trust", trusts[model_vm->trust]);
	add_hardware(object, &row->hardware);
	json_add_text(object, "consequence", words_consequence(analysis, vm, analysis->arena));
	json_add_falls(object, "compromises", row->falls);
	json_add_falls(object, "compromises_if_confined", row->falls_confined);
	json_add_number(object, "ram_bytes", model_vm->ram_bytes);
	json_add_truth(object, "ram_open", row->ram_open);
	json_add_number(object, "pool_bytes", row->pool_bytes);
	json_add_number(object, "exposed_bytes", row->exposed_bytes);
	json_add_number(object, "exposed_bytes_if_confined", row->exposed_confined);
	json_add_number(object, "foreign_bytes", row->foreign_bytes);
	json_add_number(object, "foreign_bytes_if_confined", row->foreign_confined);
}

static void add_vm_rows(const struct analysis *analysis, struct json_writer *writer)
{
	json_open_rows(writer, "vms");
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		struct json_object *object = json_object_new_object();

		add_vm_row(analysis, object, vm);
		json_write_row(writer, object);
	}
	json_close_rows(writer);
}

/* What crosses a connection in one direction, and how many VMs fall by it. */
static void add_crossing(struct json_object *connection, const char *key, const char *what,
                         uint64_t falls)
{
	struct json_object *object = json_add_object(connection, key);

	json_add_text(object, "crosses", what);
	json_add_number(object, "falls", falls);
}

static void add_connections(const struct analysis *analysis, struct json_writer *writer)
{
	const struct model *model = analysis->model;

	json_open_rows(writer, "connections");
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "device_vm", connection->device_vm);
		add_vm(analysis, object, "driver_vm", connection->driver_vm);
		json_add_truth(object, "swiotlb", connection->swiotlb);
		json_add_number(object, "exposed_bytes",
		                connection->swiotlb ? connection->pool_bytes
		                                    : model->vms[connection->driver_vm].ram_bytes);
		add_crossing(object, "down", connection->swiotlb ? "answers" : "ram",
		             connection->swiotlb ? 1 : 0);
		add_crossing(object, "up", "requests", 1);
		struct json_object *devices = json_add_array(object, "devices");

		for (size_t j = 0; j < connection->device_count; j++) {
			json_append_text(devices, device_type_name(connection->devices[j].type));
		}
		json_write_row(writer, object);
	}
	json_close_rows(writer);
}

struct memory_context {
	const struct analysis *analysis;
	struct json_writer *writer;
};

/* Those by a mapping, and behind them those that have it by DMA only. */
static void add_users(const struct analysis *analysis, struct json_object *object, const char *key,
                      const struct memory_range *range, const struct vm_list *list)
{
	struct json_object *array = json_add_array(object, key);

	for (size_t i = 0; i < list->count; i++) {
		json_append_text(array, analysis->model->vms[list->vms[i]].name);
	}
	for (size_t i = 0; i < range->dma.count; i++) {
		bool listed = false;

		for (size_t j = 0; j < list->count; j++) {
			listed |= list->vms[j] == range->dma.vms[i];
		}
		if (!listed) {
			json_append_text(array, analysis->model->vms[range->dma.vms[i]].name);
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
		[MEMORY_INFLIGHT] = "in-flight",
		[MEMORY_REGISTERS] = "registers",
	};
	const struct memory_context *memory = context;
	struct json_object *object = json_object_new_object();

	add_vm(memory->analysis, object, "vm", range->owner);
	json_add_text(object, "kind", kinds[range->kind]);
	json_add_text(object, "name", range->name);
	json_add(object, "base", range->base == 0 ? NULL : json_object_new_uint64(range->base));
	json_add(object, "device_base",
	         range->peer_base == 0 ? NULL : json_object_new_uint64(range->peer_base));
	json_add_number(object, "bytes", range->bytes);
	add_users(memory->analysis, object, "readers", range, &range->readers);
	add_users(memory->analysis, object, "writers", range, &range->writers);
	add_vms(memory->analysis, object, "by_dma", &range->dma);
	json_add_number(object, "by_dma_total", range->dma_total);
	json_write_row(memory->writer, object);
}

static void add_memory(const struct analysis *analysis, struct json_writer *writer)
{
	struct memory_context context = {analysis, writer};

	json_open_rows(writer, "memory");
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		memory_each(analysis, vm, add_range, &context);
	}
	json_close_rows(writer);
}

static void add_blast(const struct analysis *analysis, struct json_object *object,
                      const struct blast *blast)
{
	add_vms(analysis, object, "held", &blast->held);
	add_vms(analysis, object, "restarts", &blast->restarts);
	add_vms(analysis, object, "stops", &blast->stops);
	add_kinds(object, "hardware", blast->kinds);
	json_add_number(object, "bytes", blast->bytes);
	struct json_object *waves = json_add_array(object, "next");

	for (size_t wave = 0; wave < blast->wave_count; wave++) {
		struct json_object *inner = json_append_object(waves);

		json_add_number(inner, "exploits", wave + 1);
		add_vms(analysis, inner, "vms", &blast->waves[wave]);
	}
	json_add_number(object, "safe", blast->safe_count);
}

static void add_blasts(const struct analysis *analysis, struct json_writer *writer)
{
	json_open_rows(writer, "blast_radius");
	for (size_t i = 0; i < analysis->blast_count; i++) {
		const struct blast *blast = &analysis->blasts[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "vm", blast->vm);
		add_blast(analysis, object, blast);
		if (blast->confined == NULL) {
			json_add(object, "if_confined", NULL);
		} else {
			add_blast(analysis, json_add_object(object, "if_confined"),
			          blast->confined);
		}
		json_write_row(writer, object);
	}
	json_close_rows(writer);
}

static const char *step_name(const struct way *way, size_t at)
{
	if (at == 0) {
		return "outside";
	}
	switch (way->by[at]) {
	case BY_DMA:
		return "dma";
	case BY_BRIDGE:
		return "bridge";
	case BY_SHARED:
		return "shared";
	case BY_FORWARD:
		return "forwarded";
	default:
		return "connection";
	}
}

static void add_way(const struct analysis *analysis, struct json_object *array,
                    const struct way *way)
{
	struct json_object *steps = json_object_new_array();

	json_object_array_add(array, steps);
	for (size_t i = 0; i < way->count; i++) {
		struct json_object *step = json_append_object(steps);

		add_vm(analysis, step, "vm", way->vms[i]);
		json_add_truth(step, "falls", way->fell[i]);
		json_add_text(step, "by", step_name(way, i));
	}
}

static void add_attack(const struct analysis *analysis, struct json_object *object,
                       const struct attack *attack)
{
	json_add_falls(object, "compromises", attack->falls);
	json_add_number(object, "shortest_ways", attack->way_count);
	struct json_object *ways = json_add_array(object, "ways");

	for (size_t j = 0; j < attack->listed; j++) {
		add_way(analysis, ways, &attack->ways[j]);
	}
	add_vms(analysis, object, "choke_points", &attack->chokes);
	if (attack->direct || attack->listed == 0) {
		json_add(object, "cut", NULL);
	} else {
		add_vms(analysis, object, "cut", &attack->cut);
	}
}

static void add_attacks(const struct analysis *analysis, struct json_writer *writer)
{
	json_open_rows(writer, "attacks");
	for (size_t i = 0; i < analysis->attack_count; i++) {
		const struct attack *attack = &analysis->attacks[i];
		struct json_object *object = json_object_new_object();

		add_vm(analysis, object, "entrance", attack->entrance);
		add_vm(analysis, object, "asset", attack->asset);
		add_attack(analysis, object, attack);
		if (attack->confined == NULL) {
			json_add(object, "if_confined", NULL);
		} else {
			add_attack(analysis, json_add_object(object, "if_confined"),
			           attack->confined);
		}
		json_write_row(writer, object);
	}
	json_close_rows(writer);
	json_write_number(writer, "attacks_total", analysis->attack_total);
}

static void add_practices(const struct analysis *analysis, struct json_writer *writer)
{
	json_open_rows(writer, "practices");
	for (size_t i = 0; i < ANALYSIS_PRACTICES; i++) {
		const struct practice *practice = &analysis->practices[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "practice", practice->title);
		json_add_truth(object, "applies", !practice->idle);
		json_add_texts(object, "findings", practice->findings, practice->finding_count);
		json_add_number(object, "findings_total", practice->finding_total);
		json_write_row(writer, object);
	}
	json_close_rows(writer);
	struct json_object *improvement = NULL;

	if (analysis->improvement.found) {
		improvement = json_object_new_object();
		json_add_text(improvement, "change", analysis->improvement.change);
		add_score(json_add_object(improvement, "after"), &analysis->improvement.after);
	}
	json_write_member(writer, "improvement", improvement);
}

static void add_assertions(const struct report *report, struct json_writer *writer)
{
	json_open_rows(writer, "assertions");
	for (size_t i = 0; i < report->assertion_count; i++) {
		const struct assertion *assertion = &report->assertions[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "expression", assertion->expression);
		json_add_truth(object, "holds", assertion->holds);
		json_add_texts(object, "evidence", assertion->evidence, assertion->evidence_count);
		json_write_row(writer, object);
	}
	json_close_rows(writer);
}

static void add_origin(const struct report_origin *origin, struct json_writer *writer)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "version", origin->version);
	json_add_text(object, "date", origin->date);
	json_add_text(object, "directory", origin->directory);
	json_add_text(object, "command", origin->command);
	struct json_object *files = json_add_array(object, "files");

	for (size_t i = 0; i < origin->count; i++) {
		struct json_object *file = json_append_object(files);

		json_add_text(file, "what", origin->files[i].what);
		json_add_text(file, "path", origin->files[i].path);
		json_add_text(file, "source", origin->files[i].source);
		json_add_text(file, "sha256", origin->files[i].digest);
		json_add_text(file, "why", origin->files[i].why);
		json_add_text(file, "changed", origin->files[i].changed);
		if (origin->files[i].changed != NULL) {
			json_add_number(file, "bytes", origin->files[i].bytes);
		} else {
			json_add_text(file, "bytes", NULL);
		}
	}
	json_write_member(writer, "origin", object);
}

void report_json(const struct report *report, FILE *out)
{
	static void (*const sections[])(const struct analysis *analysis,
	                                struct json_writer *writer) = {
		add_topology,    add_summary, add_shared, add_patterns, add_vm_rows,
		add_connections, add_memory,  add_blasts, add_attacks,  add_practices,
	};
	struct json_writer writer = {out, false};

	fputc('{', out);
	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		sections[i](report->analysis, &writer);
	}
	add_assertions(report, &writer);
	add_origin(report->origin, &writer);
	fputs("\n}\n", out);
}
