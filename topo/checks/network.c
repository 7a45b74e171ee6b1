/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of networks: addresses, subnets that a VM could not tell apart, and interfaces that the
 * device VM could not make.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/routes.h"

struct text_address {
	char text[16];
};

static struct text_address dotted(uint32_t address)
{
	struct text_address out;

	snprintf(out.text, sizeof(out.text), "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
	         address >> 8 & 0xff, address & 0xff);
	return out;
}

static uint32_t mask_of(uint32_t prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

typedef void net_visit(struct rules *rules, const struct topology *topology, struct strmap *seen,
                       const struct connection *connection, const struct device *device);

static void each_net(struct rules *rules, const struct topology *topology, net_visit *visit)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type == DEVICE_NET) {
				visit(rules, topology, &seen, connection, &connection->devices[j]);
			}
		}
	}
	arena_free(arena);
}

static void visit_mac(struct rules *rules, const struct topology *topology, struct strmap *seen,
                      const struct connection *connection, const struct device *device)
{
	(void)topology;
	(void)seen;
	(void)connection;
	/* Bit 0: a group. Bit 1: administered locally. */
	if ((device->mac[0] & 3) == 0) {
		rule_report(
			rules, &rule_mac_local, device_place(device, "mac"),
			"a MAC address that begins with %02x:%02x:%02x is a maker's; with 02, nobody's",
			device->mac[0], device->mac[1], device->mac[2]);
	}
}

void check_mac_local(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_mac);
}

RULE(mac_local, "mac-local", ADVICE, EACH,
     "A MAC address that is not marked as administered locally belongs to a maker of network "
     "cards, and may be that of a real card.");

static void visit_host(struct rules *rules, const struct topology *topology, struct strmap *seen,
                       const struct connection *connection, const struct device *device)
{
	uint32_t mask = mask_of(device->prefix);

	(void)topology;
	(void)seen;
	(void)connection;
	for (size_t i = 0; i < 2 && device->prefix < 31; i++) {
		uint32_t host = device->address[i] & ~mask;

		if (host == 0 || host == ~mask) {
			rule_report(rules, &rule_address_host, device_place(device, "address"),
			            "%s is the %s of its subnet of /%u, no host's",
			            dotted(device->address[i]).text,
			            host == 0 ? "name" : "broadcast address", device->prefix);
		}
	}
}

void check_address_host(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_host);
}

RULE(address_host, "address-host", ERROR, EACH,
     "An interface has the first or the last address of its subnet, which stand for the subnet "
     "itself and for all its hosts.");

struct block {
	uint32_t base;
	uint32_t prefix;
	const char *what;
};

static const struct block *block_of(const struct block *blocks, size_t count, uint32_t address)
{
	for (size_t i = 0; i < count; i++) {
		if ((address & mask_of(blocks[i].prefix)) == blocks[i].base) {
			return &blocks[i];
		}
	}
	return NULL;
}

/* RFC 6890. */
static const struct block special[] = {
	{0x00000000, 8, "\"this network\""},
	{0x7f000000, 8, "the host itself"},
	{0xe0000000, 4, "groups"},
	{0xf0000000, 4, "nobody, as of today"},
};

/* Version 14 of clang-format indents every other row of this one wrongly. */
/* clang-format off */
static const struct block internal[] = {
	{0x0a000000,  8, "private"      },
	{0xac100000, 12, "private"      },
	{0xc0a80000, 16, "private"      },
	{0x64400000, 10, "shared"       },
	{0xa9fe0000, 16, "link-local"   },
	{0xc0000200, 24, "documentation"},
	{0xc6120000, 15, "benchmarks"   },
	{0xc6336400, 24, "documentation"},
	{0xcb007100, 24, "documentation"},
};
/* clang-format on */

#define SPECIAL_COUNT (ARRAY_COUNT(special))
#define INTERNAL_COUNT (ARRAY_COUNT(internal))

static void visit_special(struct rules *rules, const struct topology *topology, struct strmap *seen,
                          const struct connection *connection, const struct device *device)
{
	(void)topology;
	(void)seen;
	(void)connection;
	for (size_t i = 0; i < 2; i++) {
		const struct block *block = block_of(special, SPECIAL_COUNT, device->address[i]);

		if (block != NULL) {
			rule_report(rules, &rule_address_special, device_place(device, "address"),
			            "%s cannot be an interface's: such addresses are for %s",
			            dotted(device->address[i]).text, block->what);
		}
	}
}

void check_address_special(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_special);
}

RULE(address_special, "address-special", ERROR, EACH,
     "An interface has an address that no interface can have: of loopback, of a group, or a "
     "reserved one.");

static void visit_public(struct rules *rules, const struct topology *topology, struct strmap *seen,
                         const struct connection *connection, const struct device *device)
{
	uint32_t address = device->address[0];

	(void)topology;
	(void)seen;
	(void)connection;
	if (block_of(internal, INTERNAL_COUNT, address) == NULL &&
	    block_of(special, SPECIAL_COUNT, address) == NULL) {
		rule_report(rules, &rule_address_public, device_place(device, "address"),
		            "%s is an address of the public Internet", dotted(address).text);
	}
}

