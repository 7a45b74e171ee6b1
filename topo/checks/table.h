/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks: rules that look at a finished model, in the order in which they are listed and run: X()
 * at the whole of it, V() at each VM by itself. The row of rule_NAME stands below its function
 * check_NAME.
 */
#ifndef TOPO_CHECKS_TABLE_H
#define TOPO_CHECKS_TABLE_H

#include "topo/rules/rules.h"

/* clang-format off */
#define CHECKS(X, V) \
	X(limit_vms) X(limit_vcpus) V(limit_connections) X(limit_queues) X(limit_interrupts) \
	X(limit_doorbells) X(list_registers) X(cpu_missing) V(budget_range) X(budget_sum) \
	X(ram_fits) X(ram_small) V(ram_place) V(boot_place) X(pool_size) V(guest_overlap) \
	X(swiotlb_off) \
	X(mac_twice) X(mac_group) X(tap_twice) X(interface_name) X(bridge_shared) \
	X(address_twice) X(disk_shared) X(cid_twice) X(type_runs) X(vsock_one) X(gpu_cycle) \
	X(mmio_twice) V(mmio_kernel) X(irq_twice) V(irq_range) X(pci_twice) V(pci_range) \
	X(node_twice) X(node_unknown) X(hardware_runs) V(dma_open) V(driver_hardware) \
	V(trust_mixed) X(exposed_asset) \
	V(cpu_shared) X(cpu_idle) X(cpu_uneven) X(priority_serving) X(priority_starved) \
	V(period_short) V(period_long) V(budget_short) V(budget_full) X(budget_exposed) \
	X(trust_cpu) X(asset_cpu) \
	V(mmio_page) X(mmio_page_shared) X(mmio_repeat) V(mmio_unknown) X(irq_repeat) \
	V(irq_alone) X(pci_no_irq) X(pci_irq) X(pci_repeat) X(pci_split) X(pci_bridge) X(pci_host) \
	X(pci_name_twice) X(node_repeat) X(node_registers) X(node_irq) X(node_kernel) \
	X(node_virtual) \
	X(controller_held) X(controller_shared) V(dma_exposed) X(dma_unconfined) \
	X(hardware_unused) V(hardware_many) V(exposed_no_way) X(asset_network) X(attack_paths) \
	X(vm_alone) X(start_cycle) X(trust_inverted) V(trust_exposed) X(trust_missing) \
	X(asset_missing) X(exposed_missing) X(asset_backend) X(star) X(name_case) X(name_swap) \
	V(kernel_align) V(kernel_offset) V(dtb_align) V(initrd_align) V(boot_overlap) V(cmdline_long) \
	V(cmdline_text) V(cmdline_console) V(root_device) V(root_readonly) V(root_none) \
	V(cmdline_mem) V(cmdline_cpus) V(agent_missing) V(backend_missing) V(dtb_own) \
	V(kernel_form) V(kernel_large) V(kernel_pool) V(kernel_drivers) V(files_hidden) V(files_clash) \
	V(command_own) V(health_own) V(command_missing) V(command_large) V(rootfs_idle) V(packages_unmade) \
	X(memdev_align) X(memdev_block) X(memdev_range) X(iobuf_align) X(iobuf_range) \
	X(pool_large) V(swiotlb_mixed) X(swiotlb_asset) X(swiotlb_exposed) \
	V(ram_as_mmio) X(ram_paddr) X(ram_paddr_unused) \
	X(mac_local) X(address_host) X(address_special) X(address_public) X(subnet_overlap) \
	X(subnet_used) X(bridge_address) X(bridge_kind) X(interface_clash) \
	X(interface_reserved) X(routes_many) X(network_uplink) \
	X(medium_overlap) X(medium_order) X(medium_missing) X(medium_small) \
	X(disk_readonly) X(disk_tiny) X(disk_format) X(qcow2_encrypted) X(qcow2_features) \
	X(queues_vcpus) X(queue_small) X(vsock_both) X(fs_tag) X(fs_tag_twice) \
	X(fs_dir) X(fs_dir_twice) X(rng_many)
/* clang-format on */

struct topology;

/* A VM that a check looks at. */
struct check_vm {
	struct rules *rules;
	const struct topology *topology;
	size_t index;
	const struct vm *vm;
	const struct vm_origin *origin;
};

typedef void check_function(struct rules *rules, const struct topology *topology);
typedef void check_vm_function(const struct check_vm *at);

#define CHECK_DECLARE(id) extern check_function check_##id;
#define CHECK_VM_DECLARE(id) extern check_vm_function check_##id;

CHECKS(RULE_DECLARE, RULE_DECLARE)
CHECKS(CHECK_DECLARE, CHECK_VM_DECLARE)

#endif
