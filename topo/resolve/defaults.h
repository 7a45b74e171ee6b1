/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defaults: the one place that knows what a topology means where it says nothing. docs/language.md
 * describes them in the same order.
 */
#ifndef TOPO_RESOLVE_DEFAULTS_H
#define TOPO_RESOLVE_DEFAULTS_H

#include "topo/base/units.h"
#include "topo/resolve/resolve.h"

#define DEFAULT_RAM_BASE 0x40000000U
#define DEFAULT_PRIORITY 100U /* of a VM that serves nobody */
#define DEFAULT_PERIOD_US 10000U
#define DEFAULT_SERVING_PERCENT 90U /* of a CPU, to those that go before others there */
#define DEFAULT_CPUS_MAX 4U
#define DEFAULT_POOL_BYTES MIB(8)
#define DEFAULT_RAM_SERVING MIB(256) /* least of a VM that serves */
#define DEFAULT_RAM_OTHER MIB(128)
#define DEFAULT_DISK_BYTES MIB(128)
#define DEFAULT_QUEUE_SIZE 256U
#define DEFAULT_WIDTH 1024U /* of a gpu, pixels */
#define DEFAULT_HEIGHT 768U
#define DEFAULT_BLK_QUEUE_SIZE 128U /* a full queue fits a pool: topo/image/personality.c */
#define RAM_BLOCK_BYTES MIB(2)

/** Fill in everything that @topology leaves out. Deterministic: no order but the text's matters. */
void defaults_fill(struct topology *topology);

/** What a VM needs of RAM, in bytes, and how much of it for its own files and for what it serves. */
struct ram_need {
	uint64_t bytes;
	uint64_t files; /* of its root file system, unpacked */
	uint64_t disks; /* and pictures and shares */
};

/** The RAM without which the project's root file system does not come up in VM @vm. */
struct ram_need defaults_ram_need(const struct topology *topology, size_t vm);

#endif
