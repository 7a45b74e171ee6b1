/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of how a system is divided into VMs: paths between what is exposed and what is of value,
 * and names.
 */
#include <string.h>

#include "topo/checks/internal.h"

#define PATHS_SHOWN_MAX 50U

static bool is_connected(const struct topology *topology, size_t vm)
{
	return topology->vm_origins[vm].served_count != 0 ||
	       topology->vm_origins[vm].used_count != 0;
}

void check_hardware_unused(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count && topology->model.vm_count > 1; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (check_has_hardware(topology, i) && !is_connected(topology, i)) {
			rule_report(rules, &rule_hardware_unused, vm->place,
			            "'%s' has hardware and serves nobody", vm->suffix);
		}
	}
}

RULE(hardware_unused, "hardware-unused", ADVICE, WHOLE,
     "A VM has hardware and no connection, in a system of several VMs: nothing uses the "
     "hardware but itself.");

static unsigned int types_served(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	unsigned int types = 0;

	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection =
			&topology->model.connections[origin->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			types |= 1U << connection->devices[j].type;
		}
	}
	return types;
}

void check_hardware_many(const struct check_vm *at)
{
	int types = __builtin_popcount(types_served(at->topology, at->index));

	if (at->vm->pci_count > 1 && types > 1) {
		rule_report(at->rules, &rule_hardware_many, check_vm_place(at, VM_PCI),
		            "'%s' has %zu PCI functions and serves %d types of device; "
		            "they could be divided among device VMs",
		            at->vm->suffix, at->vm->pci_count, types);
	}
}

RULE(hardware_many, "hardware-many", ADVICE, WHOLE,
     "One device VM has several PCI functions and serves several types of device. With a device "
     "VM for each, the loss of one is not the loss of all.");

static bool has_network(const struct topology *topology, const size_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (check_has_type(&topology->model.connections[list[i]], DEVICE_NET)) {
			return true;
		}
	}
	return false;
}

void check_exposed_no_way(const struct check_vm *at)
{
	if (at->vm->exposed && !check_has_hardware(at->topology, at->index) &&
	    !has_network(at->topology, at->origin->served, at->origin->served_count) &&
	    !has_network(at->topology, at->origin->used, at->origin->used_count)) {
		rule_report(at->rules, &rule_exposed_no_way, check_vm_place(at, VM_EXPOSED),
		            "'%s' is exposed and has neither hardware nor a network",
		            at->vm->suffix);
	}
}

RULE(exposed_no_way, "exposed-no-way", ADVICE, WHOLE,
     "A VM is said to be exposed and has neither hardware nor a network interface: nothing from "
     "outside reaches it.");

/* Network connections from the exposed VMs, breadth first. */
struct walk {
	const struct topology *topology;
	size_t *distance; /* 0 = not reached, 1 = exposed */
	size_t *queue;
	size_t *from;
	size_t end;
};

static void reach(struct walk *walk, size_t from, size_t connection)
{
	const struct connection *row = &walk->topology->model.connections[connection];
	size_t peer = row->device_vm == from ? row->driver_vm : row->device_vm;

	if (walk->distance[peer] == 0 && check_has_type(row, DEVICE_NET)) {
		walk->distance[peer] = walk->distance[from] + 1;
		walk->from[peer] = from;
		walk->queue[walk->end++] = peer;
	}
}

static void walk_networks(struct walk *walk)
{
	const struct topology *topology = walk->topology;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		if (topology->model.vms[i].exposed) {
			walk->distance[i] = 1;
			walk->queue[walk->end++] = i;
		}
	}
	for (size_t next = 0; next < walk->end; next++) {
		size_t vm = walk->queue[next];
		const struct vm_origin *origin = &topology->vm_origins[vm];

		for (size_t i = 0; i < origin->served_count; i++) {
			reach(walk, vm, origin->served[i]);
		}
		for (size_t i = 0; i < origin->used_count; i++) {
			reach(walk, vm, origin->used[i]);
		}
	}
}

