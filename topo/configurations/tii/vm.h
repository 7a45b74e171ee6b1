/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
/*
 * Connections: VMs that serve virtio devices to each other (docs/language.md, docs/connection.md).
 * topo reads configurations/vm.h and then this file before every topology, so that an #include of
 * them changes nothing.
 */
#pragma once

#define VM_TII_INIT_DEF() \
	VM_INIT_DEF()

#define VM_TII_CONFIGURATION_DEF(n)

/* What a VM needs to be connected with vmN, in either role. */
#define VIRTIO_COMPONENT_DEF(n) \
	emits VirtIONotify vm##n##_ntfn_send; \
	consumes VirtIONotify vm##n##_ntfn_recv; \
	dataport Buf(4096) vm##n##_iobuf; \
	dataport Buf(4096) vm##n##_memdev;
#define VIRTIO_DEVICE_COMPONENT_DEF(n) \
	VIRTIO_COMPONENT_DEF(n)
#define VIRTIO_DRIVER_COMPONENT_DEF(n) \
	VIRTIO_COMPONENT_DEF(n)

/* VM `device` serves VM `driver`. */
#define VIRTIO_COMPOSITION_DEF(device, driver) \
	connection seL4SharedDataWithCaps vm##device##_vm##driver##_iobuf( \
		from vm##device.vm##driver##_iobuf, to vm##driver.vm##device##_iobuf); \
	connection seL4SharedDataWithCaps vm##device##_vm##driver##_memdev( \
		from vm##device.vm##driver##_memdev, to vm##driver.vm##device##_memdev); \
	connection seL4GlobalAsynch vm##device##_vm##driver##_upcall( \
		from vm##driver.vm##device##_ntfn_send, to vm##device.vm##driver##_ntfn_recv); \
	connection seL4Notification vm##device##_vm##driver##_downcall( \
		from vm##device.vm##driver##_ntfn_send, to vm##driver.vm##device##_ntfn_recv); \
	vm##device##_vm##driver##_memdev.swiotlb = VMSWIOTLB;

/* Where memdev lies, by the macros VMd_VMr_VIRTIO_DATA_BASE and _SIZE. */
#define VIRTIO_CONFIGURATION_DEF(device, driver) \
	vm##device##_vm##driver##_memdev.base = VM##device##_VM##driver##_VIRTIO_DATA_BASE; \
	vm##device##_vm##driver##_memdev.size = VM##device##_VM##driver##_VIRTIO_DATA_SIZE;

/* An entry of a list that speaks of the peer by its number. */
#define VIRTIO_ENTRY_DEF(peer, device, driver) \
	{ \
		"id": #peer, \
		"data_base": VAR_STRINGIZE(VM##device##_VM##driver##_VIRTIO_DATA_BASE), \
		"data_size": VAR_STRINGIZE(VM##device##_VM##driver##_VIRTIO_DATA_SIZE), \
		"ctrl_base": VAR_STRINGIZE(VM##device##_VM##driver##_VIRTIO_CTRL_BASE), \
		"ctrl_size": VAR_STRINGIZE(VM##device##_VM##driver##_VIRTIO_CTRL_SIZE), \
	},
#define VIRTIO_DEVICE_CONFIGURATION_DEF(device, driver) \
	VIRTIO_ENTRY_DEF(device, device, driver)
#define VIRTIO_DRIVER_CONFIGURATION_DEF(device, driver) \
	VIRTIO_ENTRY_DEF(driver, device, driver)

/* topo places the RAM of every VM by itself. */
#define VIRTIO_DRIVER_GUEST_RAM_CONFIGURATION_DEF(n)
