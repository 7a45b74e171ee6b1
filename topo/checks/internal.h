/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the groups of checks share; each group is a file with a row of topo/checks/table.h below each of
 * its functions.
 */
#ifndef TOPO_CHECKS_INTERNAL_H
#define TOPO_CHECKS_INTERNAL_H

#include "topo/base/strmap.h"
#include "topo/checks/table.h"
#include "topo/resolve/resolve.h"
#include "topo/rules/rules.h"

/** What macros and messages call VM @vm. */
static inline const char *check_suffix(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].suffix;
}

/** Whether a connection has a device of @type. */
static inline bool check_has_type(const struct connection *connection, enum device_type type)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (connection->devices[i].type == type) {
			return true;
		}
	}
	return false;
}

/** Where @attribute of the VM was given; the VM's own place when it was not. */
static inline struct place check_vm_place(const struct check_vm *at, enum vm_attribute attribute)
{
	return vm_place(at->topology, at->index, attribute);
}

/** Whether two ranges of addresses have a byte in common. */
static inline bool check_overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b ? b - a < a_bytes : a - b < b_bytes;
}

/** What the board has at a node of its device tree, NULL when topo does not know it. */
const struct board_device *check_find_node(const struct board *board, const char *path);

/** Whether a node stands for no device, as /chosen does: every VM may have it. */
bool check_is_common_node(const struct board *board, const char *path);

/** Whether physical devices are given to VM @vm: registers, functions, interrupts or nodes. */
bool check_has_hardware(const struct topology *topology, size_t vm);

struct check_address {
	char text[16];
};

/** "10.0.0.1" */
struct check_address check_dotted(uint32_t address);

/** The bits of an address that a prefix of that length is about. */
uint32_t check_mask(uint32_t prefix);

/* A device that a check looks at. */
struct check_device {
	struct rules *rules;
	const struct topology *topology;
	struct strmap *seen; /* empty before the first one; the check's */
	const struct connection *connection;
	const struct device *device;
};

typedef void check_device_visit(const struct check_device *at);

/** Look at each device of @type, of all types for DEVICE_TYPE_COUNT. */
void check_each_device(struct rules *rules, const struct topology *topology, enum device_type type,
                       check_device_visit *visit);

/** Whether @key was not in @seen before; now it is there, with @value. */
bool check_first_time(struct strmap *seen, const char *key, void *value);

/** Where the hardware of VM @vm was given; the VM's own place when none was. */
struct place check_hardware_place(const struct topology *topology, size_t vm);

#endif
