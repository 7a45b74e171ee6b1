/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving, from the outside in: component types, instances and which of them are VMs, settings
 * and what they belong to. Connections, attributes and devices have files of their own.
 */
#include <ctype.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/diag/source.h"
#include "topo/model/board.h"
#include "topo/resolve/resolve_internal.h"

#define IGNORED_SHOWN_MAX 16U
#define INSTANCES_MAX 65536U

/* Types and connectors. */

static void collect_types(struct resolver *resolver)
{
	const struct resolve_input *input = resolver->input;

	for (size_t i = 0; i < input->component_count; i++) {
		const struct ast_component *type = input->components[i];
		void **slot =
			strmap_slot(&resolver->types, type->name.text, strlen(type->name.text));
		const struct ast_component *before = *slot;

		if (before != NULL && !before->shipped && !type->shipped) {
			rule_report(resolver->rules, &rule_component_twice, type->name.place,
			            "component '%s' is declared twice", type->name.text);
			diag_note(resolver->diag, before->name.place, "first declared here");
		}
		/* The user's own declarations come first and win. */
		if (before == NULL) {
			*slot = arena_alloc(resolver->arena, sizeof(struct ast_component));
			*(struct ast_component *)*slot = *type;
		}
	}
	for (size_t i = 0; i < input->connector_count; i++) {
		strmap_set(&resolver->connectors, input->connectors[i].text, resolver);
	}
}

static bool has_attribute(const struct ast_component *type, const char *name)
{
	for (size_t i = 0; type != NULL && i < type->attribute_count; i++) {
		if (strcmp(type->attributes[i].name.text, name) == 0) {
			return true;
		}
	}
	return false;
}

/* "vm", or that and a name or number behind it. */
static bool is_vm_name(const char *name)
{
	return strncmp(name, "vm", 2) == 0 && strcmp(name, "vm_") != 0;
}

/*
 * Whether the type is a VM's: topo's own, one that VM_INIT_DEF made, or VM0, VM1, … that the
 * macros of deployed systems name and nobody declares.
 */
static bool is_vm_type(const struct ast_component *type, const char *name)
{
	if (type != NULL) {
		return has_attribute(type, "num_vcpus") || strcmp(name, "VM") == 0;
	}
	return strncmp(name, "VM", 2) == 0;
}

static void unknown_type(struct resolver *resolver, const struct name *type)
{
	struct suggest suggest = suggest_start(type->text);

	if (!rule_report(resolver->rules, &rule_component_unknown, type->place,
	                 "no component '%s' is declared", type->text)) {
		return;
	}
	for (size_t i = 0; i < resolver->types.capacity; i++) {
		if (resolver->types.entries[i].key != NULL) {
			suggest_consider(&suggest, resolver->types.entries[i].key);
		}
	}
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(resolver->diag, "a VM is declared as: component VM vm_NAME;");
	}
}

/* Instances. */

static void add_vm(struct resolver *resolver, struct instance *instance)
{
	struct model *model = &resolver->topology->model;
	const struct name *name = &instance->ast->name;
	struct vm *vm = &model->vms[model->vm_count];

	instance->vm = model->vm_count++;
	vm->instance = name->text;
	vm->suffix = resolve_bare_name(name->text);
	vm->name = vm->suffix;
	vm->place = name->place;
	for (size_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		vm->affinity[i] = -1;
	}
}

static void add_instance(struct resolver *resolver, const struct ast_instance *ast)
{
	const struct ast_component *type = ast->inline_type;
	void **slot = strmap_slot(&resolver->by_name, ast->name.text, strlen(ast->name.text));
	const struct instance *before = *slot;

	if (before != NULL) {
		rule_report(resolver->rules, &rule_instance_twice, ast->name.place,
		            "a second instance '%s'", ast->name.text);
		diag_note(resolver->diag, before->ast->name.place, "first given here");
		return;
	}
	if (type == NULL) {
		type = strmap_get(&resolver->types, ast->type.text);
	}
	bool vm = is_vm_type(type, ast->type.text);

	if (type == NULL && !vm) {
		unknown_type(resolver, &ast->type);
		vm = is_vm_name(ast->name.text);
	}
	if (vm && !is_vm_name(ast->name.text)) {
		rule_report(resolver->rules, &rule_instance_name, ast->name.place,
		            "an instance of a VM is named vm_NAME or vm with a number, not '%s'",
		            ast->name.text);
		diag_help(resolver->diag, "macros call vm_%s then: %s", ast->name.text,
		          ast->name.text);
		resolver->rules->lost = true;
		vm = false;
	}
	struct instance *instance = &resolver->instances[resolver->instance_count++];

	*instance = (struct instance){.ast = ast, .type = type, .vm = NOT_A_VM};
	*slot = instance;
	if (vm || (is_vm_name(ast->name.text) && type != NULL && !type->shipped)) {
		add_vm(resolver, instance);
	}
}

