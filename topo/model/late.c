/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/late.h"

#include "topo/base/arena.h"

/* Mark whom a marked VM serves. Returns whether there is a new one. */
static bool spread(const struct model *model, bool *is_served)
{
	bool is_more = false;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (is_served[connection->device_vm] && !is_served[connection->driver_vm]) {
			is_served[connection->driver_vm] = true;
			is_more = true;
		}
	}
	return is_more;
}

bool late_by_circle(const struct model *model, const struct connection *connection)
{
	struct arena *arena = arena_new();
	bool *is_served = arena_alloc(arena, model->vm_count + 1);
	bool found = false;

	is_served[connection->driver_vm] = true;
	while (spread(model, is_served)) {
	}
	found = is_served[connection->device_vm];
	arena_free(arena);
	return found;
}

bool late_is(const struct model *model, const struct connection *connection)
{
	return !model->vms[connection->device_vm].autostart || late_by_circle(model, connection);
}
