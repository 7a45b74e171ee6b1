/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of networks: subnets that a VM could not tell apart, and interfaces that the device VM could
 * not make.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/routes.h"

/* A subnet in which a VM has an interface. */
struct subnet {
	size_t vm;
	uint32_t first, last;
	const struct device *device;
	bool served; /* by this VM */
};

static int compare_subnets(const void *left, const void *right)
{
	const struct subnet *a = left;
	const struct subnet *b = right;

	if (a->vm != b->vm) {
		return (a->vm > b->vm) - (a->vm < b->vm);
	}
	if (a->first != b->first) {
		return (a->first > b->first) - (a->first < b->first);
	}
	return (a->device > b->device) - (a->device < b->device);
}

static size_t collect_subnets(const struct topology *topology, struct subnet *list)
{
	size_t count = 0;

	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			const struct device *device = &connection->devices[j];
			uint32_t mask = check_mask(device->prefix);
			struct subnet subnet = {connection->device_vm, device->address[0] & mask,
			                        device->address[0] | ~mask, device, true};

			if (device->type == DEVICE_NET && list != NULL) {
				list[count] = subnet;
				subnet.vm = connection->driver_vm;
				subnet.served = false;
				list[count + 1] = subnet;
			}
			count += device->type == DEVICE_NET ? 2 : 0;
		}
	}
	return count;
}

static bool on_one_bridge(const struct subnet *a, const struct subnet *b)
{
	return a->served && b->served && a->device->bridge != NULL && b->device->bridge != NULL &&
	       strcmp(a->device->bridge, b->device->bridge) == 0;
}

/* Of the subnets of one VM, those that begin in one before; @used: that it uses, both of them. */
static void each_overlap(struct rules *rules, const struct topology *topology, bool used)
{
	size_t count = collect_subnets(topology, NULL);
	struct subnet *list = calloc(count + 1, sizeof(*list));
	const struct subnet *last = list;

	if (list == NULL) {
		return;
	}
	collect_subnets(topology, list);
	qsort(list, count, sizeof(*list), compare_subnets);
	for (size_t i = 1; i < count; i++) {
		const struct subnet *now = &list[i];
		bool overlaps = now->vm == last->vm && now->first <= last->last;

		if (overlaps && (!now->served && !last->served) == used &&
		    !on_one_bridge(now, last) &&
		    rule_report(rules, used ? &rule_subnet_used : &rule_subnet_overlap,
		                device_place(now->device, "address"),
		                "'%s' has two interfaces in the subnet of %s/%u",
		                check_suffix(topology, now->vm),
		                check_dotted(now->device->address[0]).text, now->device->prefix)) {
			diag_note(rules->diag, last->device->place, "the other one");
		}
		if (now->vm != last->vm || now->last >= last->last) {
			last = now;
		}
	}
	free(list);
}

void check_subnet_overlap(struct rules *rules, const struct topology *topology)
{
	each_overlap(rules, topology, false);
}

RULE(subnet_overlap, "subnet-overlap", ERROR, EACH,
     "A VM that serves a network has another interface in the same subnet, and not on the same "
     "bridge: it cannot know where to send a packet.");

void check_subnet_used(struct rules *rules, const struct topology *topology)
{
	each_overlap(rules, topology, true);
}

RULE(subnet_used, "subnet-used", ADVICE, EACH,
     "A VM uses two networks with the same subnet: its packets leave by one of them whichever "
     "was meant.");

/* The first device on the bridge of @device, which is remembered if it is the first. */
static const struct device *first_on_bridge(struct strmap *seen,
                                            const struct connection *connection,
                                            const struct device *device)
{
	const char *key = NULL;

	if (device->bridge == NULL) {
		return device;
	}
	key = arena_printf(seen->arena, "%u/%s", connection->device_vm, device->bridge);
	void **slot = strmap_slot(seen, key, strlen(key));

	if (*slot == NULL) {
		*slot = arena_alloc(seen->arena, sizeof(struct device));
		*(struct device *)*slot = *device;
	}
	return *slot;
}

static void visit_bridge_address(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct device *first = first_on_bridge(at->seen, at->connection, device);

	if ((first->address[0] != device->address[0] || first->prefix != device->prefix) &&
	    rule_report(at->rules, &rule_bridge_address, device_place(device, "address"),
	                "the bridge '%s' has the address %s/%u, and %s/%u too", device->bridge,
	                check_dotted(device->address[0]).text, device->prefix,
	                check_dotted(first->address[0]).text, first->prefix)) {
		diag_note(at->rules->diag, first->place, "the other one");
	}
}

void check_bridge_address(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_bridge_address);
}

RULE(bridge_address, "bridge-address", ERROR, EACH,
     "Devices on one bridge say different things of the bridge's address. It has one.");

