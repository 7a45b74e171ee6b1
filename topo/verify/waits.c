/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/verify/waits.h"

bool waits_may_be_off(const struct verify *v, const struct connection *connection)
{
	bool *reached = arena_alloc(v->arena, v->model->vm_count + 1);

	reached[connection->driver_vm] = true;
	for (size_t round = 0; round < v->model->vm_count; round++) {
		for (size_t i = 0; i < v->model->connection_count; i++) {
			const struct connection *c = &v->model->connections[i];

			reached[c->driver_vm] = reached[c->driver_vm] || reached[c->device_vm];
		}
	}
	return reached[connection->device_vm] || !v->model->vms[connection->device_vm].autostart;
}
