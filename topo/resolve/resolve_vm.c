/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes of a VM: one row for each that has a meaning, and the names of those that CAmkES
 * systems set and that have none here.
 */
#include <string.h>

#include "topo/base/suggest.h"
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
	if (attribute != VM_ATTRIBUTE_COUNT &&
	    diag_count(resolver->diag, SEVERITY_ERROR) != errors) {
		resolver->topology->vm_origins[vm].failed[attribute] = true;
	}
}

/* A number of at most @limit. */
static bool number_up_to(struct resolver *resolver, const struct value *value, const char *what,
                         uint64_t limit, uint64_t *out)
{
	if (!value_number(&resolver->evaluator, value, what, out)) {
		return false;
	}
	if (*out > limit) {
		diag_error(resolver->diag, value->place, "%s is at most %llu, not %llu", what,
		           (unsigned long long)limit, (unsigned long long)*out);
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

	if (number_up_to(resolver, value, "_affinity", INT32_MAX, &cpu)) {
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

static void set_priority(struct resolver *resolver, size_t vm, const struct value *value)
{
	uint64_t priority = 0;

	if (number_up_to(resolver, value, "_priority", 255, &priority)) {
		vm_at(resolver, vm)->priority = (uint32_t)priority;
	}
}

/* In CAmkES the priority of the VMM's other threads: _priority goes before it. */
static void set_base_prio(struct resolver *resolver, size_t vm, const struct value *value)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[vm];
	uint64_t priority = 0;

	if (number_up_to(resolver, value, "base_prio", 255, &priority) &&
	    !vm_given(origin, VM_PRIORITY)) {
		vm_at(resolver, vm)->priority = (uint32_t)priority;
		mark(resolver, vm, VM_PRIORITY, value->place);
	}
}

static void set_budget(struct resolver *resolver, size_t vm, const struct value *value)
{
	uint64_t us = 0;

	if (number_up_to(resolver, value, "_budget", UINT32_MAX, &us)) {
		vm_at(resolver, vm)->budget_us = (uint32_t)us;
	}
}

static void set_period(struct resolver *resolver, size_t vm, const struct value *value)
{
	uint64_t us = 0;

	if (number_up_to(resolver, value, "_period", UINT32_MAX, &us)) {
		vm_at(resolver, vm)->period_us = (uint32_t)us;
	}
}

static void set_ram_base(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_number(&resolver->evaluator, value, "ram_base", &vm_at(resolver, vm)->ram_base);
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

static void set_dtb_addr(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_number(&resolver->evaluator, value, "dtb_addr", &vm_at(resolver, vm)->dtb_addr);
}

static void set_initrd_addr(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_number(&resolver->evaluator, value, "initrd_addr", &vm_at(resolver, vm)->initrd_addr);
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

static void set_trust(struct resolver *resolver, size_t vm, const struct value *value)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "trust", &text)) {
		return;
	}
	if (strcmp(text, "high") == 0) {
		vm_at(resolver, vm)->trust = TRUST_HIGH;
	} else if (strcmp(text, "low") == 0) {
		vm_at(resolver, vm)->trust = TRUST_LOW;
	} else {
		diag_error(resolver->diag, value->place, "trust is \"high\" or \"low\", not \"%s\"",
		           text);
	}
}

static void set_smc(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_bool(&resolver->evaluator, value, "allow_smc", &vm_at(resolver, vm)->smc);
}

static void set_exposed(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_bool(&resolver->evaluator, value, "exposed", &vm_at(resolver, vm)->exposed);
}

static void set_asset(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_string(&resolver->evaluator, value, "asset", &vm_at(resolver, vm)->asset);
}

static set_attribute set_address_config;

/* The dicts of addresses hold several attributes and mark each. */
static const struct {
	const char *name;
	enum vm_attribute attribute; /* VM_ATTRIBUTE_COUNT: the function marks what was given */
	set_attribute *set;
} attributes[] = {
	{"vm_name", VM_NAME, set_name},
	{"num_vcpus", VM_NUM_VCPUS, set_num_vcpus},
	{"_affinity", VM_AFFINITY, set_affinity},
	{"_priority", VM_PRIORITY, set_priority},
	{"base_prio", VM_ATTRIBUTE_COUNT, set_base_prio},
	{"_budget", VM_BUDGET, set_budget},
	{"_period", VM_PERIOD, set_period},
	{"ram_base", VM_RAM_BASE, set_ram_base},
	{"ram_size", VM_RAM_SIZE, set_ram_size},
	{"vm_address_config", VM_ATTRIBUTE_COUNT, set_address_config},
	{"linux_address_config", VM_ATTRIBUTE_COUNT, set_address_config},
	{"vm_image_config", VM_IMAGE, resolve_image_config},
	{"linux_image_config", VM_IMAGE, resolve_image_config},
	{"vm_virtio_devices", VM_VIRTIO_DEVICES, set_devices},
	{"vm_virtio_drivers", VM_VIRTIO_DRIVERS, set_drivers},
	{"vm_virtio_device_channels", VM_VIRTIO_DEVICES, set_devices},
	{"vm_virtio_driver_channels", VM_VIRTIO_DRIVERS, set_drivers},
	{"mmios", VM_MMIOS, resolve_mmios},
	{"untyped_mmios", VM_MMIOS, resolve_untyped_mmios},
	{"pci_devices", VM_PCI, resolve_pci_devices},
	{"irqs", VM_IRQS, resolve_irqs},
	{"dtb_irqs", VM_IRQS, resolve_irqs},
	{"dtb", VM_DTB, resolve_dtb},
	{"allow_smc", VM_SMC, set_smc},
	{"trust", VM_TRUST, set_trust},
	{"exposed", VM_EXPOSED, set_exposed},
	{"asset", VM_ASSET, set_asset},
};

#define ATTRIBUTE_ROWS (sizeof(attributes) / sizeof(attributes[0]))

/* What CAmkES systems say of the seL4 objects behind a VM: topo lays out its own. */
static const char *const without_meaning[] = {
	"_domain",
	"_stack_size",
	"affinity",
	"allowed_smc_functions",
	"asid_pool",
	"batch_shmem_size",
	"clean_cache",
	"cnode_size_bits",
	"cross_connector_large_pages",
	"extra_frame_map_address",
	"fs_shmem_size",
	"global_endpoint_base",
	"guest_large_pages",
	"heap_size",
	"init_topology",
	"num_extra_frame_caps",
	"pci_config",
	"pl011",
	"plat_keep_devices",
	"plat_keep_devices_and_subtree",
	"priority",
	"ramoops_base",
	"ramoops_size",
	"sem_value",
	"serial_getchar_shmem_size",
	"serial_layout",
	"simple",
	"smmu",
	"tcb_pool",
	"tcb_pool_domains",
	"tk1_insecure",
	"tracebuffer_base",
	"tracebuffer_size",
};

#define WITHOUT_MEANING_COUNT (sizeof(without_meaning) / sizeof(without_meaning[0]))

/* What CAmkES knows of each interface, thread and semaphore of a component: NAME_priority, … */
static const char *const interface_endings[] = {
	"_affinity",   "_attributes",      "_badge",
	"_budget",     "_domain",          "_hardware_attributes",
	"_id",         "_max_budget",      "_period",
	"_priority",   "_sc_size_bits",    "_shmem_size",
	"_stack_size", "_value",           "_pool",
	"_size",       "_hardware_cached", "_cached",
	"_access",     "_paddr",           "_generate_interrupts",
};

static bool is_of_interface(const char *name)
{
	size_t bytes = strlen(name);

	for (size_t i = 0; i < sizeof(interface_endings) / sizeof(interface_endings[0]); i++) {
		size_t end = strlen(interface_endings[i]);

		if (bytes > end && strcmp(name + bytes - end, interface_endings[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_without_meaning(const struct instance *instance, const char *name)
{
	if (is_of_interface(name)) {
		return true;
	}
	for (size_t i = 0; i < WITHOUT_MEANING_COUNT; i++) {
		if (strcmp(without_meaning[i], name) == 0) {
			return true;
		}
	}
	/* What the user's own component declares, CAmkES would accept. */
	for (size_t i = 0; instance->type != NULL && i < instance->type->attribute_count; i++) {
		if (strcmp(instance->type->attributes[i].name.text, name) == 0) {
			return true;
		}
	}
	return false;
}

static void unknown_attribute(struct resolver *resolver, const struct ast_setting *setting)
{
	struct suggest suggest = suggest_start(setting->attribute.text);

	if (!rule_report(resolver->rules, &rule_unknown_attribute, setting->attribute.place,
	                 "a VM has no attribute '%s'", setting->attribute.text)) {
		return;
	}
	for (size_t i = 0; i < ATTRIBUTE_ROWS && diag_shows(resolver->diag); i++) {
		suggest_consider(&suggest, attributes[i].name);
	}
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(resolver->diag, "docs/language.md lists the attributes of a VM");
	}
}

void resolve_vm_setting(struct resolver *resolver, struct instance *instance,
                        const struct ast_setting *setting)
{
	size_t row = 0;

	while (row < ATTRIBUTE_ROWS && strcmp(attributes[row].name, setting->attribute.text) != 0) {
		row++;
	}
	if (row == ATTRIBUTE_ROWS) {
		if (is_without_meaning(instance, setting->attribute.text)) {
			resolve_ignore_setting(resolver, instance, setting);
		} else {
			unknown_attribute(resolver, setting);
		}
		return;
	}
	size_t errors = diag_count(resolver->diag, SEVERITY_ERROR);
	struct value value = eval_expression(&resolver->evaluator, setting->value);

	if (attributes[row].attribute != VM_ATTRIBUTE_COUNT) {
		mark(resolver, instance->vm, attributes[row].attribute,
		     value.kind == VALUE_BAD ? setting->attribute.place : value.place);
	}
	if (value.kind != VALUE_BAD) {
		attributes[row].set(resolver, instance->vm, &value);
	} else if (attributes[row].attribute != VM_ATTRIBUTE_COUNT) {
		resolver->topology->vm_origins[instance->vm].failed[attributes[row].attribute] =
			true;
	}
	note_failure(resolver, instance->vm, attributes[row].attribute, errors);
}

/* vm_address_config: a dict of what may be given by itself too. */

/* topo chooses the physical address. */
static void set_paddr_base(struct resolver *resolver, size_t vm, const struct value *value)
{
	value_number(&resolver->evaluator, value, "ram_paddr_base",
	             &resolver->topology->vm_origins[vm].ram_paddr_base);
}

static void set_obsolete(struct resolver *resolver, size_t vm, const struct value *value)
{
	(void)resolver;
	(void)vm;
	(void)value;
}

static const struct {
	const char *key;
	enum vm_attribute attribute;
	set_attribute *set;
} address_keys[] = {
	{"ram_base", VM_RAM_BASE, set_ram_base},
	{"ram_size", VM_RAM_SIZE, set_ram_size},
	{"ram_paddr_base", VM_RAM_PADDR, set_paddr_base},
	{"dtb_addr", VM_DTB_ADDR, set_dtb_addr},
	{"initrd_addr", VM_INITRD_ADDR, set_initrd_addr},
	{"kernel_entry_addr", VM_KERNEL_ENTRY, set_kernel_entry},
	{"linux_ram_base", VM_RAM_BASE, set_ram_base},
	{"linux_ram_size", VM_RAM_SIZE, set_ram_size},
	{"linux_ram_paddr_base", VM_RAM_PADDR, set_paddr_base},
	{"linux_ram_offset", VM_ATTRIBUTE_COUNT, set_obsolete},
	{"initrd_max_size", VM_ATTRIBUTE_COUNT, set_obsolete},
};

#define ADDRESS_KEY_COUNT (sizeof(address_keys) / sizeof(address_keys[0]))

static void set_address_entry(struct resolver *resolver, size_t vm, const struct value_entry *entry)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[vm];
	struct suggest suggest = suggest_start(entry->key.text);

	for (size_t i = 0; i < ADDRESS_KEY_COUNT; i++) {
		enum vm_attribute attribute = address_keys[i].attribute;

		suggest_consider(&suggest, address_keys[i].key);
		if (strcmp(address_keys[i].key, entry->key.text) != 0) {
			continue;
		}
		if (attribute != VM_ATTRIBUTE_COUNT) {
			if (vm_given(origin, attribute)) {
				rule_report(resolver->rules, &rule_setting_twice, entry->key.place,
				            "%s is given twice", entry->key.text);
				diag_note(resolver->diag, origin->given[attribute],
				          "first given here");
			}
			mark(resolver, vm, attribute, entry->value.place);
		}
		size_t errors = diag_count(resolver->diag, SEVERITY_ERROR);

		address_keys[i].set(resolver, vm, &entry->value);
		note_failure(resolver, vm, attribute, errors);
		return;
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
	                "vm_address_config has no '%s'", entry->key.text) &&
	    suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
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