void check_address_public(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_public);
}

RULE(address_public, "address-public", ADVICE, EACH,
     "A network between VMs has addresses of the public Internet: whoever really has them "
     "cannot be reached.");

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
			uint32_t mask = mask_of(device->prefix);
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
		                dotted(now->device->address[0]).text, now->device->prefix)) {
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

static void visit_bridge_address(struct rules *rules, const struct topology *topology,
                                 struct strmap *seen, const struct connection *connection,
                                 const struct device *device)
{
	const struct device *first = first_on_bridge(seen, connection, device);

	(void)topology;
	if ((first->address[0] != device->address[0] || first->prefix != device->prefix) &&
	    rule_report(rules, &rule_bridge_address, device_place(device, "address"),
	                "the bridge '%s' has the address %s/%u, and %s/%u too", device->bridge,
	                dotted(device->address[0]).text, device->prefix,
	                dotted(first->address[0]).text, first->prefix)) {
		diag_note(rules->diag, first->place, "the other one");
	}
}

void check_bridge_address(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_bridge_address);
}

RULE(bridge_address, "bridge-address", ERROR, EACH,
     "Devices on one bridge say different things of the bridge's address. It has one.");

static void visit_bridge_kind(struct rules *rules, const struct topology *topology,
                              struct strmap *seen, const struct connection *connection,
                              const struct device *device)
{
	const struct device *first = first_on_bridge(seen, connection, device);

	(void)topology;
	if (first->network != device->network &&
	    rule_report(rules, &rule_bridge_kind, device_place(device, "network"),
	                "the bridge '%s' is of the kind %s, and %s too", device->bridge,
	                network_name(device->network), network_name(first->network))) {
		diag_note(rules->diag, first->place, "the other one");
	}
}

void check_bridge_kind(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_bridge_kind);
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

static void visit_clash(struct rules *rules, const struct topology *topology, struct strmap *seen,
                        const struct connection *connection, const struct device *device)
{
	static char tap[1];
	static char bridge[1];
	const char *name = NULL;
	const char *option = "bridge";

	if (clashes(seen, connection->device_vm, device->tap, tap)) {
		name = device->tap;
		option = "tap";
	}
	if (device->bridge != NULL &&
	    clashes(seen, connection->device_vm, device->bridge, bridge)) {
		name = device->bridge;
		option = "bridge";
	}
	if (name != NULL) {
		rule_report(rules, &rule_interface_clash, device_place(device, option),
		            "'%s' is a tap and a bridge of '%s'", name,
		            check_suffix(topology, connection->device_vm));
	}
}

void check_interface_clash(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_clash);
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

static void visit_reserved(struct rules *rules, const struct topology *topology,
                           struct strmap *seen, const struct connection *connection,
                           const struct device *device)
{
	bool tap = is_reserved(device->tap);
	const char *name = tap ? device->tap : device->bridge;

	(void)topology;
	(void)seen;
	(void)connection;
	if (is_reserved(name)) {
		rule_report(rules, &rule_interface_reserved,
		            device_place(device, tap ? "tap" : "bridge"),
		            "'%s' is a name that Linux has taken itself", name);
	}
}

void check_interface_reserved(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_reserved);
}

RULE(interface_reserved, "interface-reserved", ERROR, EACH,
     "A tap or bridge has a name that Linux uses itself: lo, all, default, or that of a network "
     "card.");

static void visit_routes(struct rules *rules, const struct topology *topology, struct strmap *seen,
                         const struct connection *connection, const struct device *device)
{
	/* One is the driver VM's own address. */
	const size_t room = PV_BACKEND_SOURCES_MAX - 1;
	size_t count = 0;

	routes_behind(&topology->model, connection->driver_vm, &count, seen->arena);
	if (count > room) {
		rule_report(rules, &rule_routes_many, device_place(device, "target"),
		            "'%s' has %zu routed networks behind it, and a device VM knows the way "
		            "to %zu",
		            check_suffix(topology, connection->driver_vm), count, room);
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
		each_net(rules, topology, visit_routes);
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

static void visit_uplink(struct rules *rules, const struct topology *topology, struct strmap *seen,
                         const struct connection *connection, const struct device *device)
{
	const struct vm *vm = &topology->model.vms[connection->device_vm];

	(void)seen;
	if (device->network == NETWORK_NAT &&
	    !check_has_hardware(topology, connection->device_vm) &&
	    !uses_network(topology, connection->device_vm)) {
		rule_report(rules, &rule_network_uplink, device_place(device, "network"),
		            "'%s' has no network into which it could translate addresses",
		            vm->suffix);
	}
}

void check_network_uplink(struct rules *rules, const struct topology *topology)
{
	each_net(rules, topology, visit_uplink);
}

RULE(network_uplink, "network-uplink", ADVICE, WHOLE,
     "A device VM is to translate the addresses of a network and has neither hardware nor a "
     "network of its own to which it could pass the packets on.");
