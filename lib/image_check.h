/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validation of a system image (abi/image.h): the kernel does not trust topo. image_check() runs
 * once at boot, before anything of the image is used; topo runs it on what it has built. After
 * it returned OK, every index in every table is in bounds, every range lies where it may, and the
 * accessors below may be used without another check, as long as nobody writes to the image.
 *
 * Nothing is allocated, nothing is written but *fault, and every loop is bounded by a constant of
 * abi/limits.h. The work is at most quadratic in the number of mappings.
 */
#ifndef LIB_IMAGE_CHECK_H
#define LIB_IMAGE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/image.h"
#include "lib/range.h"

/* Pages of the board's physical addresses, or interrupts: [first, first + count). */
struct image_span {
	uint32_t first;
	uint32_t count;
};

/* What the board has, from its rows: lib/image_board.h. */
struct image_board {
	uint32_t gicc_page_count; /* of the CPU interface that guests have by a mapping */
	bool smmu;
	uint32_t msi_page;      /* that devices write MSIs to, 0: none */
	struct image_span msis; /* the interrupts that it raises, if they are of the board */
	const struct image_span
		*kept; /* RAM, registers that are the kernel's or nobody's, windows */
	uint32_t kept_count;
	const struct image_span *lines; /* the kernel's or nobody's, and those of MSIs */
	uint32_t line_count;
	const struct image_span *windows; /* where a register window may be */
	uint32_t window_count;
};

/* What the kernel knows of the machine that it runs on. Page ranges are physical. */
struct image_bounds {
	uint32_t board;    /* enum pv_board */
	uint32_t ram_page; /* RAM that an image may use at most */
	uint32_t ram_page_count;
	uint32_t kernel_page; /* the kernel: text, data, stacks; whatever it must keep */
	uint32_t kernel_page_count;
	uint32_t image_page; /* where the header lies */
	const struct image_board *hardware;
};

/* Which entry is wrong, for the message: "image: domains[2].caps: <text of err>". */
struct image_fault {
	const char *table; /* name of the table in struct pv_image_header; "header" for itself */
	uint32_t index;    /* of the entry; 0 for the header */
	const char *field; /* of the entry */
	err_t err;
};

/**
 * Check all that abi/image.h states of @image and its tables.
 * @available_bytes: memory from @image on that may be read. @image is aligned to 8.
 * @fault is filled in unless OK is returned.
 * Errors: ERR_VERSION not an image, or of another format; ERR_ARG malformed (alignment, unknown
 * bits, kinds and types, reserved fields); ERR_RANGE an index, number or range out of bounds;
 * ERR_OVERLAP ranges that must be disjoint are not; ERR_CAP a capability that may not be held;
 * ERR_RIGHT a right that may not be given; ERR_FULL more of something than the kernel's tables hold.
 */
MUST_USE err_t image_check(const struct pv_image_header *image, uint64_t available_bytes,
                           const struct image_bounds *bounds, struct image_fault *fault);

/* The tables that the header names, in their order in the image: X(table, entry, least, most). */
#define IMAGE_TABLES(X)                                                                            \
	X(domains, pv_domain, 1, PV_DOMAINS_MAX)                                                   \
	X(vcpus, pv_vcpu, 1, PV_VCPUS_MAX)                                                         \
	X(regions, pv_region, 1, PV_REGIONS_MAX)                                                   \
	X(mappings, pv_mapping, 1, PV_MAPPINGS_MAX)                                                \
	X(caps, pv_cap, 0, PV_CAPS_MAX)                                                            \
	X(doorbells, pv_doorbell, 0, PV_DOORBELLS_MAX)                                             \
	X(doorbell_pages, pv_doorbell_page, 0, PV_DOORBELL_PAGES_MAX)                              \
	X(devices, pv_device, 0, PV_DEVICES_MAX)                                                   \
	X(irqs, pv_irq, 0, PV_IRQS_MAX)                                                            \
	X(streams, pv_stream, 0, PV_STREAMS_MAX)                                                   \
	X(windows, pv_window, 0, PV_WINDOWS_MAX)                                                   \
	X(window_rules, pv_window_rule, 0, PV_WINDOW_RULES_MAX)

/* image_domains() and so on: a table; only for an image that image_check() accepted. */
#define IMAGE_TABLE(table, entry, least, most)                                                     \
	static inline const struct entry *image_##table(const struct pv_image_header *image)       \
	{                                                                                          \
		return (const void *)((const uint8_t *)image + image->table.offset);               \
	}
IMAGE_TABLES(IMAGE_TABLE)
#undef IMAGE_TABLE

/** Whether @domain has a stream, and so a DMA space. At most PV_STREAMS_MAX steps. */
static inline bool image_has_stream(const struct pv_image_header *image, uint32_t domain)
{
	for (uint32_t i = 0; i < image->streams.count; i++) {
		if (image_streams(image)[i].domain == domain) {
			return true;
		}
	}
	return false;
}

/**
 * Whether the kernel clears @region of an accepted image before the first VM runs: not what the
 * image holds, from page @image_page on, nor what its guest clears.
 */
static inline bool image_clears(const struct pv_image_header *image, uint32_t image_page,
                                const struct pv_region *region)
{
	return !(region->flags & PV_REGION_LOADED) &&
	       !pages_overlap(region->page, region->page_count, image_page,
	                      (uint32_t)(image->image_bytes >> PV_PAGE_SHIFT));
}

#endif