/* vm_3 and vm3 are the same to macros. */
static void check_suffixes(struct resolver *resolver)
{
	struct model *model = &resolver->topology->model;
	struct strmap suffixes;

	strmap_init(&suffixes, resolver->arena);
	for (size_t i = 0; i < model->vm_count; i++) {
		struct vm *vm = &model->vms[i];
		void **slot = strmap_slot(&suffixes, vm->suffix, strlen(vm->suffix));
		const struct vm *before = *slot;

		if (before != NULL) {
			rule_report(resolver->rules, &rule_instance_twice, vm->place,
			            "'%s' and '%s' are the same VM to macros, which call it %s",
			            vm->instance, before->instance, vm->suffix);
			diag_note(resolver->diag, before->place, "the other one");
		}
		*slot = vm;
	}
}

static void collect_instances(struct resolver *resolver)
{
	const struct ast_assembly *assembly = resolver->input->assembly;
	struct topology *topology = resolver->topology;
	size_t wanted = assembly->instance_count;
	size_t count = wanted < INSTANCES_MAX ? wanted : INSTANCES_MAX;

	if (wanted > INSTANCES_MAX) {
		diag_error(resolver->diag, assembly->instances[count].name.place,
		           "more than %u component instances", INSTANCES_MAX);
		resolver->rules->lost = true;
	}

	resolver->instances = arena_alloc(resolver->arena, (count + 1) * sizeof(struct instance));
	resolver->device_lists = arena_alloc(resolver->arena, (count + 1) * sizeof(struct value));
	resolver->driver_lists = arena_alloc(resolver->arena, (count + 1) * sizeof(struct value));
	resolver->managed_lists = arena_alloc(resolver->arena, (count + 1) * sizeof(struct value));
	topology->model.vms = arena_alloc(topology->arena, (count + 1) * sizeof(struct vm));
	topology->vm_origins = arena_alloc(topology->arena, (count + 1) * sizeof(struct vm_origin));
	for (size_t i = 0; i < count; i++) {
		add_instance(resolver, &assembly->instances[i]);
	}
	check_suffixes(resolver);
}

/* Settings. */

/* Of two settings of the same thing the user's wins over one of topo's macros. */
static bool is_repeated(struct resolver *resolver, const struct ast_setting *setting)
{
	const char *object = setting->object.text;
	const struct instance *instance = resolve_find_instance(resolver, object);
	const char *key = arena_printf(resolver->arena, "%s.%s",
	                               instance == NULL ? object : instance->ast->name.text,
	                               setting->attribute.text);
	void **slot = strmap_slot(&resolver->settings, key, strlen(key));
	const struct ast_setting **effective = *slot;

	if (effective == NULL) {
		effective = arena_alloc(resolver->arena, sizeof(struct ast_setting *));
		*slot = effective;
	}
	const struct ast_setting *before = *effective;

	if (before == NULL || (before->weak && !setting->weak)) {
		*effective = setting;
		return false;
	}
	if (!setting->weak) {
		rule_report(resolver->rules, &rule_setting_twice, setting->attribute.place,
		            "%s.%s is set twice", object, setting->attribute.text);
		diag_note(resolver->diag, before->attribute.place, "first set here");
	}
	return true;
}

static const struct ast_setting *find_setting(const struct resolver *resolver, const char *object,
                                              const char *attribute)
{
	const struct instance *instance = resolve_find_instance(resolver, object);
	const char *key =
		arena_printf(resolver->arena, "%s.%s",
	                     instance == NULL ? object : instance->ast->name.text, attribute);
	const struct ast_setting *const *found = strmap_get(&resolver->settings, key);

	return found == NULL ? NULL : *found;
}

/* For expressions such as vm_a.ram_size. */
static const struct expr *find_expression(void *context, const struct name *object,
                                          const struct name *attribute)
{
	const struct ast_setting *setting = find_setting(context, object->text, attribute->text);

	return setting == NULL ? NULL : setting->value;
}

