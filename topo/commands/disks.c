/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/commands/disks.h. A disk lasts as long as what it lies on: a file of the build host, the machine
 * (one run of it), or the RAM of the VM that serves it.
 */
#include "topo/commands/disks.h"

#include <stdio.h>

#include "topo/base/say.h"
#include "topo/model/medium.h"
#include "topo/model/medium_slot.h"
#include "topo/model/pci_models.h"

static void print_slot(const struct machine_slot *slot)
{
	enum pci_back back = slot->model->back;

	if (back != PCI_BACK_DISK && back != PCI_BACK_CARD && back != PCI_BACK_USB) {
		return;
	}
	say(stdout, "disk in slot 0:%u.0 (%s): ", slot->device, slot->model->name);
	if (slot->file != NULL) {
		say(stdout, "kept in %s\n", slot->file);
	} else {
		say(stdout, "gone with the run (`file` keeps it)\n");
	}
}

static void print_served(const struct model *model, const struct connection *connection,
                         const struct device *device)
{
	const struct vm *server = &model->vms[connection->device_vm];
	const char *medium = device_medium(device);
	const struct machine_slot *slot = NULL;

	say(stdout, "disk of '%s' from '%s': ", model->vms[connection->driver_vm].suffix,
	    server->suffix);
	if (medium == NULL) {
		say(stdout, "in the RAM of '%s', gone when that ends\n", server->suffix);
		return;
	}
	(void)medium_slot(model, server, medium, &slot);
	if (slot != NULL) {
		say(stdout, "on %s, slot 0:%u.0\n", medium, slot->device);
	} else {
		say(stdout, "on %s of '%s'\n", medium, server->suffix);
	}
}

void disks_print(const struct model *model)
{
	for (size_t i = 0; i < model->slot_count; i++) {
		print_slot(&model->slots[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type == DEVICE_BLK) {
				print_served(model, connection, &connection->devices[j]);
			}
		}
	}
}
