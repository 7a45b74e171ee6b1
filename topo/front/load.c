/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of the steps from a file to a model, and which files are read. Imported files are
 * preprocessed each by itself, as CAmkES does; topo's macros are there in every one without an
 * #include, and topo's declarations without an import.
 */
#include "topo/front/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topo/base/share.h"
#include "topo/base/strmap.h"
#include "topo/checks/checks.h"
#include "topo/diag/source.h"
#include "topo/language/cpp.h"
#include "topo/language/parse.h"
#include "topo/model/board.h"
#include "topo/resolve/defaults.h"
#include "topo/resolve/read_rules.h"
#include "topo/resolve/resolve.h"

#define OWN_VM_MACROS "configurations/vm.h"
#define OWN_TII_MACROS "configurations/tii/vm.h"
#define OWN_DECLARATIONS "configurations/peervisor.camkes"
#define STANDARD_INPUT "<stdin>" /* what places in it are called */
#define FILES_MAX 1024U

/* Everything that one load needs. */
struct loading {
	struct topology *topology;
	struct arena *arena;
	struct diag *diag;
	const struct load_options *options;
	struct search search;
	const struct source *preludes[3];
	size_t prelude_count;
	struct cpp_budget budget;
	struct strmap loaded; /* paths of files that were read or wait for it */
	const struct source **files;
	size_t file_count;
	const struct ast_component **components;
	size_t component_count;
	const struct ast_component **shipped;
	size_t shipped_count;
	struct name *connectors;
	size_t connector_count;
	struct ast_assembly assembly;
	int64_t swiotlb;
	struct place swiotlb_place;
	bool board_inferred; /* from a directory */
	bool lacks_text;     /* what may define macros could not be read, which was said */
	bool read_whole;     /* without an error of syntax */
};

static void add_file(struct loading *loading, const struct source *source)
{
	void **slot = strmap_slot(&loading->loaded, source->path, strlen(source->path));

	if (*slot == NULL) {
		*slot = loading;
		*ARENA_ADD(loading->arena, loading->files, loading->file_count) = source;
	}
}

/* -D as lines of a file that is read before all others. */
static const struct source *command_line_source(struct loading *loading)
{
	const struct load_options *options = loading->options;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < options->define_count; i++) {
		const char *define = options->defines[i];
		const char *equals = strchr(define, '=');
		int name = equals == NULL ? (int)strlen(define) : (int)(equals - define);

		fprintf(out, "#define %.*s %s\n", name, define, equals == NULL ? "1" : equals + 1);
	}
	fclose(out);
	const struct source *source =
		source_add_text(diag_sources(loading->diag), SOURCE_COMMAND_LINE, text, bytes);

	free(text);
	return source;
}

/* topo's own file; an installation without it is broken. */
static const struct source *own_file(struct loading *loading, const char *name)
{
	const char *why = NULL;
	const char *path = arena_printf(loading->arena, "%s/%s", loading->search.share, name);
	const struct source *source =
		source_read(diag_sources(loading->diag), path, true, PLACE_NONE, &why);

	if (source == NULL) {
		diag_error(loading->diag, PLACE_NONE, "cannot read topo's own file '%s': %s", path,
		           why);
		diag_refuse(loading->diag);
		diag_help(loading->diag, "PEERVISOR_SHARE names the directory where it lies");
	}
	return source;
}

/*
 * Which board a build is for is said by nothing but the directory of the devices that it imports:
 * where that is the directory of a board, it is the board, unless one was named.
 */
static void infer_board(struct loading *loading, const struct source *found)
{
	const char *slash = strrchr(found->directory, '/');
	const struct board *board = board_find(slash == NULL ? found->directory : slash + 1);

	if (loading->options->board == NULL && board != NULL && !found->shipped) {
		loading->topology->model.board = board;
		loading->search.board = board->directory;
		loading->board_inferred = true;
	}
}

static void follow_imports(struct loading *loading, const struct ast_file *file,
                           const struct source *source)
{
	for (size_t i = 0; i < file->import_count; i++) {
		const struct ast_import *import = &file->imports[i];
		const char *why = NULL;
		struct searched searched = {import->path.text, import->beside, source,
		                            import->path.place};
		const struct source *found =
			search_read(&loading->search, diag_sources(loading->diag), loading->arena,
		                    &searched, &why);

		if (found == NULL) {
			loading->lacks_text = true;
			diag_error(loading->diag, import->path.place, "cannot import '%s': %s",
			           import->path.text, why);
			diag_help(loading->diag, "name the directory where it lies by -I DIR");
		} else if (loading->file_count >= FILES_MAX) {
			diag_error(loading->diag, import->path.place,
			           "more than %u files are imported", FILES_MAX);
			return;
		} else {
			infer_board(loading, found);
			add_file(loading, found);
		}
	}
}