void resolve_ignore_setting(struct resolver *resolver, struct instance *instance,
                            const struct ast_setting *setting)
{
	if (setting->weak) {
		return;
	}
	if (instance->ignored_count == 0) {
		instance->ignored = setting->attribute.text;
		instance->ignored_place = setting->attribute.place;
	} else if (instance->ignored_count < IGNORED_SHOWN_MAX) {
		instance->ignored = arena_printf(resolver->arena, "%s, %s", instance->ignored,
		                                 setting->attribute.text);
	} else if (instance->ignored_count == IGNORED_SHOWN_MAX) {
		instance->ignored = arena_printf(resolver->arena, "%s, ...", instance->ignored);
	}
	instance->ignored_count++;
}

static bool is_system(const struct resolver *resolver, const struct ast_setting *setting)
{
	return strcmp(setting->object.text, "system") == 0 &&
	       strmap_get(&resolver->by_name, "system") == NULL;
}

/* A file of a board, which several applications import, may speak of VMs of all of them. */
static bool is_of_other_file(const struct resolver *resolver, const struct name *object)
{
	return strcmp(object->place.file->path, resolver->topology->model.path) != 0 &&
	       !resolve_is_near_instance(resolver, object->text);
}

static void unknown_object(struct resolver *resolver, const struct name *object)
{
	if (is_of_other_file(resolver, object)) {
		/* Nor is it news when what could declare it is lost. */
		if (!resolver->rules->lost && resolve_first_unknown(resolver, object->text)) {
			rule_report(resolver->rules, &rule_no_meaning, object->place,
			            "there is no instance '%s': what is set of it is left out",
			            object->text);
		}
		return;
	}
	if (resolve_first_unknown(resolver, object->text) &&
	    rule_report(resolver->rules, &rule_instance_unknown, object->place,
	                "'%s' is no instance and no connection", object->text)) {
		struct suggest suggest = suggest_start(object->text);

		if (strcmp(object->text, "vm_image_config") == 0 ||
		    strcmp(object->text, "vm_address_config") == 0) {
			diag_help(resolver->diag, "it is set as a whole: VM.%s = { KEY: VALUE }",
			          object->text);
			return;
		}
		suggest_consider(&suggest, "system");
		if (suggest.best == NULL) {
			resolve_suggest_instance(resolver, object->text, NULL);
			return;
		}
		/* It may have said which board it is. */
		diag_help(resolver->diag, "did you mean 'system'?");
		resolver->topology->model.board = board_nameless();
	}
}

/* Servers that CAmkES systems have beside their VMs, whether or not they are declared here. */
static bool is_left_out(const struct resolver *resolver, const char *object)
{
	static const char *const servers[] = {"fserv", "serial", "time_server"};

	for (size_t i = 0; i < ARRAY_COUNT(servers); i++) {
		if (strcmp(servers[i], object) == 0) {
			return true;
		}
	}
	return strmap_get(&resolver->others, object) != NULL;
}

static void apply_setting(struct resolver *resolver, const struct ast_setting *setting)
{
	if (is_system(resolver, setting)) {
		resolve_system_setting(resolver, setting);
		return;
	}
	struct instance *instance = resolve_find_instance(resolver, setting->object.text);

	if (instance == NULL) {
		if (is_left_out(resolver, setting->object.text)) {
			rule_report(resolver->rules, &rule_no_meaning, setting->object.place,
			            "%s.%s has no meaning here and is left out",
			            setting->object.text, setting->attribute.text);
		} else if (!resolve_connection_setting(resolver, setting)) {
			unknown_object(resolver, &setting->object);
		}
	} else if (instance->vm == NOT_A_VM) {
		resolve_ignore_setting(resolver, instance, setting);
	} else {
		resolve_vm_setting(resolver, instance, setting);
	}
}

static void apply_settings(struct resolver *resolver)
{
	const struct ast_assembly *assembly = resolver->input->assembly;
	bool *effective = arena_alloc(resolver->arena, assembly->setting_count + 1);

	for (size_t i = 0; i < assembly->setting_count; i++) {
		effective[i] = !is_repeated(resolver, &assembly->settings[i]);
	}
	/* What is said of the system first: it decides which checks speak. */
	for (size_t i = 0; i < assembly->setting_count; i++) {
		const struct ast_setting *setting = &assembly->settings[i];

		if (is_system(resolver, setting)) {
			if (effective[i]) {
				apply_setting(resolver, setting);
			}
			effective[i] = false;
		}
	}
	for (size_t i = 0; i < assembly->setting_count; i++) {
		const struct ast_setting *setting = &assembly->settings[i];
		const struct ast_setting *last =
			find_setting(resolver, setting->object.text, setting->attribute.text);

		if (effective[i] && last == setting) {
			apply_setting(resolver, setting);
		}
	}
}

