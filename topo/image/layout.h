/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of a system: every address, interrupt, doorbell, capability and mapping, decided from
 * the model and the sizes of what the VMs boot. Pure decision: no file is read or written here and
 * nothing of the result depends on anything but the arguments.
 *
 * The steps, called in this order by topo/image/image.c:
 *   layout_new     guest-physical maps, interrupts, doorbells, capabilities
 *   layout_boot    where in its RAM a VM finds kernel, initrd and device tree
 *   layout_add_rom what VMs find in the image, when its size is known
 *   layout_memory  VMM spaces, regions and mappings
 *   layout_place   physical addresses, when the size of the image is known
 *
 * Invariants: layout->tables holds what lib/image_check.h demands; a right that no connection
 * asks for is in none of them.
 */
#ifndef TOPO_IMAGE_LAYOUT_H
#define TOPO_IMAGE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/image.h"
#include "abi/limits.h"
#include "abi/vmm.h"
#include "lib/bits.h"
#include "topo/diag/diag.h"
#include "topo/image/payload.h"
#include "topo/image/personality.h"
#include "topo/model/board.h"
#include "topo/model/model.h"
#include "topo/model/pci_models.h"

/* Where a guest finds what docs/guest.md lists, and its interrupts. */
#define GUEST_GICD_IPA 0x08000000U
#define GUEST_GICD_BYTES 0x1000U
#define GUEST_GICC_IPA 0x08010000U
#define GUEST_GICC_BYTES (PV_GICC_PAGES << PV_PAGE_SHIFT)
/* With a GICv3 instead of both: */
#define GUEST_GICV3_BYTES 0x10000U
#define GUEST_GICR_IPA 0x080a0000U
#define GUEST_GICR_BYTES 0x20000U /* for each vCPU */
#define GUEST_V2M_IPA 0x08020000U
#define GUEST_UART_IPA 0x09000000U
#define GUEST_AGENT_IPA 0x09010000U
#define GUEST_PAGE UINT64_C(0x1000)
#define GUEST_UART_SPI 1U
#define GUEST_AGENT_SPI 2U
#define GUEST_CONNECTION_SPI 16U
#define GUEST_ECAM_BYTES 0x100000U
#define GUEST_BLOCK 0x200000U /* what one entry of a level 2 table maps */

/* What other VMs may ask for of a VM, each by a doorbell that sets an event bit of its VMM. */
enum layout_request { REQUEST_START, REQUEST_STOP, REQUEST_RESTART, REQUEST_COUNT };
#define LAYOUT_EVENT_REQUEST(request) (PV_EVENT_DOORBELL + PV_VMM_CONNECTIONS_MAX + (request))

/* The ROM: what a VM may see of the image, each page as far from its start as in the image. */
#define GUEST_ROM_IPA UINT64_C(0x7000000000)
#define GUEST_ROM_BYTES (BIT64(PV_IPA_BITS) - GUEST_ROM_IPA)

/* Where QEMU puts the image: an arm64 Image with text_offset 0 goes 2 MiB behind the start of RAM,
 * since QEMU keeps its own boot stub there. */
#define LAYOUT_BOOT_STUB_BYTES 0x1000U

/* A device, from both sides of its connection. */
struct layout_device {
	struct personality personality;
	uint32_t first_queue;    /* docs/connection.md, "Numbers" */
	uint64_t bar_ipa;        /* in the driver VM: registers */
	uint64_t notify_ipa;     /* in the driver VM: its doorbell page */
	uint32_t cap_send_first; /* of the driver VM's domain: kicks and calls */
	uint32_t cap_recv_first;
	uint64_t inflight_at; /* its records of requests in flight, among those of the connection */
};

struct layout_connection {
	uint32_t queue_count;
	uint32_t doorbell_first; /* the device VM's, number 0 on; behind them the driver VM's */
	uint64_t memory_bytes;
	bool is_late;                  /* a kernel that boots does not wait for its disks */
	bool is_awaited;               /* but the first program of the driver VM does */
	struct layout_device *devices; /* like connection.devices */

	/* In the device VM's guest. */
	uint64_t device_iobuf_ipa; /* page 0, page 1 behind it */
	uint64_t device_doorbell_ipa;
	uint64_t device_memory_ipa;
	uint64_t device_inflight_ipa; /* records of requests in flight */
	uint64_t inflight_bytes;      /* 0 = none of its devices keeps any */
	uint32_t device_intid;        /* of number 0; the queues' follow */

