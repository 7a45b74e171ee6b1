/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading attributes of a VM: by the rows of topo/model/vm_attributes.h, or by a function of their
 * own; and the names of those that CAmkES systems set and that have no meaning here.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/utf8.h"
#include "topo/resolve/resolve_internal.h"

typedef void set_attribute(struct resolver *resolver, size_t vm, const struct value *value);

static struct vm *vm_at(const struct resolver *resolver, size_t vm)
{
	return &resolver->topology->model.vms[vm];
}

static void mark(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                 struct place place)
{
	resolver->topology->vm_origins[vm].given[attribute] = place;
}

/* What could not be read since there were @errors is not to be compared with anything. */
static void note_failure(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                         size_t errors)
{
	if (diag_count(resolver->diag, SEVERITY_ERROR) != errors) {
		resolver->topology->vm_origins[vm].failed[attribute] = true;
	}
}

/* A number in the range of @attribute. */
static bool read_number(struct resolver *resolver, enum vm_attribute attribute,
                        const struct value *value, uint64_t *out)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);

	if (!value_number(&resolver->evaluator, value, row->name, out)) {
		return false;
	}
	if (*out > row->maximum) {
		diag_error(resolver->diag, value->place, "%s is at most %llu, not %llu", row->name,
		           (unsigned long long)row->maximum, (unsigned long long)*out);
		return false;
	}
	return true;
}

/* Names go into file names, command lines and the kernel's tables. */
static bool good_name(const char *name)
{
	size_t bytes = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "_-.");

	return bytes > 0 && bytes < 32 && name[bytes] == '\0' && name[0] != '.' && name[0] != '-';
}

static void set_name(struct resolver *resolver, size_t vm, const struct value *value)
{
	const char *name = NULL;

	if (!value_string(&resolver->evaluator, value, "vm_name", &name)) {
		return;
	}
	if (!good_name(name)) {
		rule_report(resolver->rules, &rule_vm_name_form, value->place,
		            "'%s' cannot be the name of a VM", name);
		diag_help(resolver->diag,
		          "a name has 1 to 31 letters, digits and _ - . and does not "
		          "begin with - or .");
		return;
	}
	vm_at(resolver, vm)->name = name;
}

static void set_num_vcpus(struct resolver *resolver, size_t vm, const struct value *value)
{
	uint64_t count = 0;

	if (!value_number(&resolver->evaluator, value, "num_vcpus", &count)) {
		return;
	}
	if (count == 0 || count > PV_DOMAIN_VCPUS_MAX) {
		if (rule_report(resolver->rules, &rule_limit_vcpus, value->place,
		                "a VM has 1 to %u vCPUs, not %llu", PV_DOMAIN_VCPUS_MAX,
		                (unsigned long long)count)) {
			diag_help(resolver->diag, "divide the work among several VMs");
		}
		return;
	}
	vm_at(resolver, vm)->vcpu_count = (uint32_t)count;
}

static void set_one_affinity(struct resolver *resolver, size_t vm, size_t vcpu,
                             const struct value *value)
{
	uint64_t cpu = 0;

	if (read_number(resolver, VM_AFFINITY, value, &cpu)) {
		vm_at(resolver, vm)->affinity[vcpu] = (int32_t)cpu;
	}
}

static void set_affinity(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind != VALUE_LIST) {
		set_one_affinity(resolver, vm, 0, value);
		return;
	}
	if (value->of.list.count > PV_DOMAIN_VCPUS_MAX) {
		diag_error(resolver->diag, value->of.list.items[PV_DOMAIN_VCPUS_MAX].place,
		           "_affinity names a physical CPU for each vCPU, and a VM has at most %u",
		           PV_DOMAIN_VCPUS_MAX);
		return;
	}
	struct vm_origin *origin = &resolver->topology->vm_origins[vm];

	origin->affinity_count = value->of.list.count;
	for (size_t i = 0; i < value->of.list.count; i++) {
		origin->affinity_places[i] = value->of.list.items[i].place;
		set_one_affinity(resolver, vm, i, &value->of.list.items[i]);
	}
}

