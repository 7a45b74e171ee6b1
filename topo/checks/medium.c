/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of disks that lie on hardware of their device VM.
 */
#include "topo/model/medium.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"

/* How Linux names what functions of the machine store on: by a number from 0, or a letter from a. */
static const struct naming {
	const char *name;
	bool lettered;
	enum pci_back back;
	const char *rest; /* of the name of the whole: an nvme of QEMU has one namespace */
} names[] = {
	{"/dev/nvme", false, PCI_BACK_DISK, "n1"},
	{"/dev/mmcblk", false, PCI_BACK_CARD, ""},
	{"/dev/sd", true, PCI_BACK_USB, ""},
};

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

static const struct naming *name_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strncmp(path, names[i].name, strlen(names[i].name)) == 0) {
			return &names[i];
		}
	}
	return NULL;
}

/* Whether the whole of @path, or what @path is a partition of, is one of the first @count of @name. */
static bool is_among(const char *path, const struct naming *name, size_t count)
{
	const char *at = path + strlen(name->name);
	const char *end = at + (name->lettered ? 1 : strspn(at, "0123456789"));
	const size_t index = name->lettered ? (size_t)*at - 'a' : strtoul(at, NULL, 10);
	const size_t rest = strlen(name->rest);

	return end != at && index < count && strncmp(end, name->rest, rest) == 0 &&
	       end + rest == path + medium_whole_bytes(path);
}

/*
 * Whether @vm may have the hardware that Linux names like @path, as far as topo knows. If it can be
 * only one slot of the machine, that is in *@slot, else NULL.
 */
static bool find_medium(const struct model *model, const struct vm *vm, const char *path,
                        const struct machine_slot **slot)
{
	const struct naming *name = name_of(path);
	bool unknown = vm->mmio_count + vm->dtb_node_count != 0 || vm->smc;
	size_t matching = 0;

	*slot = NULL;
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct machine_slot *found = pci_slot_of(model, &vm->pci[i]);

		if (found == NULL || pci_model_find(found->model->name) == NULL) {
			unknown = true;
		} else if (name != NULL && found->model->back == name->back) {
			*slot = found;
			matching++;
		}
	}
	if (matching != 1 || unknown) {
		*slot = NULL;
	}
	return unknown || (matching != 0 && is_among(path, name, matching));
}

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
	} else if (!find_medium(&topology->model, vm, device->disk, &slot) &&
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

	find_medium(&topology->model, vm, device->disk, &slot);
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
