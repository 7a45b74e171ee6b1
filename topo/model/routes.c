/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/routes.h"

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
