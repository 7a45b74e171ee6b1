/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this VM is to serve, read from the device tree that topo wrote (docs/connection.md). The
 * tree is our own VM's configuration and trusted to be meant well, but every value is checked, so
 * that a wrong one is a message here and not a surprise later.
 */
#ifndef BACKEND_DAEMON_DT_H
#define BACKEND_DAEMON_DT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/backend.h"
#include "abi/err.h"
#include "abi/vmm.h"

#define DT_PATH_BYTES 256U
#define DT_WORD_BYTES 32U
#define DT_QUEUE_SIZE_MAX 32768U /* virtio 1.2, 2.7 */

enum dt_network {
	DT_NETWORK_BRIDGE,
	DT_NETWORK_NAT,
	DT_NETWORK_ISOLATED,
	DT_NETWORK_ROUTED,
	DT_NETWORK_COUNT
};

struct dt_subnet {
	struct in_addr address;
	uint32_t prefix;
};

/* A device to serve. Options that its type does not have are 0. */
struct dt_device {
	uint32_t index; /* in its connection */
	char type[DT_WORD_BYTES];
	uint32_t first_queue;
	uint32_t queue_count; /* 1 .. PV_VMM_QUEUES_MAX */
	uint32_t queue_size;  /* largest, power of two */
	uint64_t features;    /* offered to the driver VM */

	/* net */
	char tap[IFNAMSIZ];
	char bridge[IFNAMSIZ]; /* empty: none */
	enum dt_network network;
	struct dt_subnet own; /* the bridge's or tap's address and its subnet; 0: none */
	uint8_t mac[6];       /* of the driver VM's interface */
	/* Whence IPv4 may come by the tap: the driver VM, then what lies behind it. None: anything. */
	struct dt_subnet sources[PV_BACKEND_SOURCES_MAX];
	uint32_t source_count;

	/* blk */
	char disk[DT_PATH_BYTES];
	char format[DT_WORD_BYTES]; /* raw or qcow2 */
	bool create;                /* make the file if it is not there */
	bool on_medium; /* @disk is a block device, in which the disk begins at @offset */
	bool readonly;
	uint64_t capacity; /* bytes */
	uint64_t offset;
	uint64_t reserve;  /* bytes of the file that are taken before anything is served */
	uint64_t inflight; /* where its records begin among those of the connection */

	/* vsock */
	uint64_t cid;

	/* fs: empty is a directory of its own */
	char directory[PV_BACKEND_SHARE_MAX + 1];

	/* gpu: pixels, PV_BACKEND_SIDE_MIN to PV_BACKEND_SIDE_MAX */
	uint32_t width, height;
};

struct dt_connection {
	char peer[PV_BACKEND_PEER_BYTES];
	uint32_t queue_count;  /* of all its devices */
	uint32_t device_count; /* device i has index i */
	struct dt_device devices[PV_VMM_DEVICES_MAX];
};

struct dt {
	struct dt_connection *connections;
	size_t count;
};

/**
 * Read the nodes connection@… below @root, a device tree as Linux shows it (a directory for each
 * node, a file for each property), in the order of the peers' names. Free with dt_free(), after an
 * error too.
 * Errors, each logged with the node and the property: ERR_ARG a property is missing or malformed;
 * ERR_RANGE a number is too large; ERR_FULL too many devices; ERR_STATE the tree cannot be read.
 */
MUST_USE err_t dt_read(const char *root, struct dt *dt);

/** Free what dt_read() allocated. */
void dt_free(struct dt *dt);

#endif
