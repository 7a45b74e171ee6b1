/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices: the lists of both sides of a connection. Finds the connection that an entry
 * speaks of, compares the sides, and puts the result into the model. A list of one side alone is
 * the whole truth; where no side has a list, topo/resolve/defaults.c decides.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/resolve/disk.h"
#include "topo/resolve/resolve_internal.h"

#define LINK_DEVICES_MAX 32U /* devices of a PCI bus */

/* Whose list is being read. */
struct side {
	size_t vm;
	bool device; /* the list of a device VM: served; else expected */
	const char *attribute;
	const char *peer_key;
};

const struct value *resolve_entry(const struct value *dict, const char *key)
{
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		if (strcmp(dict->of.dict.entries[i].key.text, key) == 0) {
			return &dict->of.dict.entries[i].value;
		}
	}
	return NULL;
}

/* Which connection an entry speaks of. */

static struct pairing *pairing_between(const struct resolver *resolver, size_t device_vm,
                                       size_t driver_vm)
{
	return strmap_get(&resolver->pairs,
	                  arena_printf(resolver->arena, "%zu:%zu", device_vm, driver_vm));
}

static const char *suffix_of(const struct resolver *resolver, size_t vm)
{
	return resolver->topology->model.vms[vm].suffix;
}

/* The only connection of that side, when the entry names no peer. */
static struct pairing *only_pairing(struct resolver *resolver, const struct side *side,
                                    const struct value *dict)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[side->vm];
	const char *role = side->device ? "device" : "driver";
	size_t count = side->device ? origin->served_count : origin->used_count;

	if (count == 1) {
		return resolver->pairings[side->device ? origin->served[0] : origin->used[0]];
	}
	if (dict->of.dict.partial || resolver->links_lost) {
		return NULL;
	}
	if (count == 0) {
		if (rule_report(resolver->rules, &rule_target_missing, dict->place,
		                "'%s' is the %s VM of no connection", suffix_of(resolver, side->vm),
		                role)) {
			diag_help(resolver->diag,
			          "VIRTIO_COMPOSITION_DEF(device, driver) makes one");
		}
	} else if (rule_report(resolver->rules, &rule_target_missing, dict->place,
	                       "'%s' has %zu connections as %s VM: which one is meant?",
	                       suffix_of(resolver, side->vm), count, role)) {
		diag_help(resolver->diag, "add %s: \"NAME\"", side->peer_key);
	}
	return NULL;
}

/* The peer's name: a string, or the number of numbered systems. */
static const char *peer_text(struct resolver *resolver, const struct value *value)
{
	const char *text = NULL;

	if (value->kind == VALUE_NUMBER) {
		return arena_printf(resolver->arena, "%lld", (long long)value->of.number);
	}
	return value_string(&resolver->evaluator, value, "the other VM", &text) ? text : NULL;
}

/* The VM that an entry names as its peer, NOT_A_VM after an error. */
static size_t find_peer(struct resolver *resolver, const struct side *side,
                        const struct value *value, const char *key)
{
	const char *text = peer_text(resolver, value);
	size_t peer = text == NULL ? NOT_A_VM : resolve_find_vm(resolver, text);

	if (text != NULL && peer == NOT_A_VM && resolve_first_unknown(resolver, text) &&
	    rule_report(resolver->rules, &rule_target_unknown, value->place,
	                "%s '%s' is no VM of this topology", key, text)) {
		resolve_suggest_peer(resolver, text, side->vm, side->device);
	}
	return peer;
}

/* There are both VMs, and no connection of them in that direction. */
static void report_unconnected(struct resolver *resolver, const struct side *side,
                               struct place place, size_t device_vm, size_t driver_vm)
{
	const char *device = suffix_of(resolver, device_vm);
	const char *driver = suffix_of(resolver, driver_vm);

	if (resolver->links_lost) {
		return;
	}
	if (device_vm == driver_vm) {
		rule_report(resolver->rules, &rule_target_unconnected, place,
		            "'%s' cannot be its own %s", device, side->peer_key);
		return;
	}
	if (!rule_report(resolver->rules, &rule_target_unconnected, place,
	                 "no connection leads from '%s' to '%s'", device, driver)) {
		return;
	}
	if (pairing_between(resolver, driver_vm, device_vm) != NULL) {
		diag_help(resolver->diag,
		          "the connection of the two leads the other way: '%s' serves '%s'", driver,
		          device);
	} else if (!resolve_list_peers(resolver, side->vm, side->device)) {
		diag_help(resolver->diag,
		          "a connection is a path for attacks, both ways; if it is wanted: "
		          "VIRTIO_COMPOSITION_DEF(%s, %s)",
		          device, driver);
	}
}

static struct pairing *typed_pairing(struct resolver *resolver, const struct side *side,
                                     const struct value *dict)
{
	const struct value *value = resolve_entry(dict, side->peer_key);

	if (value == NULL) {
		return only_pairing(resolver, side, dict);
	}
	size_t peer = find_peer(resolver, side, value, side->peer_key);

	if (peer == NOT_A_VM) {
		return NULL;
	}
	size_t device_vm = side->device ? side->vm : peer;
	size_t driver_vm = side->device ? peer : side->vm;
	struct pairing *pairing = pairing_between(resolver, device_vm, driver_vm);

	if (pairing == NULL) {
		report_unconnected(resolver, side, value->place, device_vm, driver_vm);
	}
	return pairing;
}

