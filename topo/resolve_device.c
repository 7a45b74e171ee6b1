/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices: reading the lists of both sides of a connection, finding the connection that an
 * entry speaks of, comparing the sides, and putting the result into the model. A list of one side
 * alone is the whole truth; where no side has a list, topo/defaults.c decides.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "topo/device_options.h"
#include "topo/disk.h"
#include "topo/resolve_internal.h"
#include "topo/suggest.h"

#define LINK_DEVICES_MAX 32U /* devices of a PCI bus */

/* One entry of a list: a device, and which options it gives. */
struct device_entry {
	struct device device;
	struct place places[DEVICE_OPTIONS_MAX]; /* of options; file NULL = not given */
	bool id_given;
	bool matched; /* the other side has it too */
};

/* Whose list is being read. */
struct side {
	size_t vm;
	bool device; /* the list of a device VM: served; else expected */
	const char *attribute;
	const char *peer_key;
};

static const struct value *find_entry(const struct value *dict, const char *key)
{
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		if (strcmp(dict->of.dict.entries[i].key.text, key) == 0) {
			return &dict->of.dict.entries[i].value;
		}
	}
	return NULL;
}

/* Reading options. */

static bool read_mac(struct resolver *resolver, const struct value *value, uint8_t *mac)
{
	const char *text = NULL;
	unsigned int bytes[6];
	int used = 0;

	if (!value_string(&resolver->evaluator, value, "mac", &text)) {
		return false;
	}
	if (strlen(text) != 17 ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
	           &bytes[4], &bytes[5], &used) != 6 ||
	    used != 17) {
		diag_error(resolver->diag, value->place, "'%s' is not a MAC address", text);
		diag_help(resolver->diag, "six bytes in hex: \"02:70:76:00:00:01\"");
		return false;
	}
	for (size_t i = 0; i < 6; i++) {
		mac[i] = (uint8_t)bytes[i];
	}
	return true;
}

static bool read_address(struct resolver *resolver, const struct value *value, const char *text,
                         uint32_t *address)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1) {
		diag_error(resolver->diag, value->place, "'%s' is not an IPv4 address", text);
		return false;
	}
	*address = ntohl(parsed.s_addr);
	return true;
}

/* "10.77.0.1/24" */
static bool read_subnet(struct resolver *resolver, const struct value *value, struct device *device)
{
	const char *text = NULL;
	char end = '\0';
	unsigned int prefix = 0;

	if (!value_string(&resolver->evaluator, value, "address", &text)) {
		return false;
	}
	const char *slash = strchr(text, '/');

	if (slash == NULL || sscanf(slash, "/%2u%c", &prefix, &end) != 1 || prefix < 8 ||
	    prefix > 30) {
		diag_error(resolver->diag, value->place, "'%s' is not an address with its subnet",
		           text);
		diag_help(resolver->diag, "\"10.77.0.1/24\", a prefix of 8 to 30 bits");
		return false;
	}
	device->prefix = prefix;
	return read_address(resolver, value,
	                    arena_copy(resolver->arena, text, (size_t)(slash - text)),
	                    &device->address[0]);
}

static bool read_network(struct resolver *resolver, const struct value *value,
                         enum network *network)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "network", &text)) {
		return false;
	}
	if (!network_find(text, network)) {
		diag_error(resolver->diag, value->place, "there is no kind of network '%s'", text);
		diag_help(resolver->diag,
		          "\"bridge\", \"routed\", \"nat\" or \"isolated\" are known");
		return false;
	}
	return true;
}

static bool read_number(struct resolver *resolver, const struct device_option *option,
                        const struct value *value, uint64_t *number)
{
	bool ok = option->kind == OPTION_SIZE
	                  ? value_size(&resolver->evaluator, value, option->name, number)
	                  : value_number(&resolver->evaluator, value, option->name, number);

	if (!ok) {
		return false;
	}
	if (*number < option->minimum || *number > option->maximum) {
		if (check_report(resolver->checks, CHECK_LIMIT_QUEUES, value->place,
		                 "%s is %llu to %llu, not %llu", option->name,
		                 (unsigned long long)option->minimum,
		                 (unsigned long long)option->maximum,
		                 (unsigned long long)*number)) {
			return false;
		}
	}
	return true;
}

