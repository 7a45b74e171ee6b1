/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a VM in the order in which they are told, one row each: its name in this
 * program, and those fields of struct vm_attribute_row (topo/model/vm_attributes.h) that are not 0.
 */
#ifndef TOPO_MODEL_VM_ATTRIBUTE_ROWS_H
#define TOPO_MODEL_VM_ATTRIBUTE_ROWS_H

/* X(attribute, fields) */
#define VM_ATTRIBUTE_ROWS(X)                                                                       \
	X(VM_NAME, .name = "vm_name", VM_FIELD(STRING, name), .json = "name", .diff = "name",      \
	  .camkes = CAMKES_SETTING)                                                                \
	X(VM_NUM_VCPUS, .name = "num_vcpus", VM_FIELD(NUMBER, vcpu_count), .minimum = 1,           \
	  .maximum = PV_DOMAIN_VCPUS_MAX, .json = "num_vcpus", .diff = "vCPUs",                    \
	  .camkes = CAMKES_SETTING)                                                                \
	X(VM_AFFINITY, .name = "_affinity", .maximum = INT32_MAX, .diff = "physical CPUs",         \
	  .tuning = true)                                                                          \
	X(VM_PRIORITY, .name = "_priority", VM_FIELD(NUMBER, priority), .maximum = 255,            \
	  .json = "priority", .diff = "priority", .tuning = true)                                  \
	X(VM_BASE_PRIO, .name = "base_prio", .maximum = 255)                                       \
	X(VM_BUDGET, .name = "_budget", VM_FIELD(NUMBER, budget_us), .maximum = UINT32_MAX,        \
	  .optional = true, .json = "budget_us", .diff = "budget", .tuning = true,                 \
	  .camkes = CAMKES_SETTING)                                                                \
	X(VM_PERIOD, .name = "_period", VM_FIELD(NUMBER, period_us), .maximum = UINT32_MAX,        \
	  .optional = true, .json = "period_us", .camkes = CAMKES_SETTING)                         \
	X(VM_ADDRESSES, .name = "vm_address_config", .older = "linux_address_config")              \
	X(VM_RAM_BASE, .name = "ram_base", .older = "linux_ram_base",                              \
	  .place = ATTRIBUTE_ALONE_OR_KEY, VM_FIELD(ADDRESS, ram_base), .json = "ram_base",        \
	  .diff = "RAM at", .tuning = true)                                                        \
	X(VM_RAM_SIZE, .name = "ram_size", .older = "linux_ram_size",                              \
	  .place = ATTRIBUTE_ALONE_OR_KEY, VM_FIELD(SIZE, ram_bytes), .json = "ram_bytes",         \
	  .diff = "RAM")                                                                           \
	X(VM_RAM_PADDR, .name = "ram_paddr_base", .older = "linux_ram_paddr_base",                 \
	  .place = ATTRIBUTE_KEY)                                                                  \
	X(VM_DTB_ADDR, .name = "dtb_addr", .place = ATTRIBUTE_KEY, VM_FIELD(ADDRESS, dtb_addr),    \
	  .optional = true, .json = "dtb_addr", .diff = "device tree at", .tuning = true)          \
	X(VM_INITRD_ADDR, .name = "initrd_addr", .place = ATTRIBUTE_KEY,                           \
	  VM_FIELD(ADDRESS, initrd_addr), .optional = true, .json = "initrd_addr",                 \
	  .diff = "initrd at", .tuning = true)                                                     \
	X(VM_KERNEL_ENTRY, .name = "kernel_entry_addr", .place = ATTRIBUTE_KEY,                    \
	  VM_FIELD(ADDRESS, kernel_entry), .optional = true, .json = "kernel_entry",               \
	  .diff = "kernel at", .tuning = true)                                                     \
	X(VM_IMAGE, .name = "vm_image_config", .older = "linux_image_config")                      \
	X(VM_CMDLINE, .name = "kernel_bootcmdline", .place = ATTRIBUTE_IMAGE_KEY)                  \
	X(VM_PCI, .name = "pci_devices")                                                           \
	X(VM_UNTYPED_MMIOS, .name = "untyped_mmios")                                               \
	X(VM_MMIOS, .name = "mmios")                                                               \
	X(VM_IRQS, .name = "irqs", .older = "dtb_irqs")                                            \
	X(VM_DTB, .name = "dtb")                                                                   \
	X(VM_TRUST, .name = "trust", VM_FIELD(WORD, trust), .words = trusts, .optional = true,     \
	  .json = "trust", .diff = "trust", .camkes = CAMKES_NOTE)                                 \
	X(VM_SMC, .name = "allow_smc", VM_FIELD(TRUTH, smc), .optional = true,                     \
	  .json = "allow_smc", .diff = "SMC calls reach the firmware", .camkes = CAMKES_SETTING)   \
	X(VM_EXPOSED, .name = "exposed", VM_FIELD(TRUTH, exposed), .json = "exposed",              \
	  .diff = "exposed", .camkes = CAMKES_NOTE)                                                \
	X(VM_ASSET, .name = "asset", VM_FIELD(STRING, asset), .optional = true, .json = "asset",   \
	  .diff = "asset", .camkes = CAMKES_NOTE)                                                  \
	X(VM_VIRTIO_DEVICES, .name = "vm_virtio_devices", .older = "vm_virtio_device_channels")    \
	X(VM_VIRTIO_DRIVERS, .name = "vm_virtio_drivers", .older = "vm_virtio_driver_channels")

#endif