/* Entries. */

static struct device_entry *find_device(const struct device_list *list, enum device_type type,
                                        uint32_t id)
{
	for (size_t i = 0; i < list->count; i++) {
		struct device_entry *entry = &list->entries[i];

		if (entry->device.type == type && entry->device.id == id) {
			return entry;
		}
	}
	return NULL;
}

/* The number that an entry has among those of its type, given or the next free one. */
static bool number_device(struct resolver *resolver, const struct value *dict,
                          const struct device_list *list, struct device_entry *entry)
{
	const struct value *value = resolve_entry(dict, "id");
	uint64_t id = 0;

	if (value == NULL) {
		while (find_device(list, entry->device.type, entry->device.id) != NULL) {
			entry->device.id++;
		}
		return true;
	}
	if (!value_number(&resolver->evaluator, value, "id", &id)) {
		return false;
	}
	entry->device.id = id > UINT32_MAX ? UINT32_MAX : (uint32_t)id;
	const struct device_entry *before = find_device(list, entry->device.type, entry->device.id);

	if (before != NULL) {
		rule_report(resolver->rules, &rule_device_id_twice, value->place,
		            "a second %s device with id %u on this connection",
		            device_type_name(entry->device.type), entry->device.id);
		diag_note(resolver->diag, before->device.place, "first given here");
		return false;
	}
	return true;
}

static void read_typed(struct resolver *resolver, const struct side *side, const struct value *dict)
{
	struct device_entry entry = {.device = {.place = dict->place}};
	struct value read = *dict;

	if (!resolve_option_type(resolver, dict, &entry.device.type)) {
		return;
	}
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		/* What is missing may be what was spelled wrongly. */
		if (!resolve_option(resolver, side->peer_key, &entry, &dict->of.dict.entries[i])) {
			read.of.dict.partial = true;
		}
	}
	struct pairing *pairing = typed_pairing(resolver, side, &read);

	/* The id may be what could not be read. */
	if (pairing == NULL || read.of.dict.partial) {
		return;
	}
	struct device_list *list = side->device ? &pairing->served : &pairing->expected;

	if (list->count >= LINK_DEVICES_MAX) {
		if (rule_report(resolver->rules, &rule_limit_connections, dict->place,
		                "a connection has at most %u devices", LINK_DEVICES_MAX)) {
			diag_help(resolver->diag, "a PCI bus has no more");
		}
		return;
	}
	if (number_device(resolver, dict, list, &entry)) {
		*ARENA_ADD(resolver->arena, list->entries, list->count) = entry;
	}
}

/* The numeric form: where memdev and the control region of one connection lie. */

static void read_numeric(struct resolver *resolver, const struct side *side,
                         const struct value *dict)
{
	const struct value *id = resolve_entry(dict, "id");

	if (id == NULL) {
		if (!dict->of.dict.partial) {
			diag_error(resolver->diag, dict->place,
			           "this entry needs the id of the other VM");
		}
		return;
	}
	size_t peer = find_peer(resolver, side, id, "id");

	if (peer == NOT_A_VM) {
		return;
	}
	/* Deployed systems put these entries under either name: the composition decides. */
	const struct pairing *pairing = pairing_between(resolver, side->vm, peer);

	if (pairing == NULL) {
		pairing = pairing_between(resolver, peer, side->vm);
	}
	if (pairing == NULL && !resolver->links_lost) {
		rule_report(resolver->rules, &rule_target_unconnected, id->place,
		            "no connection joins '%s' and '%s'", suffix_of(resolver, side->vm),
		            suffix_of(resolver, peer));
	}
	if (pairing == NULL) {
		return;
	}
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		resolve_region_key(resolver, side->vm, pairing, dict, &dict->of.dict.entries[i]);
	}
}

/* An entry without a type that speaks of memory, if misspelt. */
static bool is_numeric(const struct value *dict)
{
	bool numeric = false;

	for (size_t i = 0; i < dict->of.dict.count; i++) {
		const char *key = dict->of.dict.entries[i].key.text;

		numeric = numeric || strncmp(key, "data", 4) == 0 || strncmp(key, "ctrl", 4) == 0;
	}
	return numeric && resolve_entry(dict, "type") == NULL;
}

/* Mark all connections of that side as described by a list. */
static void mark_given(struct resolver *resolver, const struct side *side, bool failed)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[side->vm];
	size_t count = side->device ? origin->served_count : origin->used_count;

	for (size_t i = 0; i < count; i++) {
		struct pairing *pairing =
			resolver->pairings[side->device ? origin->served[i] : origin->used[i]];

		struct device_list *list = side->device ? &pairing->served : &pairing->expected;

		list->given = true;
		list->failed = failed;
	}
}