	/* In the driver VM: its guest, its VMM. */
	uint32_t number; /* among the connections that this VM uses */
	uint64_t driver_memory_ipa;
	uint64_t ecam_ipa;
	uint64_t bar_ipa;    /* of device 0, the others behind it */
	uint64_t notify_ipa; /* of device 0, the others behind it */
	uint64_t page_out_va;
	uint64_t page_in_va;
	uint32_t cap_ring;
	uint32_t event;
};

/* A place for what a base address register decodes: of bus addresses, which are physical ones, and
 * of the guest. */
struct layout_bar {
	uint64_t bus;
	uint64_t ipa;
	uint64_t bytes; /* a power of two, at least a page; 0 = none */
};

/* A physical function that a VM has. */
struct layout_function {
	const struct pci_function *source;
	const struct pci_model *model;
	uint32_t vm;
	uint32_t id;      /* bus << 8 | device << 3 | function, and StreamID */
	uint32_t slot;    /* in the guest */
	uint32_t intid;   /* physical line of its pin; 0 = it has no use of that */
	uint32_t virq;    /* what the guest has of that */
	uint32_t vectors; /* MSIs that the guest has room for */
	struct layout_bar bars[PCI_BARS_MAX];
	uint32_t cap_window; /* index in the domain's own table */
	uint32_t cap_stream; /* PV_VMM_NO_STREAM = it does no DMA */
};

/* Registers that a VM was given by their address, or by a node of the board's device tree. */
struct layout_registers {
	const struct board_device *node; /* NULL = by their address */
	uint64_t base;
	uint64_t bytes; /* whole pages */
	uint64_t ipa;
	uint32_t vm;
	struct place place;
};

/* A physical line and what it is in its VM. */
struct layout_line {
	uint32_t vm;
	uint32_t intid;
	uint32_t virq;
};

/* What is physical in a system, VM by VM. */
struct layout_hardware {
	struct layout_function functions[PV_WINDOWS_MAX];
	uint32_t function_count;
	struct layout_registers registers[PV_DEVICES_MAX];
	uint32_t registers_count;
	struct layout_line lines[PV_IRQS_MAX];
	uint32_t line_count;
};

#define NO_ROM UINT32_MAX
#define BOOT_ROMS_MAX (INITRD_PARTS_MAX + 2U) /* with kernel and device tree */

struct layout_vm {
	uint32_t served_count; /* connections in which it is the device VM */
	uint32_t used_count;   /* connections in which it is the driver VM */
	uint32_t used_device_count;

	/* The guest. */
	uint64_t doorbell_ipa;
	uint32_t doorbell_page_count;
	uint64_t requests_ipa; /* its page that rings for the VMs that it may restart; 0 = none */
	uint32_t v2m_first;    /* INTID of the first MSI */
	uint32_t v2m_count;
	bool msis_physical;     /* physical functions write to the frame too */
	uint64_t hw_ecam_ipa;   /* of the host bridge of its physical functions; 0 = none */
	uint64_t hw_window_bus; /* all that they decode; in the guest as far from each other */
	uint64_t hw_window_ipa;
	uint64_t hw_window_bytes;
	uint64_t hw_window_align;
	uint32_t function_count; /* of layout.hardware */
	uint64_t kernel_ipa;     /* and entry */
	uint64_t initrd_ipa;     /* 0 = none */
	uint64_t initrd_bytes;
	uint64_t dtb_ipa;
	uint32_t ram_region;

	bool managed;           /* some VM may restart it */
	uint32_t request_first; /* then: its doorbells, in the order of enum layout_request */

	/* The VMM. */
	uint64_t stack_va;
	uint64_t config_va;
	uint64_t iobuf_va; /* of connection number 0, two pages each */
	uint32_t
		segment_roms[VMM_SEGMENTS_MAX]; /* what of its program the image holds, or NO_ROM */
	uint32_t config_rom;
	uint32_t cap_vcpu_first; /* all cap_*: index in the domain's own table */
	uint32_t cap_vgic;
	uint32_t cap_console_first;

	/* What its guest finds in the image. */
	uint32_t loads_rom; /* abi/loader.h */
	uint32_t boot_roms[BOOT_ROMS_MAX];
	uint32_t boot_rom_count;
};

/* A piece of the image that is a region: index i is region i. */
struct layout_rom {
	uint64_t bytes;
	uint64_t image_offset; /* from the header */
};

