/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo verify: reads the rights back out of a built image and compares them with those of the
 * topology. It shares the format (abi/) and the model with the builder, and no code: a mistake of
 * the builder must not repeat here.
 *
 * The topology says what there is to reach (RAM, iobuf pages, pools, doorbells); the image says
 * where. So each thing is looked up at its anchor, an address that the image gives to the one who
 * has it by all means (a VM its RAM, a VMM its pages), and then everybody who reaches that
 * physical memory is compared with who should. docs/verify.md describes it.
 *
 * The steps of verify_image(), a file each:
 *   shape.c     the image by itself: what the kernel would refuse
 *   shape_pool.c, shape_hardware.c  parts of that
 *   roms.c      the regions that the image holds, and what each VM's loader makes of them
 *   vmm.c       the configuration of each VMM (abi/vmm.h)
 *   guest.c, guest_connections.c    the device tree of each guest
 *   memory.c, memory_things.c       who reaches which physical memory
 *   given.c, hardware.c, hardware_views.c, windows.c    registers, lines, PCI functions
 *   cpus.c      vCPUs, priorities, consoles
 *   powers.c    capabilities, doorbells
 *   contents.c, archive.c           which bytes lie where
 */
#ifndef TOPO_VERIFY_VERIFY_H
#define TOPO_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/loader.h"
#include "abi/vmm.h"
#include "topo/model/model.h"
#include "topo/verify/decode.h"
#include "topo/verify/files.h"
#include "topo/verify/findings.h"
#include "topo/verify/tree.h"
#include "topo/verify/virtio.h"

#define IPA_UNKNOWN UINT64_MAX
#define DOMAIN_NONE UINT32_MAX

/* What every guest has at these places (docs/guest.md). */
#define GICD_IPA 0x08000000U
#define GICC_IPA 0x08010000U
#define V2M_IPA 0x08020000U
/* With a GICv3, no CPU interface but: */
#define GICV3_BYTES UINT64_C(0x10000) /* of the distributor */
#define GICR_IPA 0x080a0000U
#define GICR_BYTES UINT64_C(0x20000) /* for each vCPU */
#define UART_IPA 0x09000000U
#define AGENT_IPA 0x09010000U
#define ECAM_BYTES 0x100000U
#define UART_INTID (PV_SPI_FIRST + 1)
#define AGENT_INTID (PV_SPI_FIRST + 2)
#define PAGE UINT64_C(4096)

struct wiring_device {
	const struct device *source;
	struct virtio virtio;
	uint32_t first_queue;
	const struct pv_vmm_device *view; /* in the driver VM's VMM, NULL = it has none */
};

/* A connection: what follows from the topology, and where the image puts it. */
struct wiring {
	const struct connection *source;
	const char *name; /* "device -> driver" */
	uint32_t number;  /* among those that the driver VM uses */
	uint32_t queues;
	uint64_t memory_bytes;
	uint64_t inflight_bytes; /* of the records of requests in flight; 0 = none */
	struct wiring_device *devices;

	/* Where the device VM finds it, by its device tree; IPA_UNKNOWN: a tree of the user's. */
	const char *node; /* NULL = not found */
	uint64_t page_ipa[2];
	uint64_t doorbell_ipa;
	uint64_t memory_ipa;
	uint64_t inflight_ipa;
	uint32_t *intids; /* 1 + queues; 0 = unknown */

	/* Where the driver VM finds it. */
	const struct pv_vmm_connection *view; /* of its VMM, NULL = it has none */
	uint64_t pool_ipa;                    /* of its guest; with VMSWIOTLB=0 its RAM */
};

struct verified_vm {
	const struct vm *source;
	const char *who;     /* "vm_a" */
	const char *who_vmm; /* "the VMM of vm_a" */
	uint32_t domain;     /* in the image, DOMAIN_NONE = it is not there */
	bool own_tree;       /* topo generates its device tree */
	uint32_t served;
	uint32_t used;
	uint32_t used_devices;
	uint32_t vectors; /* MSIs: one for each queue used, one for each device */