static void visit_bridge_kind(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct device *first = first_on_bridge(at->seen, at->connection, device);

	if (first->network != device->network &&
	    rule_report(at->rules, &rule_bridge_kind, device_place(device, "network"),
	                "the bridge '%s' is of the kind %s, and %s too", device->bridge,
	                network_name(device->network), network_name(first->network))) {
		diag_note(at->rules->diag, first->place, "the other one");
	}
}

void check_bridge_kind(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_bridge_kind);
}

RULE(bridge_kind, "bridge-kind", ERROR, EACH,
     "Devices on one bridge say different kinds of network, and a bridge is of one kind.");

static bool clashes(struct strmap *seen, size_t vm, const char *name, void *kind)
{
	const char *key = arena_printf(seen->arena, "%zu/%s", vm, name);
	void **slot = strmap_slot(seen, key, strlen(key));

	if (*slot == NULL) {
		*slot = kind;
	}
	return *slot != kind;
}

static void visit_clash(const struct check_device *at)
{
	const struct device *device = at->device;
	static char tap[1];
	static char bridge[1];
	const char *name = NULL;
	const char *option = "bridge";

	if (clashes(at->seen, at->connection->device_vm, device->tap, tap)) {
		name = device->tap;
		option = "tap";
	}
	if (device->bridge != NULL &&
	    clashes(at->seen, at->connection->device_vm, device->bridge, bridge)) {
		name = device->bridge;
		option = "bridge";
	}
	if (name != NULL) {
		rule_report(at->rules, &rule_interface_clash, device_place(device, option),
		            "'%s' is a tap and a bridge of '%s'", name,
		            check_suffix(at->topology, at->connection->device_vm));
	}
}

void check_interface_clash(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_clash);
}

RULE(interface_clash, "interface-clash", ERROR, EACH,
     "A tap and a bridge of one device VM have the same name: the second one cannot be made.");

static bool is_reserved(const char *name)
{
	static const char *const names[] = {"lo", "all", "default"};

	for (size_t i = 0; name != NULL && i < ARRAY_COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return name != NULL && strncmp(name, "eth", 3) == 0 && isdigit((unsigned char)name[3]);
}

static void visit_reserved(const struct check_device *at)
{
	const struct device *device = at->device;
	bool tap = is_reserved(device->tap);
	const char *name = tap ? device->tap : device->bridge;

	if (is_reserved(name)) {
		rule_report(at->rules, &rule_interface_reserved,
		            device_place(device, tap ? "tap" : "bridge"),
		            "'%s' is a name that Linux has taken itself", name);
	}
}

void check_interface_reserved(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_reserved);
}

RULE(interface_reserved, "interface-reserved", ERROR, EACH,
     "A tap or bridge has a name that Linux uses itself: lo, all, default, or that of a network "
     "card.");

static void visit_routes(const struct check_device *at)
{
	const struct device *device = at->device;

	/* One is the driver VM's own address. */
	const size_t room = PV_BACKEND_SOURCES_MAX - 1;
	size_t count = 0;

	routes_behind(&at->topology->model, at->connection->driver_vm, &count, at->seen->arena);
	if (count > room) {
		rule_report(at->rules, &rule_routes_many, device_place(device, "target"),
		            "'%s' has %zu routed networks behind it, and a device VM knows the way "
		            "to %zu",
		            check_suffix(at->topology, at->connection->driver_vm), count, room);
	}
}

void check_routes_many(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	size_t count = 0;

	/* Looking behind each VM is work; hardly any topology has so many in all. */
	for (size_t i = 0; i < model->connection_count; i++) {
		for (size_t j = 0; j < model->connections[i].device_count; j++) {
			count += model->connections[i].devices[j].network == NETWORK_ROUTED;
		}
	}
	if (count >= PV_BACKEND_SOURCES_MAX) {
		check_each_device(rules, topology, DEVICE_NET, visit_routes);
	}
}

RULE(routes_many, "routes-many", ERROR, EACH,
     "Behind a driver VM lie more networks that are passed on as they are than the daemon of its "
     "device VM takes.");

static bool uses_network(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];

	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &topology->model.connections[origin->used[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type == DEVICE_NET) {
				return true;
			}
		}
	}
	return false;
}

static void visit_uplink(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct vm *vm = &at->topology->model.vms[at->connection->device_vm];

	if (device->network == NETWORK_NAT &&
	    !check_has_hardware(at->topology, at->connection->device_vm) &&
	    !uses_network(at->topology, at->connection->device_vm)) {
		rule_report(at->rules, &rule_network_uplink, device_place(device, "network"),
		            "'%s' has no network into which it could translate addresses",
		            vm->suffix);
	}
}

void check_network_uplink(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_uplink);
}

RULE(network_uplink, "network-uplink", ADVICE, WHOLE,
     "A device VM is to translate the addresses of a network and has neither hardware nor a "
     "network of its own to which it could pass the packets on.");
