/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of resolving share: resolve.c (types, instances, settings), resolve_connection.c,
 * resolve_vm.c (attributes), resolve_image.c, resolve_hardware.c, resolve_device.c. Nobody else
 * includes this.
 */
#ifndef TOPO_RESOLVE_RESOLVE_INTERNAL_H
#define TOPO_RESOLVE_RESOLVE_INTERNAL_H

#include "topo/base/strmap.h"
#include "topo/language/eval.h"
#include "topo/model/device_options.h"
#include "topo/resolve/read_rules.h"
#include "topo/resolve/resolve.h"

#define NOT_A_VM SIZE_MAX

/* A component instance. */
struct instance {
	const struct ast_instance *ast;
	const struct ast_component *type; /* NULL = topo's own VM */
	size_t vm;                        /* index, or NOT_A_VM */
	const char *ignored;              /* names of settings without a meaning */
	struct place ignored_place;       /* of the first */
	size_t ignored_count;
};

/* One entry of a list: a device, and which options it gives. */
struct device_entry {
	struct device device;
	struct place places[DEVICE_OPTIONS_MAX]; /* of options; file NULL = not given */
	bool id_given;
	bool matched; /* the other side has it too */
};

/* Entries of one side's list for one connection. */
struct device_list {
	struct device_entry *entries;
	size_t count;
	bool given;  /* the VM lists its devices, of this connection or others */
	bool failed; /* an entry of the list was refused: it may be the one of this connection */
};

/* A connection while it is put together. */
struct pairing {
	const char *stem;       /* "vmD_vmR" */
	struct place places[4]; /* of its pieces; file NULL = missing */
	size_t device_vm;
	size_t driver_vm;
	struct place driver_place;
	struct device_list served;   /* by the device VM's list */
	struct device_list expected; /* by the driver VM's */
	size_t index;                /* in the model */
	bool bad;
};

struct resolver {
	struct topology *topology;
	const struct resolve_input *input;
	struct rules *rules;
	struct diag *diag;
	struct arena *arena;
	struct evaluator evaluator;
	struct strmap types; /* name => const struct ast_component * */
	struct strmap connectors;
	struct strmap by_name;  /* instance name => struct instance * */
	struct strmap vm_names; /* vm_name => struct vm * */
	struct strmap settings; /* "object.attribute" => const struct ast_setting * */
	struct strmap stems;    /* "vmD_vmR" => struct pairing * */
	struct strmap others;   /* names of connections that are left out => resolver */
	struct strmap pairs;    /* "device:driver" (indices) => struct pairing * */
	struct strmap
		controls; /* "vm:address" => bytes of the control region there that are taken */
	struct instance *instances;
	size_t instance_count;
	struct strmap unknown; /* names that mean nothing, which was said => resolver */
	bool links_lost;       /* a connection was refused */
	struct pairing **pairings;
	size_t pairing_count;
	struct value *device_lists;  /* of vms: vm_virtio_devices; kind VALUE_BAD = not given */
	struct value *driver_lists;  /* of vms: vm_virtio_drivers */
	struct value *managed_lists; /* of vms: may_restart */
};

/* resolve.c */

/** A setting of @instance that is left out: they are reported together at the end. */
void resolve_ignore_setting(struct resolver *resolver, struct instance *instance,
                            const struct ast_setting *setting);

/* resolve_name.c */

/** What macros call the VM of that instance: "web" of "vm_web", "3" of "vm3". */
const char *resolve_bare_name(const char *instance);

/** Report that the VM of index @vm is named as another one who writes to the system's log. */
void resolve_check_log_name(const struct resolver *resolver, size_t vm);

/**
 * The instance that @name means: its own name, or "vmX" for "vm_X" as macros write it. NULL when
 * there is none.
 */
struct instance *resolve_find_instance(const struct resolver *resolver, const char *name);

/**
 * The VM that a user means by @text: instance name, name behind vm_, or vm_name. NOT_A_VM when
 * there is none.
 */
size_t resolve_find_vm(const struct resolver *resolver, const char *text);

/** Whether some instance has a name that is so near to @name that it may be meant. */
bool resolve_is_near_instance(const struct resolver *resolver, const char *name);

/** Whether nothing was said yet of @name, which means nothing: it is said once. */
bool resolve_first_unknown(struct resolver *resolver, const char *name);

/**
 * Help with the instance whose name is nearest to @wrong, or to what macros call it. @other is not
 * meant: the other end of a connection, NULL = none.
 */
void resolve_suggest_instance(struct resolver *resolver, const char *wrong, const char *other);

/**
 * Help with the nearest name among the VMs that are connected with @vm already, as those which it
 * serves or which serve it: no other one is suggested, since to follow that would open a path
 * between two VMs that nobody meant.
 */
void resolve_suggest_peer(struct resolver *resolver, const char *wrong, size_t vm, bool served);

/** Help with the names of the VMs that are connected with @vm in that way; false if none is. */
bool resolve_list_peers(struct resolver *resolver, size_t vm, bool served);

/* resolve_connection.c */

/** Find the connections of the composition. */
void resolve_connections(struct resolver *resolver);

/** A setting of a piece of a connection; false when @setting names none. */
bool resolve_connection_setting(struct resolver *resolver, const struct ast_setting *setting);

