/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/routes.h"

#include <string.h>

bool network_forwards(enum network network)
{
	return network == NETWORK_NAT || network == NETWORK_ROUTED;
}

/* Add the subnets that @connection routes to @routes. Returns whether there are any. */
static bool add_routes(const struct connection *connection, struct route **routes, size_t *count,
                       struct arena *arena)
{
	size_t before = *count;

	for (size_t i = 0; i < connection->device_count; i++) {
		const struct device *d = &connection->devices[i];

		if (d->type == DEVICE_NET && d->network == NETWORK_ROUTED) {
			*ARENA_ADD(arena, *routes, *count) = (struct route){
				d->address[0] & UINT32_MAX << (32 - d->prefix), d->prefix};
		}
	}
	return *count != before;
}

const struct route *routes_behind(const struct model *model, uint32_t vm, size_t *count,
                                  struct arena *arena)
{
	uint32_t *found = arena_alloc(arena, (model->vm_count + 1) * sizeof(*found));
	bool *is_found = arena_alloc(arena, model->vm_count + 1);
	struct route *routes = NULL;
	size_t found_count = 1;

	*count = 0;
	found[0] = vm;
	is_found[vm] = true;
	for (size_t next = 0; next < found_count; next++) {
		for (size_t i = 0; i < model->connection_count; i++) {
			const struct connection *connection = &model->connections[i];

			if (connection->device_vm == found[next] &&
			    add_routes(connection, &routes, count, arena) &&
			    !is_found[connection->driver_vm]) {
				is_found[connection->driver_vm] = true;
				found[found_count++] = connection->driver_vm;
			}
		}
	}
	return routes;
}

/* The neighbours of a VM, as they are found. */
struct neighbours {
	const struct model *model;
	uint32_t vm;
	struct arena *arena;
	struct neighbour *list;
	size_t count;
};

static void add_neighbour(struct neighbours *n, uint32_t vm, uint32_t address)
{
	for (size_t i = 0; i < n->count; i++) {
		if (n->list[i].address == address && n->list[i].vm == vm) {
			return;
		}
	}
	if (vm != n->vm && address != 0) {
		*ARENA_ADD(n->arena, n->list, n->count) = (struct neighbour){vm, address};
	}
}

static bool is_network(const struct device *device)
{
	return device->type == DEVICE_NET && device->network != NETWORK_ISOLATED;
}

/* The driver VMs on the bridge of @device, which VM @server serves. */
static void add_bridge(struct neighbours *n, uint32_t server, const struct device *device)
{
	for (size_t i = 0; device->bridge != NULL && i < n->model->connection_count; i++) {
		const struct connection *c = &n->model->connections[i];

		for (size_t j = 0; c->device_vm == server && j < c->device_count; j++) {
			const struct device *d = &c->devices[j];

			if (is_network(d) && d->bridge != NULL &&
			    strcmp(d->bridge, device->bridge) == 0) {
				add_neighbour(n, c->driver_vm, d->address[1]);
			}
		}
	}
}

const struct neighbour *routes_neighbours(const struct model *model, uint32_t vm, size_t *count,
                                          struct arena *arena)
{
	struct neighbours n = {.model = model, .vm = vm, .arena = arena};

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *c = &model->connections[i];

		for (size_t j = 0; j < c->device_count; j++) {
			const struct device *d = &c->devices[j];

			if (is_network(d) && c->device_vm == vm) {
				add_neighbour(&n, c->driver_vm, d->address[1]);
			} else if (is_network(d) && c->driver_vm == vm) {
				add_neighbour(&n, c->device_vm, d->address[0]);
				add_bridge(&n, c->device_vm, d);
			}
		}
	}
	*count = n.count;
	return n.list;
}

const struct device *routes_default(const struct model *model, uint32_t vm)
{
	const struct device *first = NULL;
	bool forwards = false;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			const struct device *d = &connection->devices[j];

			if (d->type != DEVICE_NET) {
				continue;
			}
			if (connection->driver_vm == vm && network_forwards(d->network)) {
				return d;
			}
			if (connection->driver_vm == vm && d->network == NETWORK_BRIDGE &&
			    first == NULL) {
				first = d;
			}
			forwards |= connection->device_vm == vm && network_forwards(d->network);
		}
	}
	return forwards ? first : NULL;
}