static void read_list(struct resolver *resolver, const struct side *side, const struct value *list)
{
	bool typed = list->of.list.count == 0;
	bool partial = list->of.list.partial;
	size_t errors = diag_count(resolver->diag, SEVERITY_ERROR);

	for (size_t i = 0; i < list->of.list.count; i++) {
		const struct value *item = &list->of.list.items[i];

		if (item->kind != VALUE_DICT) {
			diag_error(resolver->diag, item->place,
			           "each of %s is { type: \"...\" }, not %s", side->attribute,
			           value_kind_name(item->kind));
		} else if (is_numeric(item)) {
			read_numeric(resolver, side, item);
		} else {
			read_typed(resolver, side, item);
			typed = true;
			partial = partial || item->of.dict.partial;
		}
	}
	if (typed) {
		bool failed = partial || resolver->links_lost ||
		              diag_count(resolver->diag, SEVERITY_ERROR) != errors;

		mark_given(resolver, side, failed);
	}
}

/* Comparing the two sides. What a list lacks is no news where an entry of it was refused. */

static void compare_sides(struct resolver *resolver, struct pairing *pairing)
{
	const char *device_name = suffix_of(resolver, pairing->device_vm);
	const char *driver_name = suffix_of(resolver, pairing->driver_vm);

	for (size_t i = 0; i < pairing->expected.count; i++) {
		const struct device_entry *expected = &pairing->expected.entries[i];
		struct device_entry *served =
			find_device(&pairing->served, expected->device.type, expected->device.id);

		if (served != NULL) {
			served->matched = true;
			resolve_options_merge(resolver, served, expected);
		} else if (!pairing->served.failed &&
		           rule_report(resolver->rules, &rule_device_unserved,
		                       expected->device.place,
		                       "'%s' serves no %s device with id %u to '%s'", device_name,
		                       device_type_name(expected->device.type), expected->device.id,
		                       driver_name)) {
			diag_help(resolver->diag, "vm_virtio_devices of '%s' lists what it serves",
			          device_name);
		}
	}
	for (size_t i = 0; i < pairing->served.count; i++) {
		const struct device_entry *served = &pairing->served.entries[i];

		if (!served->matched && !pairing->expected.failed &&
		    rule_report(resolver->rules, &rule_device_unexpected, served->device.place,
		                "'%s' does not expect a %s device with id %u from '%s'",
		                driver_name, device_type_name(served->device.type),
		                served->device.id, device_name)) {
			diag_help(resolver->diag, "vm_virtio_drivers of '%s' lists what it expects",
			          driver_name);
		}
	}
}

/* Where the list speaks of the disk: its image, else its size, else the entry. */
static struct place disk_place(const struct device_entry *entry)
{
	static const char *const names[] = {"disk", "size", "format"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		for (size_t j = 0; device_option_at(j) != NULL; j++) {
			if (entry->places[j].file != NULL &&
			    strcmp(device_option_at(j)->name, names[i]) == 0) {
				return entry->places[j];
			}
		}
	}
	return entry->device.place;
}

static void put_devices(struct resolver *resolver, const struct pairing *pairing)
{
	struct connection *connection = &resolver->topology->model.connections[pairing->index];
	const struct device_list *list =
		pairing->served.given ? &pairing->served : &pairing->expected;
	bool given = pairing->served.given || pairing->expected.given;

	resolver->topology->connection_origins[pairing->index].devices_given = given;
	if (given && list->count == 0 && !list->failed) {
		if (rule_report(resolver->rules, &rule_connection_empty, connection->place,
		                "'%s' serves nothing to '%s'",
		                suffix_of(resolver, pairing->device_vm),
		                suffix_of(resolver, pairing->driver_vm))) {
			diag_help(resolver->diag,
			          "the list of '%s' holds no entry for it; without a list a "
			          "connection serves net and blk",
			          suffix_of(resolver, pairing->served.given ? pairing->device_vm
			                                                    : pairing->driver_vm));
		}
	}
	connection->devices =
		arena_alloc(resolver->arena, (list->count + 1) * sizeof(struct device));
	for (size_t i = 0; i < list->count; i++) {
		const struct device_entry *entry = &list->entries[i];
		struct device *device = &connection->devices[connection->device_count++];

		*device = entry->device;
		device->places = entry->places;
		if (device_medium(device) != NULL && list->failed) {
			device->disk = NULL; /* its range may be what could not be read */
		} else if (device->type == DEVICE_BLK) {
			disk_inspect(resolver->rules, device, disk_place(entry));
		}
	}
}

void resolve_devices(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->topology->model.vm_count; i++) {
		struct side served = {i, true, "vm_virtio_devices", "target"};
		struct side expected = {i, false, "vm_virtio_drivers", "backend"};

		if (resolver->device_lists[i].kind == VALUE_LIST) {
			read_list(resolver, &served, &resolver->device_lists[i]);
		}
		if (resolver->driver_lists[i].kind == VALUE_LIST) {
			read_list(resolver, &expected, &resolver->driver_lists[i]);
		}
	}
	for (size_t i = 0; i < resolver->pairing_count; i++) {
		struct pairing *pairing = resolver->pairings[i];

		if (pairing->served.given && pairing->expected.given) {
			compare_sides(resolver, pairing);
		}
		put_devices(resolver, pairing);
	}
}