static bool read_option(struct resolver *resolver, const struct device_option *option,
                        const struct value *value, struct device *device)
{
	void *field = (char *)device + option->offset;
	uint64_t number = 0;
	uint32_t small = 0;
	const char *text = NULL;

	switch (option->kind) {
	case OPTION_NUMBER:
		if (!read_number(resolver, option, value, &number)) {
			return false;
		}
		small = (uint32_t)number;
		memcpy(field, &small, sizeof(small));
		return true;
	case OPTION_LONG:
	case OPTION_SIZE:
		if (!read_number(resolver, option, value, &number)) {
			return false;
		}
		memcpy(field, &number, sizeof(number));
		return true;
	case OPTION_STRING:
	case OPTION_FILE:
		if (!value_string(&resolver->evaluator, value, option->name, &text)) {
			return false;
		}
		if (option->kind == OPTION_FILE) {
			text = resolve_path(resolver, text, value->place);
		}
		memcpy(field, &text, sizeof(text));
		return true;
	case OPTION_BOOL:
		return value_bool(&resolver->evaluator, value, option->name, field);
	case OPTION_MAC:
		return read_mac(resolver, value, field);
	case OPTION_NETWORK:
		return read_network(resolver, value, field);
	case OPTION_SUBNET:
		return read_subnet(resolver, value, device);
	case OPTION_ADDRESS:
		return value_string(&resolver->evaluator, value, option->name, &text) &&
		       read_address(resolver, value, text, field);
	}
	return false;
}

static void unknown_option(struct resolver *resolver, const struct side *side,
                           const struct name *key, enum device_type type)
{
	struct suggest suggest = suggest_start(key->text);
	bool of_other_type = false;

	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		of_other_type = of_other_type || strcmp(option->name, key->text) == 0;
		if ((option->types & 1U << type) != 0) {
			suggest_consider(&suggest, option->name);
		}
	}
	suggest_consider(&suggest, side->peer_key);
	if (!check_report(resolver->checks, CHECK_UNKNOWN_ATTRIBUTE, key->place,
	                  of_other_type ? "'%s' is no option of a %s device"
	                                : "there is no option '%s' of a %s device",
	                  key->text, device_type_name(type))) {
		return;
	}
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

static void read_key(struct resolver *resolver, const struct side *side, struct device_entry *entry,
                     const struct value_entry *pair)
{
	const char *key = pair->key.text;

	if (strcmp(key, "type") == 0 || strcmp(key, "id") == 0 ||
	    strcmp(key, side->peer_key) == 0) {
		return;
	}
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if (strcmp(option->name, key) != 0 ||
		    (option->types & 1U << entry->device.type) == 0) {
			continue;
		}
		if (read_option(resolver, option, &pair->value, &entry->device)) {
			entry->places[i] = pair->value.place;
		}
		return;
	}
	unknown_option(resolver, side, &pair->key, entry->device.type);
}

static bool read_type(struct resolver *resolver, const struct value *dict, enum device_type *type)
{
	const struct value *value = find_entry(dict, "type");
	const char *name = NULL;

	if (value == NULL) {
		diag_error(resolver->diag, dict->place, "this device has no type");
		diag_help(resolver->diag,
		          "{ type: \"net\" }, or blk, vsock, console, rng, fs, gpu");
		return false;
	}
	if (!value_string(&resolver->evaluator, value, "type", &name)) {
		return false;
	}
	*type = device_type_find(name);
	if (*type != DEVICE_TYPE_COUNT) {
		return true;
	}
	struct suggest suggest = suggest_start(name);

	for (enum device_type i = DEVICE_NET; i < DEVICE_TYPE_COUNT; i++) {
		suggest_consider(&suggest, device_type_name(i));
	}
	diag_error(resolver->diag, value->place, "there is no type of device '%s'", name);
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(resolver->diag, "net, blk, vsock, console, rng, fs and gpu are known");
	}
	return false;
}

