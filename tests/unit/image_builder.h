/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds system images (abi/image.h) for tests, object by object: what topo emits, without topo.
 * The tables stand open in the builder, so that a test can put in what no topology could.
 */
#ifndef TESTS_UNIT_IMAGE_BUILDER_H
#define TESTS_UNIT_IMAGE_BUILDER_H

#include <stdint.h>

#include "abi/image.h"
#include "lib/image_check.h"

/* The machine of the tests: RAM of 16 MiB, the kernel at its start, the image and the pool. */
#define BUILDER_RAM_PAGE 0x40000U
#define BUILDER_RAM_PAGES 4096U
#define BUILDER_KERNEL_PAGES 64U
#define BUILDER_IMAGE_PAGE (BUILDER_RAM_PAGE + BUILDER_KERNEL_PAGES)
#define BUILDER_POOL_PAGE (BUILDER_RAM_PAGE + 0x200U)
#define BUILDER_POOL_PAGES 64U
#define BUILDER_REGION_PAGE (BUILDER_RAM_PAGE + 0x400U) /* the first region's */
#define BUILDER_CPUS 4U
#define BUILDER_BYTES_MAX 0x100000U

/* Where things lie in the spaces of each domain of the tests, as pages. */
#define BUILDER_GICC_IPA 0x8010U
#define BUILDER_DOORBELL_IPA 0x9000U
#define BUILDER_GUEST_IPA 0x40000U
#define BUILDER_VMM_TEXT_IPA 0x200U
#define BUILDER_VMM_DATA_IPA 0x300U
#define BUILDER_VMM_CONFIG_IPA 0x400U
#define BUILDER_ROM_IPA 0x600U

/* What its board has beside RAM: registers that the kernel keeps, two areas of windows, the page
 * for MSIs, which raises lines 80 to 95; the kernel's own line is 33. */
#define BUILDER_KEPT_PAGE 0x9000U
#define BUILDER_KEPT_PAGES 2U
#define BUILDER_MSI_PAGE 0x8020U
#define BUILDER_MSI_INTID 80U
#define BUILDER_MSIS 16U
#define BUILDER_KERNEL_INTID 33U
#define BUILDER_WINDOW_PAGE 0x3f000U
#define BUILDER_WINDOW_PAGES 16U

/* What image_builder_make_hardware() gives to its domains. */
#define BUILDER_DEVICE_PAGE 0x9100U
#define BUILDER_DEVICE_IPA 0xb000U
#define BUILDER_MSI_IPA 0x8020U

/* What image_builder_make_pair() puts before the regions of its first domain. */
#define BUILDER_ROMS 2U
#define BUILDER_ROM_MAPPINGS 3U

struct image_builder {
	struct pv_image_header header;
	struct pv_domain domains[PV_DOMAINS_MAX];
	struct pv_vcpu vcpus[PV_VCPUS_MAX + PV_DOMAIN_VCPUS_MAX];
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
	struct image_bounds bounds; /* for image_check() */
	uint32_t next_page;         /* of the next region */
	uint32_t rom_pages;         /* of the image, behind its tables */
};

/** The board of the tests. */
extern const struct image_board image_builder_board;

/** Begin: a machine, and no domain. */
void image_builder_start(struct image_builder *builder);

/** A region behind those that are there. Its mappings follow, before the next region. */
void image_builder_add_region(struct image_builder *builder, uint32_t page_count, uint32_t flags);

/**
 * The first regions of all may lie in the image, one behind the other. image_builder_finish says
 * where.
 */
void image_builder_add_rom(struct image_builder *builder, uint32_t page_count, uint32_t flags);

/** Map the newest region; @domain may still have to come. */
void image_builder_add_mapping(struct image_builder *builder, uint32_t domain, enum pv_space space,
                               uint16_t rights, uint32_t ipa_page);

/**
 * A domain named @name with @vcpu_count vCPUs, number n on CPU (@cpu + n) % BUILDER_CPUS: its RAM
 * (all mapped to it alone), a VMM with text, data and configuration, three console channels, and
 * the capabilities VCPU (each), VGIC and CONSOLE.
 */
void image_builder_add_domain(struct image_builder *builder, const char *name, uint32_t vcpu_count,
                              uint32_t cpu);

/** A capability of the newest domain; returns its index in the table. */
uint32_t image_builder_add_cap(struct image_builder *builder, enum pv_cap_type type,
                               uint32_t object);

/** A doorbell; returns its index. */
uint32_t image_builder_add_doorbell(struct image_builder *builder, uint32_t domain,
                                    enum pv_doorbell_kind kind, uint16_t number);

/** A doorbell page of the newest domain. */
void image_builder_add_doorbell_page(struct image_builder *builder, uint32_t cap_first,
                                     uint32_t cap_count);

/**
 * A whole system as topo makes it: a driver VM with 2 vCPUs and a device VM with 3, connected by
 * two control pages, memory that the device VM sees of the driver VM, and doorbells both ways. Of
 * the image both guests see two pages, and the driver's VMM has one.
 */
void image_builder_make_pair(struct image_builder *builder);

/**
 * Two VMs with hardware: each has device pages, lines, a stream that reaches its RAM, MSIs, and a
 * window on a page that both have one on. The first has a window of its own and two streams; the
 * last window is nobody's.
 */
void image_builder_make_hardware(struct image_builder *builder);

/** Lay out header, tables and ROMs at @to, BUILDER_BYTES_MAX large; returns the bytes. */
uint64_t image_builder_finish(struct image_builder *builder, void *to);

#endif
