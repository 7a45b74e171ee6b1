/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of the table in topo/checks/checks.h, one file for each group: checks_limits.c,
 * checks_memory.c, checks_devices.c, checks_hardware.c.
 */
#ifndef TOPO_CHECKS_INTERNAL_H
#define TOPO_CHECKS_INTERNAL_H

#include "topo/checks/checks.h"
#include "topo/model/resolve.h"

typedef void check_function(struct checks *checks, const struct topology *topology);

/* Limits. */
check_function check_limit_vms;
check_function check_limit_vcpus;
check_function check_limit_connections;
check_function check_limit_queues;
check_function check_limit_interrupts;
check_function check_limit_doorbells;
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

/* Those of topo/checks/rows.h. */
#define CHECK_DECLARE(id, name, severity, scope, run, why) check_function run;
CHECKS_MORE(CHECK_DECLARE)
#undef CHECK_DECLARE

/** What macros and messages call VM @vm. */
static inline const char *check_suffix(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].suffix;
}

/** Whether physical devices are given to @vm, nodes of the device tree aside. */
static inline bool check_has_hardware(const struct vm *vm)
{
	return vm->mmio_count != 0 || vm->pci_count != 0 || vm->irq_count != 0;
}

/** Report what cannot be run yet: an error when the topology is to be run, advice otherwise. */
bool check_report_runs(struct checks *checks, enum check_id id, struct place place,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
