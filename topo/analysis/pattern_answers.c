/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions and answers, one function for each pattern, in a table.
 */
#include "topo/analysis/pattern_answers.h"

#include "topo/model/device_options.h"

#define SAMPLE_MAX 8U            /* members from which whole searches begin, in large patterns */
#define NEAR_WORK_MAX (1U << 26) /* edges that are looked at for one large pattern */
#define NAMES_MAX 6U

void pattern_questions_init(struct pattern_questions *questions, struct analysis *analysis,
                            struct arena *arena)
{
	struct links star = links_single_host(&analysis->links, arena);
	const struct graph *graph = links_graph(&star, arena);
	uint32_t host = graph->vm_count - 1;

	*questions = (struct pattern_questions){
		.analysis = analysis,
		.graph = analysis->graph,
		.confined = analysis->confined == NULL ? analysis->graph : analysis->confined,
		.shortest = shortest_new(analysis->graph, arena),
		.near = near_new(analysis->graph, arena),
		.near_confined = near_new(
			analysis->confined == NULL ? analysis->graph : analysis->confined, arena),
		.single_host = shortest_new(graph, arena),
	};
	shortest_run(questions->single_host, graph, &host, 1, 1);
}

/* "NIC and storage", or "" without hardware. */
static const char *hardware_text(const struct analysis *analysis, uint32_t vm)
{
	uint32_t kinds = analysis->vms[vm].hardware.kinds;
	const char *text = "";

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if ((kinds >> kind & 1U) == 0) {
			continue;
		}
		const char *separator = text[0] == '\0'           ? ""
		                        : kinds >> kind >> 1 == 0 ? " and "
		                                                  : ", ";

		text = arena_printf(analysis->arena, "%s%s%s", text, separator,
		                    hardware_kind_name((enum hardware_kind)kind));
	}
	return text;
}

/* "net and blk": what the connections of @vm as device VM carry. */
static const char *service_text(const struct analysis *analysis, uint32_t vm)
{
	const struct vm_analysis *row = &analysis->vms[vm];
	uint32_t types = 0;
	const char *text = "";

	for (size_t i = 0; i < row->served_count; i++) {
		const struct connection *connection = &analysis->model->connections[row->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			types |= 1U << (unsigned)connection->devices[j].type;
		}
	}
	for (unsigned type = 0; type < DEVICE_TYPE_COUNT; type++) {
		if ((types >> type & 1U) != 0) {
			const char *separator = text[0] == '\0'           ? ""
			                        : types >> type >> 1 == 0 ? " and "
			                                                  : ", ";

			text = arena_printf(analysis->arena, "%s%s%s", text, separator,
			                    device_type_name((enum device_type)type));
		}
	}
	return text;
}

/* What falls into his hands with a device VM. */
static const char *loot_text(const struct analysis *analysis, uint32_t vm)
{
	const char *hardware = hardware_text(analysis, vm);
	const char *services = service_text(analysis, vm);

	if (hardware[0] != '\0') {
		return arena_printf(analysis->arena, "%s of %s", hardware,
		                    vm_name_of(analysis, vm));
	}
	if (services[0] != '\0') {
		return arena_printf(analysis->arena, "what %s serves: %s", vm_name_of(analysis, vm),
		                    services);
	}
	return vm_name_of(analysis, vm);
}

static struct vm_list one(uint32_t *vm)
{
	return (struct vm_list){vm, 1};
}

/* Members from which whole searches begin. */
static size_t sample_of(size_t count)
{
	return count <= ANALYSIS_WHOLE_VMS ? count : SAMPLE_MAX;
}

static void answer_device(const struct pattern_questions *questions, struct pattern *pattern)
{
	const struct analysis *analysis = questions->analysis;
	struct vm_list device = one(&pattern->members.vms[0]);

	pattern->question =
		arena_printf(analysis->arena, "hold %s", loot_text(analysis, device.vms[0]));
	pattern->falls = takeover_falls(questions->graph, device, device);
	pattern->surface = loot_text(analysis, device.vms[0]);
}

#define PAIRS_NAMED 4U

/* Ways from tenant to tenant that take the fewest falls. */
struct tenant_ways {
	uint32_t falls;
	size_t count;
	const char *named; /* the first of them */
};

static void add_way(const struct analysis *analysis, struct tenant_ways *ways, uint32_t from,
                    uint32_t to, uint32_t falls)
{
	if (falls > ways->falls || falls == FALLS_NEVER) {
		return;
	}
	if (falls < ways->falls) {
		*ways = (struct tenant_ways){.falls = falls, .named = ""};
	}
	if (ways->count++ < PAIRS_NAMED) {
		ways->named = arena_printf(analysis->arena, "%s%s%s to %s", ways->named,
		                           ways->count == 1 ? "" : ", ", vm_name_of(analysis, from),
		                           vm_name_of(analysis, to));
	}
}

