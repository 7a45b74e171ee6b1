/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of vsock devices, of which a guest takes one. Which VM of a connection is the driver VM
 * says nothing of who speaks first, so that a connection may be turned round.
 */
#include "topo/checks/internal.h"
#include "topo/checks/orientation.h"

static bool is_connected(const struct model *model, uint32_t device_vm, uint32_t driver_vm)
{
	for (size_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].device_vm == device_vm &&
		    model->connections[i].driver_vm == driver_vm) {
			return true;
		}
	}
	return false;
}

/* All vsock devices as what can be turned; 0 if there are more than a system has. */
static size_t collect(const struct model *model, struct orientation *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type != DEVICE_VSOCK) {
				continue;
			}
			if (count == ORIENTATION_MAX) {
				return 0;
			}
			/* Whatever else it carries would turn with it. */
			rows[count++] = (struct orientation){
				.device_vm = connection->device_vm,
				.driver_vm = connection->driver_vm,
				.turnable = connection->device_count == 1 &&
			                    !is_connected(model, connection->driver_vm,
			                                  connection->device_vm),
			};
		}
	}
	return count;
}

static void advise(struct rules *rules, const struct topology *topology)
{
	struct orientation rows[ORIENTATION_MAX];
	const size_t count = collect(&topology->model, rows);

	orientation_find(rows, count);
	for (size_t i = 0; i < count; i++) {
		const char *device = check_suffix(topology, rows[i].device_vm);
		const char *driver = check_suffix(topology, rows[i].driver_vm);

		if (rows[i].turned) {
			diag_help(rules->diag,
			          "turn '%s' -> '%s' round: VIRTIO_COMPOSITION_DEF(%s, %s), and "
			          "'%s' serves the vsock",
			          device, driver, driver, device, driver);
		} else if (rows[i].left) {
			diag_help(rules->diag,
			          "'%s' -> '%s' needs a device of another type: there is no way "
			          "round for all of them",
			          device, driver);
		}
	}
}

/* The place of the vsock device with which a VM has one; each further one is reported. */
static void check_connection(struct rules *rules, const struct topology *topology,
                             const struct connection *connection, struct place *first,
                             bool *advised)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		const struct device *device = &connection->devices[i];

		if (device->type != DEVICE_VSOCK) {
			continue;
		}
		if (first->file == NULL) {
			*first = device->place;
		} else if (rule_report(rules, &rule_vsock_one, device->place,
		                       "'%s' would have two vsock devices, and Linux takes one",
		                       check_suffix(topology, connection->driver_vm))) {
			if (!*advised) {
				advise(rules, topology);
			}
			*advised = true;
			diag_note(rules->diag, *first, "the first one");
		}
	}
}

void check_vsock_one(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	struct arena *arena = arena_new();
	struct place *firsts = arena_alloc(arena, (model->vm_count + 1) * sizeof(*firsts));
	bool advised = false;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		check_connection(rules, topology, connection, &firsts[connection->driver_vm],
		                 &advised);
	}
	arena_free(arena);
}

RULE(vsock_one, "vsock-one", ERROR, EACH,
     "Linux takes one vsock device in a guest at most: a VM can be driver VM of one only, and "
     "device VM of any number. The messages of a mesh go both ways, so that a connection may be "
     "turned round; topo says which, as few as possible, or what needs a device of another type.");