/* Which connection an entry speaks of. */

static struct link *link_between(const struct resolver *resolver, size_t device_vm,
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
static struct link *only_link(struct resolver *resolver, const struct side *side,
                              struct place place)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[side->vm];
	size_t count = side->device ? origin->served_count : origin->used_count;

	if (count == 1) {
		return resolver->links[side->device ? origin->served[0] : origin->used[0]];
	}
	if (count == 0) {
		diag_error(resolver->diag, place, "'%s' is the %s VM of no connection",
		           suffix_of(resolver, side->vm), side->device ? "device" : "driver");
		diag_help(resolver->diag, "VIRTIO_COMPOSITION_DEF(device, driver) makes one");
	} else {
		diag_error(resolver->diag, place,
		           "'%s' has %zu connections as %s VM: which one is meant?",
		           suffix_of(resolver, side->vm), count,
		           side->device ? "device" : "driver");
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

static struct link *typed_link(struct resolver *resolver, const struct side *side,
                               const struct value *dict)
{
	const struct value *value = find_entry(dict, side->peer_key);

	if (value == NULL) {
		return only_link(resolver, side, dict->place);
	}
	const char *text = peer_text(resolver, value);

	if (text == NULL) {
		return NULL;
	}
	size_t peer = resolve_find_vm(resolver, text, value->place, side->peer_key);

	if (peer == NOT_A_VM) {
		return NULL;
	}
	size_t device_vm = side->device ? side->vm : peer;
	size_t driver_vm = side->device ? peer : side->vm;
	struct link *link = link_between(resolver, device_vm, driver_vm);

	if (link == NULL) {
		diag_error(resolver->diag, value->place, "no connection leads from '%s' to '%s'",
		           suffix_of(resolver, device_vm), suffix_of(resolver, driver_vm));
		diag_help(resolver->diag, "add VIRTIO_COMPOSITION_DEF(%s, %s) to the composition",
		          suffix_of(resolver, device_vm), suffix_of(resolver, driver_vm));
	}
	return link;
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
	const struct value *value = find_entry(dict, "id");
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
		diag_error(resolver->diag, value->place,
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
	struct link *link = typed_link(resolver, side, dict);

	if (!read_type(resolver, dict, &entry.device.type)) {
		return;
	}
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		read_key(resolver, side, &entry, &dict->of.dict.entries[i]);
	}
	if (link == NULL) {
		return;
	}
	struct device_list *list = side->device ? &link->served : &link->expected;

	if (list->count >= LINK_DEVICES_MAX) {
		if (check_report(resolver->checks, CHECK_LIMIT_CONNECTIONS, dict->place,
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

static void take_size(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];
	struct connection_origin *origin = &resolver->topology->connection_origins[index];
	uint64_t bytes = 0;

	/* Without swiotlb memdev is the driver VM's RAM, and its size that of the RAM. */
	if (!value_size(&resolver->evaluator, value, "data_size", &bytes) || !connection->swiotlb) {
		return;
	}
	if (origin->pool_given && connection->pool_bytes != bytes) {
		if (check_report(resolver->checks, CHECK_DEVICE_DISAGREE, value->place,
		                 "the size of this memdev is given as %llu and as %llu bytes",
		                 (unsigned long long)bytes,
		                 (unsigned long long)connection->pool_bytes)) {
			diag_note(resolver->diag, origin->pool_bytes, "first given here");
		}
		return;
	}
	connection->pool_bytes = bytes;
	origin->pool_given = true;
	origin->pool_bytes = value->place;
}

static void take_numeric_key(struct resolver *resolver, const struct side *side,
                             const struct link *link, const struct value_entry *entry)
{
	struct connection *connection = &resolver->topology->model.connections[link->index];
	bool device = link->device_vm == side->vm;
	const char *key = entry->key.text;
	uint64_t number = 0;

	if (strcmp(key, "id") == 0) {
		return;
	}
	if (strcmp(key, "data_size") == 0) {
		take_size(resolver, link->index, &entry->value);
	} else if (strcmp(key, "data_base") == 0) {
		if (value_number(&resolver->evaluator, &entry->value, key, &number)) {
			if (device) {
				connection->device_data_base = number;
			} else if (connection->swiotlb) {
				connection->driver_data_base = number;
			}
		}
	} else if (strcmp(key, "ctrl_base") == 0) {
		/* Only the device VM has the control region in its address space here. */
		if (value_number(&resolver->evaluator, &entry->value, key, &number) && device) {
			connection->device_ctrl_base = number;
		}
	} else if (strcmp(key, "ctrl_size") == 0) {
		value_number(&resolver->evaluator, &entry->value, key, &number);
	} else if (check_report(resolver->checks, CHECK_UNKNOWN_ATTRIBUTE, entry->key.place,
	                        "there is no '%s' in this form of an entry", key)) {
		diag_help(resolver->diag, "it has: id, data_base, data_size, ctrl_base, ctrl_size");
	}
}

static void read_numeric(struct resolver *resolver, const struct side *side,
                         const struct value *dict)
{
	const struct value *id = find_entry(dict, "id");
	const char *text = id == NULL ? NULL : peer_text(resolver, id);

	if (text == NULL) {
		diag_error(resolver->diag, dict->place, "this entry needs the id of the other VM");
		return;
	}
	size_t peer = resolve_find_vm(resolver, text, id->place, "id");

	if (peer == NOT_A_VM) {
		return;
	}
	/* Deployed systems put these entries under either name: the composition decides. */
	const struct link *link = link_between(resolver, side->vm, peer);

	if (link == NULL) {
		link = link_between(resolver, peer, side->vm);
	}
	if (link == NULL) {
		diag_error(resolver->diag, id->place, "no connection joins '%s' and '%s'",
		           suffix_of(resolver, side->vm), suffix_of(resolver, peer));
		return;
	}
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		take_numeric_key(resolver, side, link, &dict->of.dict.entries[i]);
	}
}

static bool is_numeric(const struct value *dict)
{
	return find_entry(dict, "type") == NULL &&
	       (find_entry(dict, "data_base") != NULL || find_entry(dict, "ctrl_base") != NULL);
}

/* Mark all connections of that side as described by a list. */
static void mark_given(struct resolver *resolver, const struct side *side)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[side->vm];
	size_t count = side->device ? origin->served_count : origin->used_count;

	for (size_t i = 0; i < count; i++) {
		struct link *link =
			resolver->links[side->device ? origin->served[i] : origin->used[i]];

		if (side->device) {
			link->served.given = true;
		} else {
			link->expected.given = true;
		}
	}
}

static void read_list(struct resolver *resolver, const struct side *side, const struct value *list)
{
	bool typed = list->of.list.count == 0;

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
		}
	}
	if (typed) {
		mark_given(resolver, side);
	}
}

/* Comparing the two sides. */

static bool same_option(const struct device_option *option, const struct device *a,
                        const struct device *b)
{
	const void *x = (const char *)a + option->offset;
	const void *y = (const char *)b + option->offset;

	if (option->kind == OPTION_STRING || option->kind == OPTION_FILE) {
		const char *left = NULL;
		const char *right = NULL;

		memcpy(&left, x, sizeof(left));
		memcpy(&right, y, sizeof(right));
		return strcmp(left, right) == 0;
	}
	return memcmp(x, y, option->bytes) == 0;
}

/* Both sides speak of one device: take what only the driver's says, refuse contradictions. */
static void merge_entries(struct resolver *resolver, struct device_entry *served,
                          const struct device_entry *expected)
{
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if (expected->places[i].file == NULL) {
			continue;
		}
		if (served->places[i].file == NULL) {
			memcpy((char *)&served->device + option->offset,
			       (const char *)&expected->device + option->offset, option->bytes);
			served->places[i] = expected->places[i];
			if (option->kind == OPTION_SUBNET) {
				served->device.prefix = expected->device.prefix;
			}
		} else if (!same_option(option, &served->device, &expected->device)) {
			if (check_report(resolver->checks, CHECK_DEVICE_DISAGREE,
			                 expected->places[i],
			                 "device VM and driver VM disagree on %s of this device",
			                 option->name)) {
				diag_note(resolver->diag, served->places[i],
				          "the device VM says this");
			}
		}
	}
}