/* Which tenants the ways lead between, of @tenants, of which @sources were looked at as a beginning. */
static const char *between_text(const struct analysis *analysis, const struct tenant_ways *ways,
                                const struct vm_list *tenants, size_t sources)
{
	if (sources == tenants->count && ways->count == tenants->count * (tenants->count - 1)) {
		return arena_printf(analysis->arena, "from each to each of %s",
		                    vm_list_text(analysis, tenants, NAMES_MAX));
	}
	if (ways->count <= PAIRS_NAMED) {
		return arena_printf(analysis->arena, "from %s", ways->named);
	}
	return arena_printf(analysis->arena, "from %s, and between %zu other pairs", ways->named,
	                    ways->count - PAIRS_NAMED);
}

/* Search from each of @tenants for others that fewer than three falls lead to; so many were searched from before that
 * became too much work. */
static size_t find_near(const struct pattern_questions *questions, const struct vm_list *tenants,
                        struct tenant_ways *ways)
{
	const struct analysis *analysis = questions->analysis;
	struct near *near = questions->near;
	const uint64_t before = near->looked;
	bool *is_tenant = arena_alloc(analysis->arena, near->graph->node_count * sizeof(bool));
	size_t i;

	for (i = 0; i < tenants->count; i++) {
		is_tenant[tenants->vms[i]] = true;
	}
	for (i = 0; i < tenants->count; i++) {
		if (tenants->count > ANALYSIS_WHOLE_VMS && near->looked - before > NEAR_WORK_MAX) {
			break;
		}
		near_run(near, tenants->vms[i]);
		for (uint32_t at = 1; at < near->count; at++) {
			const uint32_t to = near->reached[at];

			if (is_tenant[to]) {
				add_way(analysis, ways, tenants->vms[i], to,
				        at < near->count_one ? 1 : NEAR_FALLS);
			}
		}
	}
	return i;
}

/* Fewest falls from one of @tenants, of which no two are near each other, to another. */
static const char *far_text(const struct pattern_questions *questions,
                            const struct vm_list *tenants)
{
	struct shortest *shortest = questions->shortest;
	uint32_t falls = FALLS_NEVER;

	if (tenants->count > ANALYSIS_WHOLE_VMS) {
		return arena_printf(questions->analysis->arena,
		                    "isolated tenants: at least %u VMs must fall from one "
		                    "to another",
		                    NEAR_FALLS + 1);
	}
	for (size_t i = 0; i < tenants->count; i++) {
		shortest_run(shortest, questions->graph, &tenants->vms[i], 1, 1);
		for (size_t j = 0; j < tenants->count; j++) {
			const uint32_t there = shortest->to[tenants->vms[j]].falls;

			falls = j != i && there < falls ? there : falls;
		}
	}
	return arena_printf(questions->analysis->arena,
	                    "isolated tenants: %u VMs must fall from one "
	                    "to another",
	                    falls);
}

/* Whether the VMs that one device VM serves are kept apart from each other. */
static const char *tenants_text(const struct pattern_questions *questions,
                                const struct pattern *pattern)
{
	const struct analysis *analysis = questions->analysis;
	const struct vm_list tenants = {.vms = pattern->members.vms + 1,
	                                .count = pattern->members.count - 1};
	struct tenant_ways ways = {.falls = FALLS_NEVER, .named = ""};
	const size_t sources = find_near(questions, &tenants, &ways);
	const char *looked = sources == tenants.count
	                             ? ""
	                             : arena_printf(analysis->arena,
	                                            "; only ways from %zu of %zu were looked at",
	                                            sources, tenants.count);

	if (ways.falls == FALLS_NEVER) {
		return sources == tenants.count
		               ? far_text(questions, &tenants)
		               : arena_printf(analysis->arena,
		                              "not known whether tenants are isolated%s", looked);
	}
	return arena_printf(analysis->arena, "tenants are not isolated: %u %s %s%s", ways.falls,
	                    ways.falls == 1 ? "fall leads" : "falls lead",
	                    between_text(analysis, &ways, &tenants, sources), looked);
}

static void answer_shared(const struct pattern_questions *questions, struct pattern *pattern)
{
	answer_device(questions, pattern);
	if (questions->graph != questions->analysis->graph) {
		return; /* the surface is that of the topology as it is */
	}
	pattern->surface = arena_printf(questions->analysis->arena, "%s (%s)", pattern->surface,
	                                tenants_text(questions, pattern));
}

static void answer_host(const struct pattern_questions *questions, struct pattern *pattern)
{
	struct vm_list host = one(&pattern->members.vms[0]);

	pattern->question = "hold every VM and all hardware";
	pattern->falls = takeover_falls(questions->graph, host, pattern->members);
	pattern->surface = "entire system";
}

