/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of disks that lie on hardware of their device VM.
 */
#include "topo/model/medium.h"

#include <string.h>
#include <sys/stat.h>

#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/medium_slot.h"

typedef void medium_visit(struct rules *rules, const struct topology *topology,
                          const struct connection *connection, const struct device *device);

static void each_medium(struct rules *rules, const struct topology *topology, medium_visit *visit)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (device_medium(&connection->devices[j]) != NULL) {
				visit(rules, topology, connection, &connection->devices[j]);
			}
		}
	}
}

static void visit_overlap(struct rules *rules, const struct topology *topology,
                          const struct connection *connection, const struct device *device)
{
	const struct device *before = medium_overlapped(&topology->model, connection, device);

	if (before == NULL) {
		return;
	}
	const bool same = strcmp(before->disk, device->disk) == 0;

	if (rule_report(rules, &rule_medium_overlap, device_place(device, same ? "offset" : "disk"),
	                same ? "this disk on '%s' lies upon another one"
	                     : "'%s' may lie upon another disk, which is on the whole device",
	                same || strlen(device->disk) > strlen(before->disk) ? device->disk
	                                                                    : before->disk)) {
		if (same) {
			diag_help(rules->diag, "that one has bytes %llu to %llu",
			          (unsigned long long)before->offset,
			          (unsigned long long)(before->offset + before->disk_bytes - 1));
		}
		diag_note(rules->diag, device_place(before, "disk"), "the other one");
	}
}

void check_medium_overlap(struct rules *rules, const struct topology *topology)
{
	each_medium(rules, topology, visit_overlap);
}

RULE(medium_overlap, "medium-overlap", ERROR, WHOLE,
     "Two disks lie on the same bytes of a device VM's block device, and one of them is written: "
     "their driver VMs would read and destroy each other's data. A partition counts as lying upon "
     "a disk on the whole device.");

static void visit_order(struct rules *rules, const struct topology *topology,
                        const struct connection *connection, const struct device *device)
{
	const struct device *before = medium_swapped(&topology->model, connection, device);

	if (before != NULL &&
	    rule_report(rules, &rule_medium_order, device_place(device, "disk"),
	                "'%s' and '%s' may change places when '%s' boots", device->disk,
	                before->disk, topology->model.vms[connection->device_vm].suffix)) {
		diag_note(rules->diag, device_place(before, "disk"), "the other one");
		diag_help(rules->diag, "a VM for each, or ranges of one, are always told apart");
	}
}

void check_medium_order(struct rules *rules, const struct topology *topology)
{
	each_medium(rules, topology, visit_order);
}

RULE(medium_order, "medium-order", WARNING, WHOLE,
     "Two disks lie on two block devices of one kind, such as two of NVMe. Linux names them as it finds "
     "them, which may be another order each time that the device VM boots: a driver VM would have the "
     "disk of the other. The analysis counts them as shared.");

static bool has_served_disk(const struct topology *topology, uint32_t vm)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; connection->driver_vm == vm && j < connection->device_count;
		     j++) {
			if (connection->devices[j].type == DEVICE_BLK) {
				return true;
			}
		}
	}
	return false;
}

static void visit_missing(struct rules *rules, const struct topology *topology,
                          const struct connection *connection, const struct device *device)
{
	const struct vm *vm = &topology->model.vms[connection->device_vm];
	const struct machine_slot *slot = NULL;
	const struct place place = device_place(device, "disk");

	if (strncmp(device->disk, "/dev/vd", strlen("/dev/vd")) == 0 &&
	    has_served_disk(topology, connection->device_vm)) {
		rule_report(rules, &rule_medium_missing, place,
		            "'%s' is a disk that is served to '%s', not its own", device->disk,
		            vm->suffix);
	} else if (!medium_slot(&topology->model, vm, device->disk, &slot) &&
	           rule_report(rules, &rule_medium_missing, place,
	                       "'%s' has no hardware that could be '%s'", vm->suffix,
	                       device->disk)) {
		diag_help(rules->diag,
		          "nvme0n1 is the first nvme, mmcblk0 the card of the first sdhci-pci, "
		          "sda the stick of the first qemu-xhci; pci_devices gives one to a VM");
	}
}

void check_medium_missing(struct rules *rules, const struct topology *topology)
{
	each_medium(rules, topology, visit_missing);
}

RULE_TO_RUN(medium_missing, "medium-missing", WHOLE,
            "A disk lies on a block device that its device VM has no hardware for: it would never "
            "be served.",
            "that the device VM has the block device");

/* Of the disk in a slot; 0: nobody knows. */
static uint64_t slot_bytes(const struct machine_slot *slot)
{
	struct stat status;

	if (slot->file_bytes != 0 || slot->file == NULL) {
		return slot->file_bytes;
	}
	return stat(slot->file, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void visit_small(struct rules *rules, const struct topology *topology,
                        const struct connection *connection, const struct device *device)
{
	const struct vm *vm = &topology->model.vms[connection->device_vm];
	const struct machine_slot *slot = NULL;

	medium_slot(&topology->model, vm, device->disk, &slot);
	if (slot == NULL || medium_whole_bytes(device->disk) != strlen(device->disk)) {
		return;
	}
	const uint64_t there = slot_bytes(slot);

	if (there == 0 ||
	    (device->offset <= there && device->disk_bytes <= there - device->offset)) {
		return;
	}
	if (rule_report(rules, &rule_medium_small, device_place(device, "size"),
	                "this disk ends behind the end of '%s', which has %llu bytes", device->disk,
	                (unsigned long long)there)) {
		diag_note(rules->diag, slot->place,
		          "the size of what is in slot 0:%u.0 is said here", slot->device);
	}
}

void check_medium_small(struct rules *rules, const struct topology *topology)
{
	each_medium(rules, topology, visit_small);
}

RULE_TO_RUN(
	medium_small, "medium-small", WHOLE,
	"A disk lies on a block device of the machine that is smaller than it is to be: it would "
	"never be served.",
	"that the block device is large enough");
