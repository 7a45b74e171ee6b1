/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of virtio devices: what must differ between two of them, and what cannot be served yet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/late.h"
#include "topo/model/medium.h"

#define INTERFACE_NAME_MAX 15U
#define CID_FIRST 3U

/* The device that had the same key before, NULL if none had; remembers this one. */
static const struct device *seen_before(const struct check_device *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const struct device *seen_before(const struct check_device *at, const char *format, ...)
{
	char key[512];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(key, sizeof(key), format, arguments);
	va_end(arguments);
	size_t bytes = length < 0 ? 0 : strlen(key);
	const char *kept = arena_copy(at->seen->arena, key, bytes);
	void **slot = strmap_slot(at->seen, kept, bytes);
	const struct device *before = *slot;

	if (before == NULL) {
		*slot = arena_alloc(at->seen->arena, sizeof(struct device));
		*(struct device *)*slot = *at->device;
	}
	return before;
}

static void format_mac(const struct device *device, char *text, size_t bytes)
{
	const uint8_t *mac = device->mac;

	snprintf(text, bytes, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
	         mac[4], mac[5]);
}

static void visit_mac(const struct check_device *at)
{
	const struct device *device = at->device;
	char mac[18];

	format_mac(device, mac, sizeof(mac));
	const struct device *before = seen_before(at, "%s", mac);

	if (before != NULL && rule_report(at->rules, &rule_mac_twice, device_place(device, "mac"),
	                                  "a second interface with the MAC address %s", mac)) {
		diag_note(at->rules->diag, device_place(before, "mac"), "the first one");
	}
}

void check_mac_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_mac);
}

RULE(mac_twice, "mac-twice", ERROR, EACH, "Two network interfaces have the same MAC address.");

static void visit_mac_group(const struct check_device *at)
{
	const struct device *device = at->device;
	char mac[18];

	if ((device->mac[0] & 1) != 0) {
		format_mac(device, mac, sizeof(mac));
		rule_report(at->rules, &rule_mac_group, device_place(device, "mac"),
		            "%s is the MAC address of a group, not of an interface", mac);
	}
}

void check_mac_group(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_mac_group);
}

RULE(mac_group, "mac-group", ERROR, EACH,
     "A MAC address with the lowest bit of its first byte set is one of a group, not of an "
     "interface, and 00:00:00:00:00:00 is none.");

static void visit_tap(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct device *before =
		seen_before(at, "%u/%s", at->connection->device_vm, device->tap);

	if (before != NULL && rule_report(at->rules, &rule_tap_twice, device_place(device, "tap"),
	                                  "a second tap '%s' in '%s'", device->tap,
	                                  check_suffix(at->topology, at->connection->device_vm))) {
		diag_note(at->rules->diag, device_place(before, "tap"), "the first one");
	}
}

void check_tap_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_tap);
}

RULE(tap_twice, "tap-twice", ERROR, EACH,
     "Two network devices of one device VM have the same tap interface.");

static void check_name(struct rules *rules, const struct device *device, const char *option,
                       const char *name)
{
	size_t bytes = name == NULL ? 1 : strlen(name);

	if (name == NULL ||
	    (bytes > 0 && bytes <= INTERFACE_NAME_MAX && strpbrk(name, "/ \t:%\"*\\") == NULL &&
	     strcmp(name, ".") != 0 && strcmp(name, "..") != 0)) {
		return;
	}
	rule_report(rules, &rule_interface_name, device_place(device, option),
	            "'%s' cannot be the name of a network interface: 1 to 15 characters, without "
	            "/ : %% \" * \\ and blanks",
	            name);
}

static void visit_name(const struct check_device *at)
{
	const struct device *device = at->device;

	check_name(at->rules, device, "tap", device->tap);
	check_name(at->rules, device, "bridge", device->bridge);
}

void check_interface_name(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_name);
}

RULE(interface_name, "interface-name", ERROR, EACH,
     "Linux takes names of network interfaces of 1 to 15 characters, without / and blanks.");

static void visit_bridge(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device->bridge == NULL) {
		return;
	}
	const struct device *before =
		seen_before(at, "%u/%s", at->connection->device_vm, device->bridge);

	if (before != NULL &&
	    rule_report(at->rules, &rule_bridge_shared, device_place(device, "bridge"),
	                "'%s' shares the bridge '%s' of '%s' with others",
	                check_suffix(at->topology, at->connection->driver_vm), device->bridge,
	                check_suffix(at->topology, at->connection->device_vm))) {
		diag_help(at->rules->diag, "without a bridge option it would get one of its own");
		diag_note(at->rules->diag, device_place(before, "bridge"), "also on this bridge");
	}
}

void check_bridge_shared(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_bridge);
}

RULE(bridge_shared, "bridge-shared", ADVICE, EACH,
     "Driver VMs on one bridge see each other's traffic. Without a `bridge` option each gets a "
     "bridge of its own.");

static const char *format_address(uint32_t address, char *text, size_t bytes)
{
	snprintf(text, bytes, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
	         address >> 8 & 0xff, address & 0xff);
	return text;
}

