/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options, and the names of types and networks.
 */
#include "topo/model/device_options.h"

#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"

/* virtio 1.2, 5.10.4: 32 bits, of which 0 to 2 and all ones are reserved; Linux' VMADDR_CID_ANY. */
#define CID_LAST (UINT32_MAX - 1)

#define ALL_TYPES ((1U << DEVICE_TYPE_COUNT) - 1)
#define ONLY(type) (1U << (type))
#define AT(field) offsetof(struct device, field), sizeof(((struct device *)NULL)->field)

#define NET ONLY(DEVICE_NET)
#define BLK ONLY(DEVICE_BLK)
#define FS ONLY(DEVICE_FS)
#define GPU ONLY(DEVICE_GPU)

static const struct device_option options[] = {
	{"queues", OPTION_NUMBER, NET | BLK | FS, AT(queue_pairs_or_queues), 1, 16},
	{"queue_size", OPTION_NUMBER, ALL_TYPES, AT(queue_size), 2, 1024},
	{"disk", OPTION_FILE, BLK, AT(disk), 0, 0},
	{"format", OPTION_STRING, BLK, AT(format), 0, 0},
	{"size", OPTION_SIZE, BLK, AT(disk_bytes), 0, INT64_MAX},
	{"offset", OPTION_SIZE, BLK, AT(offset), 0, INT64_MAX},
	{"readonly", OPTION_BOOL, BLK, AT(readonly), 0, 0},
	{"mac", OPTION_MAC, NET, AT(mac), 0, 0},
	{"tap", OPTION_STRING, NET, AT(tap), 0, 0},
	{"network", OPTION_NETWORK, NET, AT(network), 0, 0},
	{"bridge", OPTION_STRING, NET, AT(bridge), 0, 0},
	{"address", OPTION_SUBNET, NET, AT(address[0]), 0, 0},
	{"driver_address", OPTION_ADDRESS, NET, AT(address[1]), 0, 0},
	{"cid", OPTION_LONG, ONLY(DEVICE_VSOCK), AT(cid), 3, CID_LAST},
	{"tag", OPTION_STRING, FS, AT(tag), 0, 0},
	{"dir", OPTION_STRING, FS, AT(dir), 0, 0},
	{"width", OPTION_NUMBER, GPU, AT(width), PV_BACKEND_SIDE_MIN, PV_BACKEND_SIDE_MAX},
	{"height", OPTION_NUMBER, GPU, AT(height), PV_BACKEND_SIDE_MIN, PV_BACKEND_SIDE_MAX},
};

#define OPTION_COUNT (ARRAY_COUNT(options))

_Static_assert(OPTION_COUNT <= DEVICE_OPTIONS_MAX, "a bit for each option");

static const char *const type_names[DEVICE_TYPE_COUNT] = {
	[DEVICE_NET] = "net",     [DEVICE_BLK] = "blk",         [DEVICE_GPU] = "gpu",
	[DEVICE_VSOCK] = "vsock", [DEVICE_CONSOLE] = "console", [DEVICE_RNG] = "rng",
	[DEVICE_FS] = "fs",
};

static const char *const network_names[] = {
	[NETWORK_BRIDGE] = "bridge",
	[NETWORK_NAT] = "nat",
	[NETWORK_ISOLATED] = "isolated",
	[NETWORK_ROUTED] = "routed",
};

#define NETWORK_COUNT (ARRAY_COUNT(network_names))

const struct device_option *device_option_at(size_t index)
{
	return index < OPTION_COUNT ? &options[index] : NULL;
}

struct place device_place(const struct device *device, const char *option)
{
	for (size_t i = 0; device->places != NULL && device_option_at(i) != NULL; i++) {
		if (strcmp(device_option_at(i)->name, option) == 0 &&
		    device->places[i].file != NULL) {
			return device->places[i];
		}
	}
	return device->place;
}

const char *device_type_name(enum device_type type)
{
	return type_names[type];
}

enum device_type device_type_find(const char *name)
{
	enum device_type type = DEVICE_NET;

	while (type < DEVICE_TYPE_COUNT && strcmp(type_names[type], name) != 0) {
		type++;
	}
	return type;
}

const char *network_name(enum network network)
{
	return network_names[network];
}

bool network_find(const char *name, enum network *network)
{
	for (size_t i = 0; i < NETWORK_COUNT; i++) {
		if (strcmp(network_names[i], name) == 0) {
			*network = (enum network)i;
			return true;
		}
	}
	return false;
}

/* virtio 1.2: 5.1.2 net (several pairs have a queue of commands besides), 5.2.2 blk, 5.3.2 console, 5.4.2 rng, 5.7.2 gpu, 5.10.2 vsock, 5.11.2 fs */
static const struct {
	uint32_t fixed;
	uint32_t each; /* for each of `queues` */
} queue_counts[DEVICE_TYPE_COUNT] = {
	[DEVICE_NET] = {0, 2},   [DEVICE_BLK] = {0, 1},     [DEVICE_GPU] = {2, 0},
	[DEVICE_VSOCK] = {3, 0}, [DEVICE_CONSOLE] = {2, 0}, [DEVICE_RNG] = {1, 0},
	[DEVICE_FS] = {1, 1},
};

uint64_t device_picture_bytes(const struct device *device)
{
	return device->type == DEVICE_GPU ? UINT64_C(4) * device->width * device->height : 0;
}

uint32_t device_queue_count(const struct device *device)
{
	uint32_t commands = device->type == DEVICE_NET && device->queue_pairs_or_queues > 1 ? 1 : 0;

	return queue_counts[device->type].fixed + commands +
	       queue_counts[device->type].each * device->queue_pairs_or_queues;
}
