/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the image check share; nobody else includes it. Each file checks some tables
 * and may rely on those that image_check() calls before it:
 *
 *   header and table places  =>  domains and their slices  =>  regions, mappings  =>  the rest
 *
 * What stands in a table is read before it is checked only to be compared.
 */
#ifndef LIB_IMAGE_CHECKER_H
#define LIB_IMAGE_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/image_check.h"
#include "lib/range.h"

#define IMAGE_IPA_PAGES BIT32(PV_IPA_BITS - PV_PAGE_SHIFT)
#define IMAGE_PA_PAGES BIT32(PV_PA_BITS - PV_PAGE_SHIFT)

struct image_checker {
	const struct pv_image_header *image;
	const struct image_bounds *bounds;
	uint32_t image_page_count; /* of the image, from bounds->image_page on */
	uint32_t rom_page;         /* whole pages of the image behind the tables */
	uint32_t rom_page_count;
	struct image_fault *fault;
};

/** Note what is wrong and return @err, so that a check ends with `return image_refuse(…)`. */
static inline MUST_USE err_t image_refuse(const struct image_checker *checker, const char *table,
                                          uint32_t index, const char *field, err_t err)
{
	*checker->fault = (struct image_fault){table, index, field, err};
	return err;
}

/** Whether the slices of a table's entries cover @table in order, as far as @slice: it begins where that
 * of the entry before ends, @before, or the first, and if it is the last it ends with the table. */
static inline bool image_covers(struct pv_slice before, struct pv_slice slice, bool last,
                                struct pv_table table)
{
	uint32_t begin = before.first + before.count;

	return slice.first == begin && pages_fit(begin, slice.count, table.count) &&
	       (!last || slice.count == table.count - begin);
}

/** Whether [page, page + count) touches the kernel or the image. */
static inline bool image_is_taken(const struct image_checker *checker, uint32_t page,
                                  uint32_t count)
{
	const struct image_bounds *bounds = checker->bounds;

	return pages_overlap(page, count, bounds->kernel_page, bounds->kernel_page_count) ||
	       pages_overlap(page, count, bounds->image_page, checker->image_page_count);
}

/** Whether [page, page + count) lies where the image may hold a region. */
static inline bool image_is_rom(const struct image_checker *checker, uint32_t page, uint32_t count)
{
	return pages_inside(page, count, checker->rom_page, checker->rom_page_count);
}

/** Whether [page, page + count) of a guest's space lies where the kernel or the VMM answers itself:
 * doorbells, its CPU interface, and the page for MSIs, which its devices alone reach. */
static inline bool image_is_answered(const struct image_checker *checker, uint32_t domain,
                                     uint32_t page, uint32_t count)
{
	const struct pv_domain *d = &image_domains(checker->image)[domain];

	return pages_overlap(page, count, d->doorbell_ipa_page, d->doorbell_pages.count) ||
	       pages_overlap(page, count, d->gicc_ipa_page,
	                     checker->bounds->hardware->gicc_page_count) ||
	       pages_overlap(page, count, d->msi_ipa_page, d->msi_count != 0);
}

/* Pages of a domain's space, and a right that it may have to them. */
struct image_view {
	uint32_t domain;
	uint32_t space; /* enum pv_space */
	uint32_t rights;
	uint32_t ipa_page;
	uint32_t page_count;
};

/** Whether one of the first @count mappings gives one of the rights of @view to one of its pages.
 * Regions have been checked. */
bool image_maps(const struct pv_image_header *image, uint32_t count, const struct image_view *view);

/* What must hold for a field, and how it is refused. All of an entry's rules are evaluated, so that
 * one which relies on another says so. */
struct image_rule {
	const char *field;
	err_t err;
	bool holds;
};

/** Refuse entry @index of @table by the first of @rules that does not hold; OK if all do. */
MUST_USE err_t image_judge(const struct image_checker *checker, const char *table, uint32_t index,
                           const struct image_rule *rules, uint32_t count);

/** Domains: what stands in them alone, and that their slices cover the tables in order. */
MUST_USE err_t image_check_domains(const struct image_checker *checker);

/** Regions and mappings: physical ranges, sharing, rights, and overlaps in each space. */
MUST_USE err_t image_check_memory(const struct image_checker *checker);

/** vCPUs, capabilities, doorbells and doorbell pages. */
MUST_USE err_t image_check_objects(const struct image_checker *checker);

/** What domains have of the board: device pages, lines, streams, register windows. */
MUST_USE err_t image_check_hardware(const struct image_checker *checker);

/** Where VMM and guest start lies in memory that they may execute; the stack may be written. */
MUST_USE err_t image_check_starts(const struct image_checker *checker);

#endif