static void answer_backends(const struct pattern_questions *questions, struct pattern *pattern)
{
	const struct analysis *analysis = questions->analysis;
	struct vm_list backends = {&pattern->members.vms[1], pattern->members.count - 1};
	const char *surface = "";

	for (size_t i = 0; i < backends.count && i < NAMES_MAX; i++) {
		surface = arena_printf(analysis->arena, "%s%s%s", surface, i == 0 ? "" : "; ",
		                       loot_text(analysis, backends.vms[i]));
	}
	if (backends.count > NAMES_MAX) {
		surface = arena_printf(analysis->arena, "%s; and %zu more", surface,
		                       backends.count - NAMES_MAX);
	}
	const char *centre = vm_name_of(analysis, pattern->members.vms[0]);

	pattern->question =
		backends.count == 2
			? arena_printf(analysis->arena, "hold both backends of %s", centre)
			: arena_printf(analysis->arena, "hold all %zu backends of %s",
	                               backends.count, centre);
	pattern->falls = takeover_falls(questions->graph, backends, backends);
	pattern->surface = surface;
}

static void answer_chain(const struct pattern_questions *questions, struct pattern *pattern)
{
	const struct analysis *analysis = questions->analysis;
	size_t count = pattern->members.count;
	uint32_t first = pattern->members.vms[0];
	uint32_t last = pattern->members.vms[count - 1];

	shortest_run(questions->shortest, questions->graph, &first, 1, 1);
	uint32_t falls = questions->shortest->to[last].falls;

	pattern->falls = (struct falls_range){falls, falls};
	pattern->question = arena_printf(analysis->arena, "get through %s to %s",
	                                 vm_name_of(analysis, first), vm_name_of(analysis, last));
	pattern->surface =
		falls == count
			? arena_printf(analysis->arena, "each tier must be traversed: %s",
	                               vm_list_text(analysis, &pattern->members, NAMES_MAX))
			: arena_printf(analysis->arena, "%zu tiers, of which %zu come at no cost",
	                               count, count - falls);
}

static void answer_mesh(const struct pattern_questions *questions, struct pattern *pattern)
{
	const struct analysis *analysis = questions->analysis;
	size_t count = pattern->members.count;
	size_t sources = sample_of(count);
	struct tenant_ways ways = {.falls = FALLS_NEVER, .named = ""};
	const bool whole = find_near(questions, &pattern->members, &ways) == count;
	struct falls_range range = {ways.falls, 0};

	for (size_t i = 0; i < sources; i++) {
		shortest_run(questions->shortest, questions->graph, &pattern->members.vms[i], 1, 1);
		for (size_t j = 0; j < count; j++) {
			uint32_t falls = questions->shortest->to[pattern->members.vms[j]].falls;

			if (j != i) {
				range.least = falls < range.least ? falls : range.least;
				range.most = falls > range.most ? falls : range.most;
			}
		}
	}
	pattern->falls = range;
	pattern->question = "get from one member to another";
	pattern->surface =
		sources == count
			? "only connected peers; others through them"
			: arena_printf(analysis->arena,
	                               "only connected peers; the %s from %zu of %zu "
	                               "members",
	                               whole ? "most is that" : "range is that", sources, count);
}

static void (*const answers[PATTERN_KIND_COUNT])(const struct pattern_questions *questions,
                                                 struct pattern *pattern) = {
	[PATTERN_HOST] = answer_host,         [PATTERN_PAIR] = answer_device,
	[PATTERN_BACKENDS] = answer_backends, [PATTERN_SHARED] = answer_shared,
	[PATTERN_CHAIN] = answer_chain,       [PATTERN_MESH] = answer_mesh,
};

/* The same on a single host, which has all hardware: to hold it, or the last tier as its guest. */
static uint32_t ask_single_host(const struct pattern_questions *questions,
                                const struct pattern *pattern)
{
	bool guest = pattern->kind == PATTERN_CHAIN || pattern->kind == PATTERN_MESH;
	uint32_t host = questions->analysis->graph->vm_count;
	uint32_t last = pattern->members.vms[pattern->members.count - 1];

	return questions->single_host->to[guest ? last : host].falls;
}

void pattern_answer(const struct pattern_questions *questions, struct pattern *pattern)
{
	struct pattern_questions hypothetical = *questions;
	struct pattern confined = *pattern;

	answers[pattern->kind](questions, pattern);
	pattern->falls_confined = pattern->falls;
	if (questions->confined != questions->graph) {
		hypothetical.graph = questions->confined;
		hypothetical.near = questions->near_confined;
		answers[pattern->kind](&hypothetical, &confined);
		pattern->falls_confined = confined.falls;
	}
	pattern->single_host_falls = ask_single_host(questions, pattern);
}