static void compare_sides(struct resolver *resolver, struct link *link)
{
	const char *device_name = suffix_of(resolver, link->device_vm);
	const char *driver_name = suffix_of(resolver, link->driver_vm);

	for (size_t i = 0; i < link->expected.count; i++) {
		const struct device_entry *expected = &link->expected.entries[i];
		struct device_entry *served =
			find_device(&link->served, expected->device.type, expected->device.id);

		if (served != NULL) {
			served->matched = true;
			merge_entries(resolver, served, expected);
		} else if (check_report(resolver->checks, CHECK_DEVICE_UNSERVED,
		                        expected->device.place,
		                        "'%s' serves no %s device with id %u to '%s'", device_name,
		                        device_type_name(expected->device.type),
		                        expected->device.id, driver_name)) {
			diag_help(resolver->diag, "vm_virtio_devices of '%s' lists what it serves",
			          device_name);
		}
	}
	for (size_t i = 0; i < link->served.count; i++) {
		const struct device_entry *served = &link->served.entries[i];

		if (!served->matched &&
		    check_report(resolver->checks, CHECK_DEVICE_UNEXPECTED, served->device.place,
		                 "'%s' does not expect a %s device with id %u from '%s'",
		                 driver_name, device_type_name(served->device.type),
		                 served->device.id, device_name)) {
			diag_help(resolver->diag, "vm_virtio_drivers of '%s' lists what it expects",
			          driver_name);
		}
	}
}