static void visit_address(const struct check_device *at)
{
	const struct device *device = at->device;
	const char *scope = device->bridge != NULL ? device->bridge : device->tap;
	uint32_t mask = UINT32_MAX << (32 - device->prefix);
	char text[16];

	format_address(device->address[1], text, sizeof(text));
	if (device->address[0] == device->address[1]) {
		rule_report(at->rules, &rule_address_twice, device_place(device, "driver_address"),
		            "both ends of this link have the address %s", text);
		return;
	}
	if ((device->address[0] & mask) != (device->address[1] & mask)) {
		char other[16];

		rule_report(at->rules, &rule_address_twice, device_place(device, "address"),
		            "%s and %s are not in one subnet of /%u",
		            format_address(device->address[0], other, sizeof(other)), text,
		            device->prefix);
		return;
	}
	const struct device *before =
		seen_before(at, "%u/%s/%s", at->connection->device_vm, scope, text);

	if (before != NULL &&
	    rule_report(at->rules, &rule_address_twice, device_place(device, "driver_address"),
	                "a second interface with the address %s on '%s'", text, scope)) {
		diag_note(at->rules->diag, before->place, "the first one");
	}
}

void check_address_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_address);
}

RULE(address_twice, "address-twice", ERROR, EACH,
     "Two interfaces on one bridge have the same IPv4 address, or the two ends of a link do.");

static void visit_disk(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device_image(device) == NULL) {
		return;
	}
	const struct device *before = seen_before(at, "%s", device->disk);

	if (before != NULL && !(before->readonly && device->readonly) &&
	    rule_report(at->rules, &rule_disk_shared, device_place(device, "disk"),
	                "a second device opens the disk image '%s'", device->disk)) {
		diag_help(at->rules->diag, "give each a copy, or make both readonly: true");
		diag_note(at->rules->diag, device_place(before, "disk"), "the first one");
	}
}

void check_disk_shared(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_disk);
}

RULE(disk_shared, "disk-shared", ERROR, EACH,
     "One disk image is opened by two devices, and one of them writes to it: a file system on "
     "it would be destroyed.");

static void visit_cid(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device->cid < CID_FIRST) {
		rule_report(at->rules, &rule_cid_twice, device_place(device, "cid"),
		            "a CID is %u or more, not %llu", CID_FIRST,
		            (unsigned long long)device->cid);
		return;
	}
	const struct device *before = seen_before(at, "%u/%llu", at->connection->device_vm,
	                                          (unsigned long long)device->cid);

	if (before != NULL && rule_report(at->rules, &rule_cid_twice, device_place(device, "cid"),
	                                  "a second vsock device with CID %llu in '%s'",
	                                  (unsigned long long)device->cid,
	                                  check_suffix(at->topology, at->connection->device_vm))) {
		diag_note(at->rules->diag, before->place, "the first one");
	}
}

void check_cid_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_VSOCK, visit_cid);
}

RULE(cid_twice, "cid-twice", ERROR, EACH,
     "Two vsock devices of one device VM have the same CID, or a CID below 3, which is reserved.");

/* An initrd of the user's own may have any back end for what the daemon only starts. */
static void visit_type(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct model *model = &at->topology->model;
	const struct vm_image *image = &model->vms[at->connection->device_vm].image;
	const bool own_daemon = image->own_rootfs || image->rootfs != NULL;

	if (device->type == DEVICE_NET && device->queue_pairs_or_queues != 1 &&
	    late_by_circle(model, at->connection)) {
		rule_report_runs(at->rules, &rule_type_runs, device_place(device, "queues"),
		                 "Linux waits at boot until a net device with %u pairs of queues "
		                 "is served, and '%s' serves '%s' in turn",
		                 device->queue_pairs_or_queues,
		                 check_suffix(at->topology, at->connection->driver_vm),
		                 check_suffix(at->topology, at->connection->device_vm));
	} else if (device->type == DEVICE_NET && device->queue_pairs_or_queues != 1 &&
	           late_is(model, at->connection)) {
		rule_report_runs(at->rules, &rule_type_runs, device_place(device, "queues"),
		                 "Linux waits at boot until a net device with %u pairs of queues "
		                 "is served, and '%s' does not start with the system",
		                 device->queue_pairs_or_queues,
		                 check_suffix(at->topology, at->connection->device_vm));
	} else if (device->type == DEVICE_FS && device->queue_pairs_or_queues != 1 && own_daemon) {
		rule_report_runs(at->rules, &rule_type_runs, device->place,
		                 "the fs device of '%s' has %u request queues, and virtiofsd "
		                 "serves one",
		                 check_suffix(at->topology, at->connection->driver_vm),
		                 device->queue_pairs_or_queues);
	} else if (device->type == DEVICE_BLK && device->disk == NULL &&
	           strcmp(device->format, "raw") != 0) {
		rule_report_runs(at->rules, &rule_type_runs, device->place,
		                 "the empty disk of '%s' is made in raw format only",
		                 check_suffix(at->topology, at->connection->driver_vm));
	}
}

void check_type_runs(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_TYPE_COUNT, visit_type);
}

RULE(type_runs, "type-runs", WARNING, EACH,
     "The language knows this device and the analysis counts it, but the project's root file system, "
     "which the device VM boots, has no back end for it as it is given: `topo build` and "
     "`topo run` refuse the topology.");