/* In CAmkES the priority of the VMM's other threads: _priority goes before it. */
static void set_base_prio(struct resolver *resolver, size_t vm, const struct value *value)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[vm];
	uint64_t priority = 0;

	if (read_number(resolver, VM_BASE_PRIO, value, &priority) &&
	    !vm_given(origin, VM_PRIORITY)) {
		vm_at(resolver, vm)->priority = (uint32_t)priority;
		mark(resolver, vm, VM_PRIORITY, value->place);
	}
}

static void set_ram_size(struct resolver *resolver, size_t vm, const struct value *value)
{
	uint64_t bytes = 0;

	if (!value_size(&resolver->evaluator, value, "ram_size", &bytes)) {
		return;
	}
	if (bytes == 0) {
		diag_error(resolver->diag, value->place, "a VM needs RAM");
		return;
	}
	vm_at(resolver, vm)->ram_bytes = bytes;
}

/* CAmkES' own default is "-1": where the kernel's header says. */
static void set_kernel_entry(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind == VALUE_STRING && strcmp(value->of.string.text, "-1") == 0) {
		return;
	}
	value_number(&resolver->evaluator, value, "kernel_entry_addr",
	             &vm_at(resolver, vm)->kernel_entry);
}

static void set_devices(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "vm_virtio_devices is a list, not %s",
		           value_kind_name(value->kind));
		return;
	}
	resolver->device_lists[vm] = *value;
}

static void set_drivers(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "vm_virtio_drivers is a list, not %s",
		           value_kind_name(value->kind));
		return;
	}
	resolver->driver_lists[vm] = *value;
}

/* topo chooses the physical address. */
static void set_paddr_base(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_number(&resolver->evaluator, value, "ram_paddr_base",
	             &resolver->topology->vm_origins[vm].ram_paddr_base);
}

static set_attribute set_address_config;

/* Attributes that are more than a number, a truth or a text. */
static set_attribute *const own_readers[VM_ATTRIBUTE_COUNT] = {
	[VM_NAME] = set_name,
	[VM_NUM_VCPUS] = set_num_vcpus,
	[VM_AFFINITY] = set_affinity,
	[VM_BASE_PRIO] = set_base_prio,
	[VM_ADDRESSES] = set_address_config,
	[VM_RAM_SIZE] = set_ram_size,
	[VM_RAM_PADDR] = set_paddr_base,
	[VM_KERNEL_ENTRY] = set_kernel_entry,
	[VM_IMAGE] = resolve_image_config,
	[VM_FILES] = resolve_files,
	[VM_COMMAND] = resolve_command,
	[VM_ENV] = resolve_env,
	[VM_WORKDIR] = resolve_workdir,
	[VM_USER] = resolve_user,
	[VM_HEALTH] = resolve_health,
	[VM_PCI] = resolve_pci_devices,
	[VM_UNTYPED_MMIOS] = resolve_untyped_mmios,
	[VM_MMIOS] = resolve_mmios,
	[VM_IRQS] = resolve_irqs,
	[VM_DTB] = resolve_dtb,
	[VM_MAY_RESTART] = resolve_may_restart,
	[VM_VIRTIO_DEVICES] = set_devices,
	[VM_VIRTIO_DRIVERS] = set_drivers,
};

/* "high" or "low": the last first. */
static const char *words_text(struct arena *arena, const char *const *words)
{
	const char *text = "";

	for (size_t i = 1; words[i] != NULL; i++) {
		text = arena_printf(arena, "\"%s\"%s%s", words[i],
		                    i == 1   ? ""
		                    : i == 2 ? " or "
		                             : ", ",
		                    text);
	}
	return text;
}

static void set_word(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                     const struct value *value)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, row->name, &text)) {
		return;
	}
	for (size_t i = 1; row->words[i] != NULL; i++) {
		if (strcmp(row->words[i], text) == 0) {
			vm_attribute_set_number(attribute, vm_at(resolver, vm), i);
			return;
		}
	}
	diag_error(resolver->diag, value->place, "%s is %s, not \"%s\"", row->name,
	           words_text(resolver->arena, row->words), text);
}