static void put_devices(struct resolver *resolver, const struct link *link)
{
	struct connection *connection = &resolver->topology->model.connections[link->index];
	const struct device_list *list = link->served.given ? &link->served : &link->expected;
	bool given = link->served.given || link->expected.given;

	resolver->topology->connection_origins[link->index].devices_given = given;
	if (given && list->count == 0) {
		if (check_report(resolver->checks, CHECK_CONNECTION_EMPTY, connection->place,
		                 "'%s' serves nothing to '%s'",
		                 suffix_of(resolver, link->device_vm),
		                 suffix_of(resolver, link->driver_vm))) {
			diag_help(resolver->diag,
			          "the list of '%s' holds no entry for it; without a list a "
			          "connection serves net and blk",
			          suffix_of(resolver, link->served.given ? link->device_vm
			                                                 : link->driver_vm));
		}
	}
	connection->devices =
		arena_alloc(resolver->arena, (list->count + 1) * sizeof(struct device));
	for (size_t i = 0; i < list->count; i++) {
		const struct device_entry *entry = &list->entries[i];
		struct device *device = &connection->devices[connection->device_count++];

		*device = entry->device;
		if (device->type == DEVICE_BLK) {
			disk_inspect(resolver->checks, device);
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
	for (size_t i = 0; i < resolver->link_count; i++) {
		struct link *link = resolver->links[i];

		if (link->served.given && link->expected.given) {
			compare_sides(resolver, link);
		}
		put_devices(resolver, link);
	}
}
