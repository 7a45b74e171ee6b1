/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two passes: what the topology gives is entered first, then the gaps are filled around it, so
 * that a default never takes what was given to another device.
 */
#include "topo/resolve/default_networks.h"

#include <stdio.h>
#include <string.h>

#include "topo/base/strmap.h"

#define TAP_PREFIX "tap-"
#define INTERFACE_NAME_MAX 15U   /* IFNAMSIZ of Linux, less its NUL */
#define SUBNET_FIRST 0x0a4d0000U /* 10.77.0.0 */
#define SUBNET_PREFIX 24U

/* A subnet: of a bridge, or of one tap without one. */
struct subnet {
	uint32_t address; /* of the device VM; 0 = not decided */
	uint32_t prefix;
	uint32_t next_host;
};

struct networks {
	struct topology *topology;
	struct strmap names;   /* "vm/name" of taps and bridges that are taken */
	struct strmap subnets; /* "vm/bridge" or "vm/tap" => struct subnet * */
	uint32_t *next_bridge; /* of each VM */
	uint32_t *next_tap;
	uint32_t subnet_count;
};

static const char *scoped(const struct networks *networks, size_t vm, const char *name)
{
	return arena_printf(networks->topology->arena, "%zu/%s", vm, name);
}

static bool is_taken(const struct networks *networks, size_t vm, const char *name)
{
	return strmap_get(&networks->names, scoped(networks, vm, name)) != NULL;
}

static void take_name(struct networks *networks, size_t vm, const char *name)
{
	strmap_set(&networks->names, scoped(networks, vm, name), networks);
}

/* "tap-driver"; with a number where that is taken, as short as Linux wants it. */
static const char *new_tap(struct networks *networks, size_t vm, const char *suffix)
{
	struct arena *arena = networks->topology->arena;
	int room = (int)(INTERFACE_NAME_MAX - strlen(TAP_PREFIX));
	const char *name = arena_printf(arena, TAP_PREFIX "%.*s", room, suffix);

	while (is_taken(networks, vm, name)) {
		char number[16];
		int digits = snprintf(number, sizeof(number), "%u", ++networks->next_tap[vm]);

		name = arena_printf(arena, TAP_PREFIX "%.*s%s", digits < room ? room - digits : 0,
		                    suffix, number);
	}
	take_name(networks, vm, name);
	return name;
}

static const char *new_bridge(struct networks *networks, size_t vm)
{
	const char *name = NULL;

	do {
		name = arena_printf(networks->topology->arena, "br%u", networks->next_bridge[vm]++);
	} while (is_taken(networks, vm, name));
	take_name(networks, vm, name);
	return name;
}

/* The subnet that the device is on; new ones are empty. */
static struct subnet *subnet_of(struct networks *networks, size_t vm, const struct device *device)
{
	const char *name = device->bridge != NULL ? device->bridge : device->tap;
	const char *key = scoped(networks, vm, name);
	void **slot = strmap_slot(&networks->subnets, key, strlen(key));

	if (*slot == NULL) {
		struct subnet *subnet = arena_alloc(networks->topology->arena, sizeof(*subnet));

		subnet->next_host = 2;
		*slot = subnet;
	}
	return *slot;
}

static void fill_mac(struct device *device, size_t connection, size_t index)
{
	static const uint8_t none[6];
	const uint8_t mac[6] = {
		0x02, 0x70, 0x76, (uint8_t)(connection >> 8), (uint8_t)connection, (uint8_t)index,
	};

	if (memcmp(device->mac, none, sizeof(none)) == 0) {
		memcpy(device->mac, mac, sizeof(mac));
	}
}

/* Enter what is given: names that defaults must avoid, and addresses of bridges. */
static void enter_given(struct networks *networks, size_t vm, const struct device *device)
{
	if (device->tap != NULL) {
		take_name(networks, vm, device->tap);
	}
	if (device->bridge != NULL) {
		take_name(networks, vm, device->bridge);
	}
	if (device->address[0] != 0 && device->bridge != NULL) {
		struct subnet *subnet = subnet_of(networks, vm, device);

		subnet->address = device->address[0];
		subnet->prefix = device->prefix;
	}
}

/* 10.77.0.0, 10.77.1.0, …, 10.78.0.0, …; after 10.255.255.0 again from 10.0.0.0. */
static uint32_t new_subnet(struct networks *networks)
{
	uint32_t number = networks->subnet_count++;

	return (SUBNET_FIRST & 0xff000000U) | ((SUBNET_FIRST + (number << 8)) & 0x00ffff00U);
}

static uint32_t host_in(const struct subnet *subnet, uint32_t host)
{
	uint32_t mask = UINT32_MAX << (32 - subnet->prefix);

	return (subnet->address & mask) | (host & ~mask);
}

static void fill_addresses(struct networks *networks, size_t vm, struct device *device)
{
	struct subnet *subnet = subnet_of(networks, vm, device);

	if (device->address[0] != 0) {
		subnet->address = device->address[0];
		subnet->prefix = device->prefix;
	}
	if (subnet->address == 0) {
		/* A driver address alone fixes the subnet. */
		subnet->address = device->address[1] != 0 ? device->address[1] & 0xffffff00U
		                                          : new_subnet(networks);
		subnet->prefix = SUBNET_PREFIX;
		subnet->address += (device->address[1] & 0xff) == 1 ? 254 : 1;
	}
	device->address[0] = subnet->address;
	device->prefix = subnet->prefix;
	while (device->address[1] == 0 || device->address[1] == device->address[0]) {
		device->address[1] = host_in(subnet, subnet->next_host++);
	}
}

static void fill_device(struct networks *networks, size_t connection, size_t index)
{
	const struct model *model = &networks->topology->model;
	size_t vm = model->connections[connection].device_vm;
	size_t driver = model->connections[connection].driver_vm;
	struct device *device = &model->connections[connection].devices[index];

	fill_mac(device, connection, index);
	if (device->tap == NULL) {
		device->tap = new_tap(networks, vm, model->vms[driver].suffix);
	}
	if (device->bridge == NULL && device->network != NETWORK_ROUTED) {
		device->bridge = new_bridge(networks, vm);
	}
	fill_addresses(networks, vm, device);
}

void default_networks(struct topology *topology)
{
	const struct model *model = &topology->model;
	size_t bytes = (model->vm_count + 1) * sizeof(uint32_t);
	struct networks networks = {
		.topology = topology,
		.next_bridge = arena_alloc(topology->arena, bytes),
		.next_tap = arena_alloc(topology->arena, bytes),
	};

	strmap_init(&networks.names, topology->arena);
	strmap_init(&networks.subnets, topology->arena);
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type == DEVICE_NET) {
				enter_given(&networks, connection->device_vm,
				            &connection->devices[j]);
			}
		}
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		for (size_t j = 0; j < model->connections[i].device_count; j++) {
			if (model->connections[i].devices[j].type == DEVICE_NET) {
				fill_device(&networks, i, j);
			}
		}
	}
}