	bool has_config;
	struct pv_vmm_config config;
	const struct pv_vmm_connection *views; /* config.connection_count */
	const struct pv_vmm_device *device_views;
	const struct pv_vmm_function *function_views; /* config.function_count */

	struct pv_loads boot;        /* of later starts; all 0 = its loader is told nothing */
	const struct pv_load *loads; /* boot.count */

	bool has_tree;
	struct tree tree;
	uint64_t initrd_ipa; /* IPA_UNKNOWN */
};

struct given; /* topo/verify/given.h: hardware */

struct verify {
	struct arena *arena;
	const struct model *model;
	const struct files *files;
	const struct decoded *image;
	struct findings *report;
	struct verified_vm *vms; /* like model.vms */
	struct wiring *wirings;  /* like model.connections */
	struct given *given;
};

/**
 * Compare @image with @model. Differences and rights go to @report; all memory is of @arena.
 */
void verify_image(struct arena *arena, const struct model *model, const struct files *files,
                  const struct decoded *image, struct findings *report);

/* The steps, called by verify_image() in this order. */
void shape_check(struct verify *v);
void loads_read(struct verify *v);
void vmm_read_configs(struct verify *v);
void guest_read_trees(struct verify *v);
void vmm_check_configs(struct verify *v);
void guest_check_trees(struct verify *v);
void memory_check(struct verify *v);
void cpus_check(struct verify *v);
void powers_check(struct verify *v);
void contents_check(struct verify *v);

/** Whether the guest of @vm has a frame that MSIs are written to. */
bool vmm_has_frame(const struct verify *v, uint32_t vm);

/* guest_connections.c, for guest.c. */
void guest_learn_connections(struct verify *v, uint32_t vm);
/* Pools of VMs with a device tree of the user's: nothing says where they are but their shape. */
void guest_find_pools(struct verify *v);
void guest_want_connections(struct verify *v, uint32_t vm, uint32_t v2m_phandle,
                            struct tree *wanted);

/* archive.c, for contents.c: is @archive what the disk images that VM @vm serves make? */
bool archive_expected(const struct verify *v, uint32_t vm);
void archive_check(struct verify *v, uint32_t vm, struct bytes archive);

/** Up to where the entries of @archive go, its trailer included. */
uint64_t archive_bytes(struct bytes archive);

/** The path that the device VM of connection @wiring has the disk of its device @device at. */
const char *archive_disk_path(const struct verify *v, uint32_t wiring, uint32_t device);

/* roms.c. Bytes of the image that are in a region; count 0 = it is not in the image. */
struct bytes rom_bytes(const struct verify *v, uint32_t region);

/** From byte @ipa of a space to the end of the region there, if the image holds it. */
struct bytes rom_at(const struct verify *v, uint32_t domain, uint32_t space, uint64_t ipa,
                    struct hit *hit);

/** The first @count of @bytes; nothing when there are fewer, or one behind them is not 0. */
struct bytes rom_trim(struct bytes bytes, uint64_t count);

/** What the loader of @vm puts at byte @ipa, and the load that does; NULL = none does. */
struct bytes loads_at(const struct verify *v, const struct verified_vm *vm, uint64_t ipa,
                      const struct pv_load **load);

/** Pages of the image that regions may lie in: from the page behind the tables on. */
uint64_t shape_rom_page(const struct verify *v);

/** @what is @found in the image; @wanted would be right. */
void shape_check_number(struct verify *v, const char *what, uint64_t found, uint64_t wanted);

/** shape_pool.c: the pages that the kernel's translation tables are made of. */
void shape_check_pool(struct verify *v);

/** Physical page where the image file is loaded: the kernel's first. */
uint64_t shape_load_page(const struct verify *v);

#endif
