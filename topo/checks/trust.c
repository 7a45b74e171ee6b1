/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of how VMs are divided: what topologies say by trust, exposed and asset.
 */
#include "topo/checks/internal.h"

static const char *suffix(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].suffix;
}

/* A VM of that trust level which is served by @vm, model.vm_count if there is none. */
static size_t served_with_trust(const struct topology *topology, size_t vm, enum trust trust)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];

	for (size_t i = 0; i < origin->served_count; i++) {
		size_t driver = topology->model.connections[origin->served[i]].driver_vm;

		if (topology->model.vms[driver].trust == trust) {
			return driver;
		}
	}
	return topology->model.vm_count;
}

void check_trust_mixed(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		size_t high = served_with_trust(topology, i, TRUST_HIGH);
		size_t low = served_with_trust(topology, i, TRUST_LOW);

		if (high == topology->model.vm_count || low == topology->model.vm_count) {
			continue;
		}
		if (check_report(checks, CHECK_TRUST_MIXED, topology->model.vms[i].place,
		                 "'%s' serves '%s', of high trust, and '%s', of low trust",
		                 suffix(topology, i), suffix(topology, high),
		                 suffix(topology, low))) {
			diag_note(checks->diag, vm_place(topology, high, VM_TRUST), "high trust");
			diag_note(checks->diag, vm_place(topology, low, VM_TRUST), "low trust");
		}
	}
}

static void check_neighbour(struct checks *checks, const struct topology *topology,
                            const struct connection *connection, size_t asset, size_t exposed)
{
	const struct vm *vms = topology->model.vms;

	if (vms[asset].asset == NULL || !vms[exposed].exposed) {
		return;
	}
	if (check_report(checks, CHECK_EXPOSED_ASSET, connection->place,
	                 "'%s' holds %s and is connected directly with '%s', which is exposed",
	                 vms[asset].suffix, vms[asset].asset, vms[exposed].suffix)) {
		diag_note(checks->diag, vm_place(topology, exposed, VM_EXPOSED), "exposed");
	}
}

void check_exposed_asset(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->asset != NULL && vm->exposed) {
			check_report(checks, CHECK_EXPOSED_ASSET, vm_place(topology, i, VM_ASSET),
			             "'%s' holds %s and is exposed", vm->suffix, vm->asset);
		}
	}
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		check_neighbour(checks, topology, connection, connection->device_vm,
		                connection->driver_vm);
		check_neighbour(checks, topology, connection, connection->driver_vm,
		                connection->device_vm);
	}
}