static void report_ignored(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->instance_count; i++) {
		const struct instance *instance = &resolver->instances[i];

		if (instance->ignored_count == 0) {
			continue;
		}
		const char *name = instance->ast->name.text;

		if (instance->ignored_count == 1) {
			rule_report(resolver->rules, &rule_no_meaning, instance->ignored_place,
			            "%s.%s has no meaning here and is left out", name,
			            instance->ignored);
		} else {
			rule_report(resolver->rules, &rule_no_meaning, instance->ignored_place,
			            "%zu attributes of %s have no meaning here and are left out: "
			            "%s",
			            instance->ignored_count, name, instance->ignored);
		}
	}
}

/* How many vCPUs there are is known only when all settings are read. */
static void check_affinities(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->topology->model.vm_count; i++) {
		const struct vm *vm = &resolver->topology->model.vms[i];
		const struct vm_origin *origin = &resolver->topology->vm_origins[i];
		size_t count = vm->vcpu_count == 0 ? 1 : vm->vcpu_count;

		/* After another error it may be the number of vCPUs that could not be read. */
		bool unread = vm_given(origin, VM_NUM_VCPUS) ? origin->failed[VM_NUM_VCPUS]
		                                             : diag_failed(resolver->diag);

		if (origin->affinity_count > count && !unread) {
			diag_error(resolver->diag, origin->affinity_places[count],
			           "_affinity names %zu CPUs, and '%s' has %zu vCPU%s",
			           origin->affinity_count, vm->suffix, count,
			           count == 1 ? "" : "s");
			diag_help(resolver->diag, "num_vcpus says how many it has");
		}
	}
}

/* Names are known only when all settings are read. */
static void check_vm_names(struct resolver *resolver)
{
	struct topology *topology = resolver->topology;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		struct vm *vm = &topology->model.vms[i];
		void **slot = strmap_slot(&resolver->vm_names, vm->name, strlen(vm->name));
		struct vm *before = *slot;

		resolve_check_log_name(resolver, i);
		/* Equal suffixes were reported already. */
		if (before != NULL && strcmp(before->suffix, vm->suffix) != 0) {
			size_t other = (size_t)(before - topology->model.vms);

			rule_report(resolver->rules, &rule_vm_name_twice,
			            vm_place(topology, i, VM_NAME), "two VMs are named '%s'",
			            vm->name);
			diag_note(resolver->diag, vm_place(topology, other, VM_NAME),
			          "the other one is %s", before->instance);
		}
		*slot = vm;
	}
}

static void start(struct resolver *resolver)
{
	struct strmap *maps[] = {
		&resolver->types,    &resolver->connectors, &resolver->by_name, &resolver->vm_names,
		&resolver->settings, &resolver->stems,      &resolver->pairs,   &resolver->controls,
		&resolver->others,   &resolver->unknown,
	};

	for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
		strmap_init(maps[i], resolver->arena);
	}
	resolver->evaluator = (struct evaluator){
		.arena = resolver->arena,
		.diag = resolver->diag,
		.find = find_expression,
		.context = resolver,
		.lacks_text = resolver->input->lacks_text,
		.joined_left = EVAL_JOINED_ALL_MAX,
		.steps_left = EVAL_STEPS_MAX,
	};
}

void resolve(struct topology *topology, const struct resolve_input *input)
{
	struct resolver resolver = {
		.topology = topology,
		.input = input,
		.rules = input->rules,
		.diag = input->rules->diag,
		.arena = topology->arena,
	};

	topology->swiotlb_default = input->swiotlb;
	/* What could not be read may have said which board it is. */
	if (input->board_assumed && input->assembly->unaddressed) {
		topology->model.board = board_nameless();
	}
	start(&resolver);
	collect_types(&resolver);
	collect_instances(&resolver);
	resolve_connections(&resolver);
	resolve_connections_finish(&resolver);
	apply_settings(&resolver);
	check_affinities(&resolver);
	check_vm_names(&resolver);
	resolve_managed(&resolver);
	resolve_machine_finish(topology);
	report_ignored(&resolver);
	resolve_devices(&resolver);
	resolve_machine_files(&resolver);
}