static void merge_assembly(struct loading *loading, const struct ast_assembly *from)
{
	struct ast_assembly *to = &loading->assembly;

	/* Most topologies are one file: what it says need not be copied. */
	if (to->instance_count == 0 && to->connection_count == 0 && to->setting_count == 0) {
		bool lost = to->lost || from->lost;
		bool unaddressed = to->unaddressed || from->unaddressed;

		*to = *from;
		to->lost = lost;
		to->unaddressed = unaddressed;
		return;
	}
	for (size_t i = 0; i < from->instance_count; i++) {
		*ARENA_ADD(loading->arena, to->instances, to->instance_count) = from->instances[i];
	}
	for (size_t i = 0; i < from->connection_count; i++) {
		*ARENA_ADD(loading->arena, to->connections, to->connection_count) =
			from->connections[i];
	}
	for (size_t i = 0; i < from->setting_count; i++) {
		*ARENA_ADD(loading->arena, to->settings, to->setting_count) = from->settings[i];
	}
	to->given = to->given || from->given;
	to->lost = to->lost || from->lost;
	to->unaddressed = to->unaddressed || from->unaddressed;
}

static void merge_file(struct loading *loading, const struct ast_file *file)
{
	for (size_t i = 0; i < file->component_count; i++) {
		const struct ast_component *component = file->components[i];

		if (component->shipped) {
			*ARENA_ADD(loading->arena, loading->shipped, loading->shipped_count) =
				component;
		} else {
			*ARENA_ADD(loading->arena, loading->components, loading->component_count) =
				component;
		}
	}
	for (size_t i = 0; i < file->connector_count; i++) {
		*ARENA_ADD(loading->arena, loading->connectors, loading->connector_count) =
			file->connectors[i];
	}
	merge_assembly(loading, &file->assembly);
}

static void read_one(struct loading *loading, const struct source *source, bool first)
{
	struct cpp_options options = {
		.search = &loading->search,
		.preludes = loading->preludes,
		/* topo's own files include what they need. */
		.prelude_count = source->shipped ? 0 : loading->prelude_count,
		.budget = &loading->budget,
	};
	struct cpp *cpp = cpp_new(loading->arena, loading->diag, &options, source);
	const struct ast_file *file = parse_file(cpp, loading->arena, loading->diag);

	if (first) {
		cpp_macro_value(cpp, "VMSWIOTLB", &loading->swiotlb, &loading->swiotlb_place);
	}
	loading->lacks_text = loading->lacks_text || cpp_lacks_text(cpp);
	cpp_free(cpp);
	merge_file(loading, file);
	follow_imports(loading, file, source);
}

/* The user's file, all that it imports, and topo's own declarations last. */
static bool read_files(struct loading *loading, const struct source *source)
{
	const struct source *vm_macros = own_file(loading, OWN_VM_MACROS);
	const struct source *tii_macros = own_file(loading, OWN_TII_MACROS);
	const struct source *declarations = own_file(loading, OWN_DECLARATIONS);
	const struct source *defines = command_line_source(loading);

	if (vm_macros == NULL || tii_macros == NULL || declarations == NULL || defines == NULL) {
		return false;
	}
	loading->preludes[0] = defines;
	loading->preludes[1] = vm_macros;
	loading->preludes[2] = tii_macros;
	loading->prelude_count = 3;
	loading->budget = CPP_BUDGET;
	add_file(loading, source);
	/* When the files have used up all that they may take, no other one can be read any more. */
	for (size_t i = 0;
	     i < loading->file_count && loading->budget.tokens != 0 && loading->budget.text != 0;
	     i++) {
		read_one(loading, loading->files[i], i == 0);
		if (i + 1 == loading->file_count) {
			add_file(loading, declarations);
		}
	}
	return true;
}

static struct rules *set_up_rules(struct loading *loading)
{
	const struct load_options *options = loading->options;
	struct rules *rules = arena_alloc(loading->arena, sizeof(*rules));

	*rules = checks_rules(loading->diag, loading->arena);
	rules->advice = options->advice;
	rules->must_run = options->must_run;
	/* On a board that is not known nothing runs: it can only be analysed. */
	rules->analysis = options->analysis || loading->topology->model.board->unknown;
	for (size_t i = 0; i < options->checks_off_count; i++) {
		rules_switch_off(rules, options->checks_off[i], PLACE_NONE);
	}
	return rules;
}

static bool choose_board(struct loading *loading)
{
	const char *name = loading->options->board;
	const struct board *board = name == NULL ? board_at(0) : board_find(name);

	if (board == NULL) {
		diag_error(loading->diag, PLACE_NONE, "no board is called '%s'", name);
		for (size_t i = 0; board_at(i) != NULL; i++) {
			diag_help(loading->diag, "%s: %s", board_at(i)->name, board_at(i)->title);
		}
		return false;
	}
	loading->topology->model.board = board;
	loading->search.board = board->directory;
	return true;
}

