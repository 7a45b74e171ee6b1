/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of the table in topo/rules/rules.h, one file for each group, and what the groups
 * share.
 */
#ifndef TOPO_CHECKS_INTERNAL_H
#define TOPO_CHECKS_INTERNAL_H

#include "topo/base/strmap.h"
#include "topo/resolve/resolve.h"
#include "topo/rules/rules.h"

typedef void check_function(struct checks *checks, const struct topology *topology);

/* Limits. */
check_function check_limit_vms;
check_function check_limit_vcpus;
check_function check_limit_connections;
check_function check_limit_queues;
check_function check_limit_interrupts;
check_function check_limit_doorbells;
check_function check_list_registers;
check_function check_cpu_missing;
check_function check_budget_range;
check_function check_budget_sum;

/* Memory. */
check_function check_ram_fits;
check_function check_ram_small;
check_function check_ram_place;
check_function check_boot_place;
check_function check_pool_size;
check_function check_guest_overlap;
check_function check_swiotlb_off;

/* Virtio devices. */
check_function check_mac_twice;
check_function check_mac_group;
check_function check_tap_twice;
check_function check_interface_name;
check_function check_bridge_shared;
check_function check_address_twice;
check_function check_disk_shared;
check_function check_cid_twice;
check_function check_type_runs;
check_function check_vsock_one;

/* Hardware, and how VMs are divided. */
check_function check_mmio_twice;
check_function check_mmio_kernel;
check_function check_irq_twice;
check_function check_irq_range;
check_function check_pci_twice;
check_function check_pci_range;
check_function check_node_twice;
check_function check_node_unknown;
check_function check_hardware_runs;
check_function check_dma_open;
check_function check_driver_hardware;
check_function check_trust_mixed;
check_function check_exposed_asset;

/* Those of topo/rules/rows.h. */
#define CHECK_DECLARE(id, name, severity, scope, run, why) check_function run;
CHECKS_MORE(CHECK_DECLARE)
#undef CHECK_DECLARE

/** What macros and messages call VM @vm. */
static inline const char *check_suffix(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].suffix;
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

/** Where the hardware of VM @vm was given; the VM's own place when none was. */
struct place check_hardware_place(const struct topology *topology, size_t vm);

#endif