void check_asset_network(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	size_t bytes = (topology->model.vm_count + 1) * sizeof(size_t);
	struct walk walk = {
		.topology = topology,
		.distance = arena_alloc(arena, bytes),
		.queue = arena_alloc(arena, bytes),
		.from = arena_alloc(arena, bytes),
	};

	walk_networks(&walk);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		/* Direct neighbours are those of exposed-asset. */
		if (vm->asset != NULL && walk.distance[i] > 2) {
			rule_report(rules, &rule_asset_network, vm_place(topology, i, VM_ASSET),
			            "%zu networks lead from the outside to '%s', the last one by "
			            "'%s'",
			            walk.distance[i] - 1, vm->suffix,
			            check_suffix(topology, walk.from[i]));
		}
	}
	arena_free(arena);
}

RULE(asset_network, "asset-network", ADVICE, WHOLE,
     "Network connections alone lead from an exposed VM to one with an asset. Put a connection "
     "that is no network between them.");

void check_attack_paths(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	size_t count = model->connection_count;
	struct arena *arena = arena_new();

	if (count != 0 && rule_report(rules, &rule_attack_paths, model->connections[0].place,
	                              "%zu connection%s: each is a path for an attack, both ways",
	                              count, count == 1 ? "" : "s")) {
		const char *names = "";

		for (size_t i = 0; i < count && i < PATHS_SHOWN_MAX; i++) {
			names = arena_printf(
				arena, "%s%s%s - %s", names, i == 0 ? "" : ", ",
				check_suffix(topology, model->connections[i].device_vm),
				check_suffix(topology, model->connections[i].driver_vm));
		}
		diag_help(rules->diag, "audit each: %s%s", names,
		          count > PATHS_SHOWN_MAX ? ", ...; `topo report` has all" : "");
	}
	arena_free(arena);
}

RULE(attack_paths, "attack-paths", ADVICE, SOUND,
     "Every connection is a path by which a VM that has fallen can attack the VM at the other "
     "end: audit each. `topo report` shows where they lead.");

void check_vm_alone(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count && topology->model.vm_count > 1; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!check_has_hardware(topology, i) && !is_connected(topology, i) &&
		    vm->may_restart_count == 0) {
			rule_report(rules, &rule_vm_alone, vm->place,
			            "'%s' has no connection and no hardware", vm->suffix);
		}
	}
}

RULE(vm_alone, "vm-alone", ADVICE, WHOLE,
     "A VM has no connection and no hardware, and may restart nobody: nothing goes in and nothing comes "
     "out, apart from its console.");

void check_star(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		if (model->vm_count > 3 &&
		    topology->vm_origins[i].served_count == model->vm_count - 1) {
			rule_report(rules, &rule_star, model->vms[i].place,
			            "'%s' serves all %zu other VMs", model->vms[i].suffix,
			            model->vm_count - 1);
		}
	}
}

RULE(star, "star", ADVICE, WHOLE,
     "One VM serves all others, as a host does. Its loss is the loss of the whole system.");

static const char *lower_case(struct arena *arena, const char *name)
{
	char *lower = arena_copy(arena, name, strlen(name));

	for (char *next = lower; *next != '\0'; next++) {
		if (*next >= 'A' && *next <= 'Z') {
			*next = (char)(*next - 'A' + 'a');
		}
	}
	return lower;
}

void check_name_case(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap names;

	strmap_init(&names, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const char *lower = lower_case(arena, vm->name);
		const struct vm *before = strmap_get(&names, lower);

		if (before != NULL && strcmp(before->name, vm->name) != 0) {
			rule_report(rules, &rule_name_case, vm_place(topology, i, VM_NAME),
			            "the names '%s' and '%s' differ in capitals only", vm->name,
			            before->name);
		}
		strmap_set(&names, lower, &topology->model.vms[i]);
	}
	arena_free(arena);
}

RULE(name_case, "name-case", ADVICE, EACH,
     "The names of two VMs differ in capitals only: people mix them up.");

void check_name_swap(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap suffixes;

	strmap_init(&suffixes, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		strmap_set(&suffixes, vm->suffix, &topology->model.vms[i]);
	}
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const struct vm *other = strmap_get(&suffixes, vm->name);

		if (other != NULL && other != vm) {
			rule_report(rules, &rule_name_swap, vm_place(topology, i, VM_NAME),
			            "'%s' is named as '%s' is called in the text", vm->suffix,
			            other->instance);
		}
	}
	arena_free(arena);
}

RULE(name_swap, "name-swap", ADVICE, EACH,
     "A VM has by vm_name the name that another instance has in the text: messages and commands "
     "then speak of different VMs.");
