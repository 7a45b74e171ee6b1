/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of controllers: devices on which the devices of others depend. Who holds one can stop
 * them, and two who set the same clocks or resets undo what the other one did.
 */
#include <string.h>

#include "topo/checks/internal.h"

/* Where VM @vm is given the controller: by its node, one above it, or its registers. */
static bool find_holding(const struct topology *topology, size_t vm,
                         const struct board_controller *controller, struct place *place)
{
	const struct board_device *device =
		check_find_node(topology->model.board, controller->path);
	const struct vm *row = &topology->model.vms[vm];

	if (device == NULL) {
		return false;
	}
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		size_t bytes = strlen(row->dtb_nodes[i]);
		char end = strlen(device->path) < bytes ? '-' : device->path[bytes];

		if (strncmp(row->dtb_nodes[i], device->path, bytes) == 0 &&
		    (end == '\0' || end == '/')) {
			*place = topology->vm_origins[vm].node_places[i];
			return true;
		}
	}
	for (size_t i = 0; i < row->mmio_count && device->bytes != 0; i++) {
		if (check_overlap(row->mmios[i].base, row->mmios[i].bytes, device->base,
		                  device->bytes)) {
			*place = row->mmios[i].place;
			return true;
		}
	}
	return false;
}

typedef void holding_visit(struct rules *rules, const struct topology *topology, size_t vm,
                           const struct board_controller *controller, struct place place,
                           void *context);

/* Call @visit for each controller that a VM is given. */
static void each_holding(struct rules *rules, const struct topology *topology, holding_visit *visit,
                         void *context)
{
	const struct board *board = topology->model.board;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		for (size_t j = 0; j < board->controller_count; j++) {
			struct place place;

			if (find_holding(topology, i, &board->controllers[j], &place)) {
				visit(rules, topology, i, &board->controllers[j], place, context);
			}
		}
	}
}

/* Whose devices a controller can stop. */
struct victims {
	size_t vms[2];  /* the first two VMs with hardware */
	size_t said_of; /* once of each VM is enough */
};

static void visit_held(struct rules *rules, const struct topology *topology, size_t vm,
                       const struct board_controller *controller, struct place place, void *context)
{
	struct victims *victims = context;
	size_t victim = victims->vms[0] == vm ? victims->vms[1] : victims->vms[0];

	if (victim >= topology->model.vm_count || victims->said_of == vm) {
		return;
	}
	victims->said_of = vm;
	if (rule_report(rules, &rule_controller_held, place, "by %s '%s' can stop devices of '%s'",
	                controller->path, check_suffix(topology, vm),
	                check_suffix(topology, victim))) {
		diag_note(rules->diag, check_hardware_place(topology, victim),
		          "'%s' is given devices here", check_suffix(topology, victim));
	}
}

void check_controller_held(struct rules *rules, const struct topology *topology)
{
	size_t count = topology->model.vm_count;
	struct victims victims = {{count, count}, count};
	size_t found = 0;

	for (size_t i = 0; i < count && found < 2; i++) {
		if (check_has_hardware(topology, i)) {
			victims.vms[found++] = i;
		}
	}
	each_holding(rules, topology, visit_held, &victims);
}

RULE_TO_RUN(controller_held, "controller-held", EACH,
            "A VM holds a controller of clocks, resets, power or pins that devices of other VMs "
            "depend on: it can stop them.",
            "that the VM can stop the devices of all others");

/* Who had a power first. */
struct holder {
	const struct board_controller *controller; /* NULL = nobody */
	size_t vm;
	struct place place;
};

static void visit_shared(struct rules *rules, const struct topology *topology, size_t vm,
                         const struct board_controller *controller, struct place place,
                         void *context)
{
	struct holder *holders = context;
	bool said = false;

	for (unsigned int i = 0; i < BOARD_POWERS; i++) {
		struct holder *first = &holders[i];

		if ((controller->powers & 1U << i) == 0) {
			continue;
		}
		if (first->controller == NULL) {
			*first = (struct holder){controller, vm, place};
		} else if (first->vm != vm && !said &&
		           rule_report(
				   rules, &rule_controller_shared, place,
				   "'%s' sets %s by %s, and '%s' by %s", check_suffix(topology, vm),
				   board_power_name((enum board_power)(1U << i)), controller->path,
				   check_suffix(topology, first->vm), first->controller->path)) {
			said = true;
			diag_note(rules->diag, first->place, "given to '%s' here",
			          check_suffix(topology, first->vm));
		}
	}
}

void check_controller_shared(struct rules *rules, const struct topology *topology)
{
	struct holder holders[BOARD_POWERS] = {{.vm = 0}};

	each_holding(rules, topology, visit_shared, holders);
}

RULE(controller_shared, "controller-shared", ERROR, EACH,
     "Two VMs set the same clocks, resets, power or pins, each by a controller of its own or by "
     "one that they share: each undoes what the other one did.");
