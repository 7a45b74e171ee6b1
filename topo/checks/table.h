/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks: rules that look at a finished model, in the order in which they are listed and run. The
 * row of rule_NAME stands below its function check_NAME.
 */
#ifndef TOPO_CHECKS_TABLE_H
#define TOPO_CHECKS_TABLE_H

#include "topo/rules/rules.h"

/* clang-format off */
#define CHECKS(X) \
	X(limit_vms) X(limit_vcpus) X(limit_connections) X(limit_queues) X(limit_interrupts) \
	X(limit_doorbells) X(list_registers) X(cpu_missing) X(budget_range) X(budget_sum) \
	X(ram_fits) X(ram_small) X(ram_place) X(boot_place) X(pool_size) X(guest_overlap) \
	X(swiotlb_off) \
	X(mac_twice) X(mac_group) X(tap_twice) X(interface_name) X(bridge_shared) \
	X(address_twice) X(disk_shared) X(cid_twice) X(type_runs) X(vsock_one) \
	X(mmio_twice) X(mmio_kernel) X(irq_twice) X(irq_range) X(pci_twice) X(pci_range) \
	X(node_twice) X(node_unknown) X(hardware_runs) X(dma_open) X(driver_hardware) \
	X(trust_mixed) X(exposed_asset) \
	X(cpu_shared) X(cpu_idle) X(cpu_uneven) X(priority_serving) X(priority_starved) \
	X(period_short) X(period_long) X(budget_short) X(budget_full) X(budget_exposed) \
	X(trust_cpu) X(asset_cpu) \
	X(mmio_page) X(mmio_page_shared) X(mmio_repeat) X(mmio_unknown) X(irq_repeat) \
	X(irq_alone) X(pci_no_irq) X(pci_irq) X(pci_repeat) X(pci_split) X(pci_bridge) X(pci_host) \
	X(pci_name_twice) X(node_repeat) X(node_registers) X(node_irq) X(node_kernel) \
	X(node_virtual) \
	X(controller_held) X(controller_shared) X(dma_exposed) X(dma_unconfined) \
	X(hardware_unused) X(hardware_many) X(exposed_no_way) X(asset_network) X(attack_paths) \
	X(vm_alone) X(start_cycle) X(trust_inverted) X(trust_exposed) X(trust_missing) \
	X(asset_missing) X(exposed_missing) X(asset_backend) X(star) X(name_case) X(name_swap) \
	X(kernel_align) X(kernel_offset) X(dtb_align) X(initrd_align) X(boot_overlap) X(cmdline_long) \
	X(cmdline_text) X(cmdline_console) X(root_device) X(root_readonly) X(root_none) \
	X(cmdline_mem) X(cmdline_cpus) X(agent_missing) X(backend_missing) X(dtb_own) \
	X(kernel_form) X(kernel_large) X(kernel_pool) X(kernel_drivers) X(files_hidden) X(command_own) X(health_own) X(command_missing) X(command_large) \
	X(rootfs_idle) X(packages_unmade) \
	X(memdev_align) X(memdev_block) X(memdev_range) X(iobuf_align) X(iobuf_range) \
	X(pool_large) X(swiotlb_mixed) X(swiotlb_asset) X(swiotlb_exposed) \
	X(ram_as_mmio) X(ram_paddr) X(ram_paddr_unused) \
	X(mac_local) X(address_host) X(address_special) X(address_public) X(subnet_overlap) \
	X(subnet_used) X(bridge_address) X(bridge_kind) X(interface_clash) \
	X(interface_reserved) X(routes_many) X(network_uplink) \
	X(medium_overlap) X(medium_order) X(medium_missing) X(medium_small) \
	X(disk_readonly) X(disk_tiny) X(disk_format) X(qcow2_encrypted) X(qcow2_features) \
	X(queues_vcpus) X(queue_small) X(vsock_both) X(fs_tag) X(fs_tag_twice) X(rng_many)
/* clang-format on */

struct topology;

typedef void check_function(struct rules *rules, const struct topology *topology);

#define CHECK_DECLARE(id) extern check_function check_##id;

CHECKS(RULE_DECLARE)
CHECKS(CHECK_DECLARE)

#endif