/** Put the pairings into the model. */
void resolve_connections_finish(struct resolver *resolver);

/* resolve_system.c */

/** A setting of the system. */
void resolve_system_setting(struct resolver *resolver, const struct ast_setting *setting);

/* resolve_slot.c */

#define SLOT_FIRST 1U /* 0 is the host bridge */
#define SLOT_LAST 31U

/** What an entry of system.machine says, but for the file of its disk; false after an error. */
bool resolve_slot(struct resolver *resolver, const struct value *dict, struct machine_slot *out);

/* resolve_machine.c */

/** system.machine. */
void resolve_machine(struct resolver *resolver, const struct value *value);

/** Add what the names of functions imply, and their lines; all settings are read. */
void resolve_machine_finish(struct topology *topology);

/* resolve_machine_files.c */

/** See that the disks of the machine's slots are nothing else; all is resolved. */
void resolve_machine_files(struct resolver *resolver);

/* resolve_vm.c */

/** A setting of the VM @instance. */
void resolve_vm_setting(struct resolver *resolver, struct instance *instance,
                        const struct ast_setting *setting);

/* resolve_vm_other.c */

/** A setting of the VM @instance that is none of a VM's attributes. */
void resolve_vm_other(struct resolver *resolver, struct instance *instance,
                      const struct ast_setting *setting);

/** Such a key of vm_address_config. */
void resolve_vm_other_key(struct resolver *resolver, const struct name *key);

/* resolve_managed.c */

/** may_restart: kept until all names are known. */
void resolve_may_restart(struct resolver *resolver, size_t vm, const struct value *value);

/** Find the VMs that may_restart of any VM names. */
void resolve_managed(struct resolver *resolver);

/* resolve_image.c */

/** vm_image_config and its older form. */
void resolve_image_config(struct resolver *resolver, size_t vm, const struct value *value);

/* resolve_packages.c */

/** packages of vm_image_config: the rootfs of @image is made of them. False after an error. */
bool resolve_packages(struct resolver *resolver, struct vm_image *image, const struct value *value);

/* resolve_image.c */

/** A file that is named at @place, as an absolute path. */
const char *resolve_path(struct resolver *resolver, const char *name, struct place place);

/** Report that the file cannot be read, with @help for what it could be; false when it cannot. */
bool resolve_file_exists(struct resolver *resolver, const char *path, const char *what,
                         struct place place, const char *help);

/* resolve_files.c */

/** files: what is put into a VM's root file system. */
void resolve_files(struct resolver *resolver, size_t vm, const struct value *value);

/** Whether the dict @item, which is @what, has no other keys than @keys; told otherwise. */
bool resolve_known_keys(struct resolver *resolver, const struct value *item, const char *what,
                        const char *const *keys, size_t count);

/** A path in a VM, without the / at its end that a directory may have; NULL after an error. */
const char *resolve_guest_path(struct resolver *resolver, const struct value *value,
                               const char *what);

/* resolve_command.c */

/** command, and what it has: what is run in a VM. */
void resolve_command(struct resolver *resolver, size_t vm, const struct value *value);
void resolve_env(struct resolver *resolver, size_t vm, const struct value *value);
void resolve_workdir(struct resolver *resolver, size_t vm, const struct value *value);
void resolve_user(struct resolver *resolver, size_t vm, const struct value *value);

/**
 * Read @value, a program and its arguments, which is @what. What cannot be one is told.
 */
const char **resolve_words(struct resolver *resolver, const struct value *value, const char *what,
                           size_t *count);

/* resolve_health.c */

/** health: how it is seen that a VM does its work. */
void resolve_health(struct resolver *resolver, size_t vm, const struct value *value);

/* resolve_hardware.c */

void resolve_mmios(struct resolver *resolver, size_t vm, const struct value *value);
void resolve_untyped_mmios(struct resolver *resolver, size_t vm, const struct value *value);
void resolve_pci_devices(struct resolver *resolver, size_t index, const struct value *value);
void resolve_irqs(struct resolver *resolver, size_t index, const struct value *value);
void resolve_dtb(struct resolver *resolver, size_t index, const struct value *value);

/* resolve_option.c */

/** The type that a device's entry in a list names; false after an error. */
bool resolve_option_type(struct resolver *resolver, const struct value *dict,
                         enum device_type *type);

/** Read one option of @entry, whose type is known; false when there is none of that name. @peer_key:
 * target or backend. */
bool resolve_option(struct resolver *resolver, const char *peer_key, struct device_entry *entry,
                    const struct value_entry *pair);

/** Both sides speak of one device: take what only @expected says, refuse contradictions. */
void resolve_options_merge(struct resolver *resolver, struct device_entry *served,
                           const struct device_entry *expected);

/* resolve_region.c */

/** An entry of the numeric form @dict that VM @vm gives of a connection. */
void resolve_region_key(struct resolver *resolver, size_t vm, const struct pairing *pairing,
                        const struct value *dict, const struct value_entry *entry);

/* resolve_device.c */

/** The entry of the dict @dict with that key, NULL if there is none. */
const struct value *resolve_entry(const struct value *dict, const char *key);

/** Read the lists of all VMs, compare both sides, put the devices into the model. */
void resolve_devices(struct resolver *resolver);

#endif
