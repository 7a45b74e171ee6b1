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

void check_trust_mixed(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		size_t high = served_with_trust(topology, i, TRUST_HIGH);
		size_t low = served_with_trust(topology, i, TRUST_LOW);

		if (high == topology->model.vm_count || low == topology->model.vm_count) {
			continue;
		}
		if (rule_report(rules, &rule_trust_mixed, topology->model.vms[i].place,
		                "'%s' serves '%s', of high trust, and '%s', of low trust",
		                suffix(topology, i), suffix(topology, high),
		                suffix(topology, low))) {
			diag_note(rules->diag, vm_place(topology, high, VM_TRUST), "high trust");
			diag_note(rules->diag, vm_place(topology, low, VM_TRUST), "low trust");
		}
	}
}

RULE(trust_mixed, "trust-mixed", ADVICE, EACH,
     "One device VM serves VMs of high and of low trust. Who takes over the low one and then "
     "the device VM reaches the high one's data: separate by trust level.");

static void check_neighbour(struct rules *rules, const struct topology *topology,
                            const struct connection *connection, size_t asset, size_t exposed)
{
	const struct vm *vms = topology->model.vms;

	if (vms[asset].asset == NULL || !vms[exposed].exposed) {
		return;
	}
	if (rule_report(rules, &rule_exposed_asset, connection->place,
	                "'%s' holds %s and is connected directly with '%s', which is exposed",
	                vms[asset].suffix, vms[asset].asset, vms[exposed].suffix)) {
		diag_note(rules->diag, vm_place(topology, exposed, VM_EXPOSED), "exposed");
	}
}

void check_exposed_asset(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->asset != NULL && vm->exposed) {
			rule_report(rules, &rule_exposed_asset, vm_place(topology, i, VM_ASSET),
			            "'%s' holds %s and is exposed", vm->suffix, vm->asset);
		}
	}
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		check_neighbour(rules, topology, connection, connection->device_vm,
		                connection->driver_vm);
		check_neighbour(rules, topology, connection, connection->driver_vm,
		                connection->device_vm);
	}
}

RULE(exposed_asset, "exposed-asset", ADVICE, EACH,
     "A VM with an asset is exposed itself, or connected directly with an exposed VM. Put "
     "assets at the end of a chain.");