/* A text with a bound is one that people see: docs/language.md, rule text-form. */
static void check_text(struct resolver *resolver, const struct vm_attribute_row *row,
                       const char *text, struct place place)
{
	size_t bytes = strlen(text);
	struct utf8_look look;

	if (bytes > row->maximum) {
		rule_report(resolver->rules, &rule_text_form, place,
		            "%s has at most %llu bytes, not %zu", row->name,
		            (unsigned long long)row->maximum, bytes);
		return;
	}
	for (size_t at = 0; at < bytes; at += look.bytes) {
		utf8_look_at(text + at, bytes - at, &look);
		if (look.text != NULL) {
			rule_report(resolver->rules, &rule_text_form, place,
			            "%s holds what does not show: %s", row->name, look.text);
			return;
		}
	}
}

static void set_text(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                     const struct value *value)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, row->name, &text)) {
		return;
	}
	if (row->maximum != 0) {
		check_text(resolver, row, text, value->place);
	}
	vm_attribute_set_text(attribute, vm_at(resolver, vm), text);
}

static void set_by_kind(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                        const struct value *value)
{
	struct evaluator *evaluator = &resolver->evaluator;
	const struct vm_attribute_row *row = vm_attribute_row(attribute);
	uint64_t number = 0;
	bool truth = false;
	bool numeric = false;

	switch (row->kind) {
	case ATTRIBUTE_NUMBER:
		numeric = read_number(resolver, attribute, value, &number);
		break;
	case ATTRIBUTE_ADDRESS:
		numeric = value_number(evaluator, value, row->name, &number);
		break;
	case ATTRIBUTE_SIZE:
		numeric = value_size(evaluator, value, row->name, &number);
		break;
	case ATTRIBUTE_TRUTH:
		numeric = value_bool(evaluator, value, row->name, &truth);
		number = truth ? 1 : 0;
		break;
	case ATTRIBUTE_STRING:
		set_text(resolver, vm, attribute, value);
		break;
	case ATTRIBUTE_WORD:
		set_word(resolver, vm, attribute, value);
		break;
	case ATTRIBUTE_OWN:
		break;
	}
	if (numeric) {
		vm_attribute_set_number(attribute, vm_at(resolver, vm), number);
	}
}

static void set_attribute_of(struct resolver *resolver, size_t vm, enum vm_attribute attribute,
                             const struct value *value)
{
	size_t errors = diag_count(resolver->diag, SEVERITY_ERROR);

	mark(resolver, vm, attribute, value->place);
	if (own_readers[attribute] != NULL) {
		own_readers[attribute](resolver, vm, value);
	} else {
		set_by_kind(resolver, vm, attribute, value);
	}
	note_failure(resolver, vm, attribute, errors);
}

void resolve_vm_setting(struct resolver *resolver, struct instance *instance,
                        const struct ast_setting *setting)
{
	enum vm_attribute attribute = vm_attribute_find(setting->attribute.text, ATTRIBUTE_ALONE);

	if (attribute == VM_ATTRIBUTE_COUNT) {
		resolve_vm_other(resolver, instance, setting);
		return;
	}
	struct value value = eval_expression(&resolver->evaluator, setting->value);

	if (value.kind != VALUE_BAD) {
		set_attribute_of(resolver, instance->vm, attribute, &value);
	} else {
		mark(resolver, instance->vm, attribute, setting->attribute.place);
		resolver->topology->vm_origins[instance->vm].failed[attribute] = true;
	}
}

/* vm_address_config: a dict of what may be given by itself too. */

static void set_address_entry(struct resolver *resolver, size_t vm, const struct value_entry *entry)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[vm];
	enum vm_attribute attribute = vm_attribute_find(entry->key.text, ATTRIBUTE_KEY);

	if (attribute == VM_ATTRIBUTE_COUNT) {
		resolve_vm_other_key(resolver, &entry->key);
		return;
	}
	if (vm_given(origin, attribute)) {
		rule_report(resolver->rules, &rule_setting_twice, entry->key.place,
		            "%s is given twice", entry->key.text);
		diag_note(resolver->diag, origin->given[attribute], "first given here");
	}
	set_attribute_of(resolver, vm, attribute, &entry->value);
}

static void set_address_config(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind != VALUE_DICT) {
		diag_error(resolver->diag, value->place, "vm_address_config is a dict, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "{ ram_base: 0x40000000, ram_size: \"256M\" }");
		return;
	}
	for (size_t i = 0; i < value->of.dict.count; i++) {
		set_address_entry(resolver, vm, &value->of.dict.entries[i]);
	}
}
