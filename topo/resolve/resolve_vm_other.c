/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings of a VM by names that are none of its attributes: what CAmkES gives to every component has no
 * meaning here, what is left was spelled wrongly.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"

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

#define WITHOUT_MEANING_COUNT (ARRAY_COUNT(without_meaning))

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

	for (size_t i = 0; i < ARRAY_COUNT(interface_endings); i++) {
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

static void consider_names(struct suggest *suggest, enum attribute_place place)
{
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const char *older = vm_attribute_older(i, place);

		if (vm_attribute_stands(i, place)) {
			suggest_consider(suggest, vm_attribute_row(i)->name);
		}
		if (older != NULL) {
			suggest_consider(suggest, older);
		}
	}
}

/* What other tools call it, with what stands for it here. */
static const struct {
	const char *word;
	const char *here;
} elsewhere[] = {
	{"cpus", "num_vcpus is how many virtual CPUs it has"},
	{"depends_on", "a VM waits by itself for those that serve it"},
	{"disks",
         "a blk device of a connection is a disk: vm_virtio_devices of the VM that serves it"},
	{"entrypoint", "command is the program that it runs"},
	{"environment", "env = [\"NAME=VALUE\"] is the environment of its command"},
	{"healthcheck", "health = { command: […] } is asked whether it is healthy"},
	{"hostname", "vm_name is what people and the VM see"},
	{"image",
         "vm_image_config = { rootfs: \"…\" } takes a directory, a tar or a container image"},
	{"initrd", "vm_image_config = { initrd_name: \"…\" }"},
	{"initrd_name", "vm_image_config = { initrd_name: \"…\" }"},
	{"kernel", "vm_image_config = { kernel_name: \"…\" }"},
	{"kernel_name", "vm_image_config = { kernel_name: \"…\" }"},
	{"mem_limit", "ram_size is its RAM"},
	{"memory", "ram_size is its RAM"},
	{"networks",
         "a net device of a connection is a network: vm_virtio_devices of the VM that serves it"},
	{"packages", "vm_image_config = { packages: […] }"},
	{"ports",
         "`topo port VM 8080:80` leads a port in; for good, forward of a network function in "
         "system.machine does"},
	{"rootfs", "vm_image_config = { rootfs: \"…\" }"},
	{"vcpus", "num_vcpus is how many virtual CPUs it has"},
	{"volumes",
         "files = [{ from: \"…\", to: \"…\" }] puts files in; what is to stay lies on a disk that it "
         "is served"},
	{"working_dir", "workdir is the directory of its command"},
};

static bool help_from_elsewhere(struct resolver *resolver, const char *word)
{
	for (size_t i = 0; i < ARRAY_COUNT(elsewhere); i++) {
		if (strcmp(elsewhere[i].word, word) == 0) {
			diag_help(resolver->diag, "%s", elsewhere[i].here);
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
	if (help_from_elsewhere(resolver, setting->attribute.text)) {
		return;
	}
	if (diag_shows(resolver->diag)) {
		consider_names(&suggest, ATTRIBUTE_ALONE);
	}
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(resolver->diag, "`topo explain --list` lists the attributes of a VM");
	}
}

void resolve_vm_other(struct resolver *resolver, struct instance *instance,
                      const struct ast_setting *setting)
{
	if (is_without_meaning(instance, setting->attribute.text)) {
		resolve_ignore_setting(resolver, instance, setting);
	} else {
		unknown_attribute(resolver, setting);
	}
}

/* Keys that are read and have no meaning. */
static const char *const obsolete_keys[] = {"ram_offset", "linux_ram_offset", "initrd_max_size"};

#define OBSOLETE_KEY_COUNT (ARRAY_COUNT(obsolete_keys))

void resolve_vm_other_key(struct resolver *resolver, const struct name *key)
{
	struct suggest suggest = suggest_start(key->text);

	consider_names(&suggest, ATTRIBUTE_KEY);
	for (size_t i = 0; i < OBSOLETE_KEY_COUNT; i++) {
		if (strcmp(obsolete_keys[i], key->text) == 0) {
			return;
		}
		suggest_consider(&suggest, obsolete_keys[i]);
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, key->place,
	                "vm_address_config has no '%s'", key->text) &&
	    suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}