/* The tables of the image; counts stand in layout_tables.count. */
struct layout_tables {
	struct pv_domain domains[PV_DOMAINS_MAX];
	struct pv_vcpu vcpus[PV_VCPUS_MAX];
	struct pv_region regions[PV_REGIONS_MAX];
	struct pv_mapping mappings[PV_MAPPINGS_MAX];
	struct pv_cap caps[PV_CAPS_MAX];
	struct pv_doorbell doorbells[PV_DOORBELLS_MAX];
	struct pv_doorbell_page doorbell_pages[PV_DOORBELL_PAGES_MAX];
	struct pv_device devices[PV_DEVICES_MAX];
	struct pv_irq irqs[PV_IRQS_MAX];
	struct pv_stream streams[PV_STREAMS_MAX];
	struct pv_window windows[PV_WINDOWS_MAX];
	struct pv_window_rule window_rules[PV_WINDOW_RULES_MAX];
	uint32_t domain_count;
	uint32_t vcpu_count;
	uint32_t region_count;
	uint32_t mapping_count;
	uint32_t cap_count;
	uint32_t doorbell_count;
	uint32_t doorbell_page_count;
	uint32_t device_count;
	uint32_t irq_count;
	uint32_t stream_count;
	uint32_t window_count;
	uint32_t window_rule_count;
	const char *full;         /* the first table that had no room, NULL = none */
	uint32_t full_at;         /* its size */
	struct place full_before; /* what it had no room for */
	struct place filled_by;   /* the VM or connection whose entries are made */
};

/* Where a region may go. */
struct layout_fit {
	bool block;      /* physical and guest-physical address agree modulo 2 MiB */
	uint64_t offset; /* then: that remainder */
};

struct layout {
	const struct model *model;
	const struct payloads *payloads;
	struct layout_vm *vms;                 /* like model.vms */
	struct layout_connection *connections; /* like model.connections */
	struct layout_hardware hardware;
	struct layout_fit fits[PV_REGIONS_MAX];
	struct layout_tables tables;
	struct layout_rom roms[PV_REGIONS_MAX];
	uint32_t rom_count;
	uint32_t loader_rom;

	/* Physical memory, bytes. */
	uint64_t load_base;  /* of the kernel */
	uint64_t image_base; /* of the header */
	uint64_t pool_base;
	uint32_t pool_page_count;
	uint64_t ram_bytes; /* of the machine */
};

/**
 * Lay out all that does not depend on the contents of what the VMs boot.
 * @payloads: for the shape of the VMM; both arguments must outlive the layout.
 * Returns NULL when the topology does not fit: each reason was reported through @diag.
 */
struct layout *layout_new(const struct model *model, const struct payloads *payloads,
                          struct diag *diag);

/**
 * Whether the kernel's tables have room for @model, as far as that does not depend on what its VMs boot: for
 * those who look before anything is built. All else that layout_new() refuses has checks of its own.
 * Returns false when they have not: what the first that is full had none for was reported through @diag.
 */
bool layout_fits(const struct model *model, struct diag *diag);

/** Whether guests have a GICv3, as the board has. */
bool layout_gicv3(const struct layout *layout);

/** Give back @layout. NULL is allowed. */
void layout_free(struct layout *layout);

/** Whether all tables had room; what the first that is full had none for is said. */
bool layout_complete(const struct layout *layout, struct diag *diag);

/**
 * Place kernel, initrd and a device tree of @dtb_bytes in the RAM of VM @vm: fills kernel_ipa,
 * initrd_ipa, initrd_bytes, dtb_ipa.
 * Returns false when they do not fit: reported through @diag.
 */
bool layout_boot(struct layout *layout, uint32_t vm, uint64_t dtb_bytes, struct diag *diag);

/** A piece of @bytes that the image is to hold as a region. Returns its index. */
uint32_t layout_add_rom(struct layout *layout, uint64_t bytes);

/** The address spaces of the VMMs, and all regions with their mappings: the ROMs first. */
void layout_memory(struct layout *layout);

/** Where VM @vm, which has an agent, finds the window of abi/agent.h: at the end of its RAM. */
uint64_t layout_agent_window(const struct vm *vm);

/** Where every guest that sees it finds ROM @rom, once layout_place() has been. */
uint64_t layout_rom_ipa(const struct layout *layout, uint32_t rom);

/** Pages of all tables that the kernel needs to map every space of @layout. */
uint32_t layout_table_pages(const struct layout *layout);

/**
 * Bytes that VM @vm costs beyond its RAM and its pools: VMM, iobuf pages of the connections that it
 * uses, stage-2 tables.
 */
uint64_t layout_overhead(const struct layout *layout, uint32_t vm);

/**
 * Give every region and the table pool a physical address behind an image whose header lies
 * @header_offset bytes from the load address and which has @image_bytes from there on.
 * Returns false when the board has not enough memory: reported through @diag.
 */
bool layout_place(struct layout *layout, uint64_t header_offset, uint64_t image_bytes,
                  struct diag *diag);

#endif
