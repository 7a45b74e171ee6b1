/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of virtio devices, one row each: its name in a list of devices, the types that have
 * it, how its value is read, and where it stands in struct device. Reading, comparing the two
 * sides of a connection and printing (topo/export/explain.c) all go by these rows.
 */
#ifndef TOPO_MODEL_DEVICE_OPTIONS_H
#define TOPO_MODEL_DEVICE_OPTIONS_H

#include <stddef.h>

#include "topo/model/model.h"

enum option_kind {
	OPTION_NUMBER, /* uint32_t */
	OPTION_LONG,   /* uint64_t */
	OPTION_SIZE,   /* uint64_t, with K M G */
	OPTION_STRING, /* const char * */
	OPTION_FILE,   /* const char *, a path on the build host */
	OPTION_BOOL,
	OPTION_MAC,     /* uint8_t[6] */
	OPTION_NETWORK, /* enum network */
	OPTION_ADDRESS, /* uint32_t */
	OPTION_SUBNET,  /* uint32_t address[0] and prefix */
};

struct device_option {
	const char *name;
	enum option_kind kind;
	unsigned int types; /* bit n: enum device_type n has it */
	size_t offset;      /* in struct device */
	size_t bytes;
	uint64_t minimum, maximum; /* numbers */
};

#define DEVICE_OPTIONS_MAX 32U

/** Option number @index, NULL behind the last. */
const struct device_option *device_option_at(size_t index);

/** Where the option of that name was given to @device, else the place of the device. */
struct place device_place(const struct device *device, const char *option);

/** "net", "blk", … */
const char *device_type_name(enum device_type type);

/** The type of that name, DEVICE_TYPE_COUNT if there is none. */
enum device_type device_type_find(const char *name);

/** "bridge", "nat", … */
const char *network_name(enum network network);

/** The kind of network of that name; false if there is none. */
bool network_find(const char *name, enum network *network);

/** What a gpu device shows; 0 of others. */
uint64_t device_picture_bytes(const struct device *device);

/** virtqueues of a device, all kinds counted. */
uint32_t device_queue_count(const struct device *device);

#endif