static void resolve_all(struct loading *loading, const struct source *source)
{
	struct topology *topology = loading->topology;

	loading->read_whole = !diag_failed(loading->diag);
	struct rules *rules = set_up_rules(loading);

	topology->rules = rules;
	for (size_t i = 0; i < loading->shipped_count; i++) {
		*ARENA_ADD(loading->arena, loading->components, loading->component_count) =
			loading->shipped[i];
	}
	struct resolve_input input = {
		.components = loading->components,
		.component_count = loading->component_count,
		.connectors = loading->connectors,
		.connector_count = loading->connector_count,
		.assembly = &loading->assembly,
		.find_packages = loading->options->find_packages,
		.board_named = loading->options->board != NULL,
		.rules = rules,
		.board_assumed = loading->options->board == NULL && !loading->board_inferred,
		.lacks_text = loading->lacks_text,
		.swiotlb = loading->swiotlb,
		.swiotlb_place = loading->swiotlb_place,
	};

	size_t errors = diag_count(loading->diag, SEVERITY_ERROR);

	rules->lost = loading->assembly.lost || loading->lacks_text;
	resolve(topology, &input);
	bool whole = loading->read_whole &&
	             diag_count(loading->diag, SEVERITY_ERROR) - errors == rules->errors;

	if (loading->options->cpu_count != 0) {
		topology->model.cpu_count = loading->options->cpu_count;
	}
	if (topology->model.vm_count == 0 && !diag_failed(loading->diag)) {
		diag_error(loading->diag, (struct place){source, 1, 1, 0, NULL},
		           "this topology has no VM");
		diag_help(loading->diag,
		          "assembly { composition { component VM vm_NAME; } } is the smallest one");
	}
	/* What the parser has left out it said before the topology could switch that off. */
	if (rule_is_off(rules, &rule_no_meaning)) {
		diag_take_back(loading->diag, rule_no_meaning.name);
	}
	if (loading->options->without_hardware) {
		resolve_leave_out_media(rules, topology);
	}
	defaults_fill(topology);
	resolve_ram_ranges(topology);
	if (loading->options->without_hardware) {
		resolve_leave_out_hardware(rules, topology);
	}
	checks_run(rules, topology, whole);
}

static const char *base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t bytes = strlen(name);
	size_t end = strlen(".camkes");

	if (strcmp(path, STANDARD_INPUT) == 0) {
		return "stdin";
	}
	if (bytes > end && strcmp(name + bytes - end, ".camkes") == 0) {
		bytes -= end;
	}
	return arena_copy(arena, name, bytes);
}

struct model *model_load_source(const struct source *source, const struct load_options *options,
                                struct diag *diag)
{
	size_t errors = diag_count(diag, SEVERITY_ERROR);
	struct arena *arena = arena_new();
	struct topology *topology = arena_alloc(arena, sizeof(*topology));
	struct loading loading = {
		.topology = topology,
		.arena = arena,
		.diag = diag,
		.options = options,
		.search = {.directories = options->include_dirs,
	                   .directory_count = options->include_dir_count,
	                   .share = share_directory()},
		.swiotlb = 1,
	};

	topology->arena = arena;
	topology->kernel_configs = arena_alloc(arena, sizeof(*topology->kernel_configs));
	strmap_init(topology->kernel_configs, arena);
	topology->model.path = source->path;
	topology->model.name = base_name(arena, source->path);
	strmap_init(&loading.loaded, arena);
	if (choose_board(&loading) && read_files(&loading, source)) {
		resolve_all(&loading, source);
	}
	if (diag_count(diag, SEVERITY_ERROR) != errors) {
		arena_free(arena);
		return NULL;
	}
	return &topology->model;
}

struct model *model_load(const char *path, const struct load_options *options, struct diag *diag)
{
	const char *why = NULL;
	const struct source *source =
		strcmp(path, "-") == 0
			? source_read_stream(diag_sources(diag), STANDARD_INPUT, STDIN_FILENO, &why)
			: source_read_given(diag_sources(diag), path, &why);

	if (source == NULL) {
		diag_error(diag, PLACE_NONE, "cannot read '%s': %s", path, why);
		diag_refuse(diag);
		return NULL;
	}
	return model_load_source(source, options, diag);
}

bool model_agreed(const struct model *model)
{
	const struct rules *rules = topology_of(model)->rules;
	bool agreed = !rules->refused;

	for (size_t i = 0; i < rules->count; i++) {
		agreed = agreed && (!rules->off[i] || rules->all[i]->severity == SEVERITY_ADVICE);
	}
	return agreed;
}

void model_free(struct model *model)
{
	if (model != NULL) {
		arena_free(topology_of(model)->arena);
	}
}
