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

void check_trust_mixed(const struct check_vm *at)
{
	size_t high = served_with_trust(at->topology, at->index, TRUST_HIGH);
	size_t low = served_with_trust(at->topology, at->index, TRUST_LOW);

	if (high == at->topology->model.vm_count || low == at->topology->model.vm_count) {
		return;
	}
	if (rule_report(at->rules, &rule_trust_mixed, at->vm->place,
	                "'%s' serves '%s', of high trust, and '%s', of low trust",
	                suffix(at->topology, at->index), suffix(at->topology, high),
	                suffix(at->topology, low))) {
		diag_note(at->rules->diag, vm_place(at->topology, high, VM_TRUST), "high trust");
		diag_note(at->rules->diag, vm_place(at->topology, low, VM_TRUST), "low trust");
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

void check_trust_inverted(struct rules *rules, const struct topology *topology)
{
	const struct vm *vms = topology->model.vms;

	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		if (vms[connection->device_vm].trust == TRUST_LOW &&
		    vms[connection->driver_vm].trust == TRUST_HIGH) {
			rule_report(rules, &rule_trust_inverted, connection->place,
			            "'%s', of low trust, serves '%s', of high trust",
			            vms[connection->device_vm].suffix,
			            vms[connection->driver_vm].suffix);
		}
	}
}

RULE(trust_inverted, "trust-inverted", ADVICE, EACH,
     "A VM of high trust gets its devices from one of low trust, which sees and can change all "
     "that passes.");

void check_trust_exposed(const struct check_vm *at)
{
	if (at->vm->exposed && at->vm->trust == TRUST_HIGH) {
		rule_report(at->rules, &rule_trust_exposed, check_vm_place(at, VM_TRUST),
		            "'%s' has high trust and is exposed", at->vm->suffix);
	}
}

RULE(trust_exposed, "trust-exposed", ADVICE, EACH,
     "A VM of high trust is exposed: what faces the outside should be trusted least.");

void check_trust_missing(struct rules *rules, const struct topology *topology)
{
	size_t with = 0;
	size_t without = topology->model.vm_count;

	for (size_t i = topology->model.vm_count; i > 0; i--) {
		if (topology->model.vms[i - 1].trust != TRUST_NONE) {
			with++;
		} else {
			without = i - 1;
		}
	}
	if (with != 0 && without != topology->model.vm_count) {
		rule_report(rules, &rule_trust_missing, topology->model.vms[without].place,
		            "%zu of %zu VMs have a level of trust; '%s' has none", with,
		            topology->model.vm_count, check_suffix(topology, without));
	}
}

RULE(trust_missing, "trust-missing", ADVICE, WHOLE,
     "Some VMs have a level of trust and others have none: the checks of trust say nothing of "
     "those.");

/* The first exposed VM and the first with an asset; vm_count for none. */
static void find_ends(const struct topology *topology, size_t *exposed, size_t *asset)
{
	*exposed = topology->model.vm_count;
	*asset = topology->model.vm_count;
	for (size_t i = topology->model.vm_count; i > 0; i--) {
		*exposed = topology->model.vms[i - 1].exposed ? i - 1 : *exposed;
		*asset = topology->model.vms[i - 1].asset != NULL ? i - 1 : *asset;
	}
}

void check_asset_missing(struct rules *rules, const struct topology *topology)
{
	size_t exposed = 0;
	size_t asset = 0;

	find_ends(topology, &exposed, &asset);
	if (exposed < topology->model.vm_count && asset == topology->model.vm_count) {
		rule_report(rules, &rule_asset_missing, vm_place(topology, exposed, VM_EXPOSED),
		            "'%s' is exposed, and no VM has an asset",
		            check_suffix(topology, exposed));
	}
}

RULE(asset_missing, "asset-missing", ADVICE, WHOLE,
     "VMs are exposed and no VM has an asset: the analysis has no path to compute.");

void check_exposed_missing(struct rules *rules, const struct topology *topology)
{
	size_t exposed = 0;
	size_t asset = 0;

	find_ends(topology, &exposed, &asset);
	if (asset < topology->model.vm_count && exposed == topology->model.vm_count) {
		rule_report(rules, &rule_exposed_missing, vm_place(topology, asset, VM_ASSET),
		            "'%s' has an asset, and no VM is exposed",
		            check_suffix(topology, asset));
	}
}

RULE(exposed_missing, "exposed-missing", ADVICE, WHOLE,
     "VMs have assets and none is exposed: the analysis does not know where an attack begins.");

void check_asset_backend(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm_origin *origin = &topology->vm_origins[i];
		size_t exposed = model->vm_count;
		size_t asset = model->vm_count;

		for (size_t j = 0; j < origin->served_count; j++) {
			size_t driver = model->connections[origin->served[j]].driver_vm;

			exposed = model->vms[driver].exposed ? driver : exposed;
			asset = model->vms[driver].asset != NULL ? driver : asset;
		}
		if (exposed != model->vm_count && asset != model->vm_count && exposed != asset) {
			rule_report(rules, &rule_asset_backend, model->vms[i].place,
			            "'%s' serves '%s', which is exposed, and '%s', which holds %s",
			            model->vms[i].suffix, model->vms[exposed].suffix,
			            model->vms[asset].suffix, model->vms[asset].asset);
		}
	}
}

RULE(asset_backend, "asset-backend", ADVICE, EACH,
     "One device VM serves an exposed VM and one with an asset: it is the only step between "
     "them.");
