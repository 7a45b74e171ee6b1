/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check of memory: regions, mappings, and where domains start. What it keeps:
 * a page of RAM belongs to one region at most, never to the kernel, the image's tables or the table
 * pool, and is seen in more than one place only if its region says so, or by devices as by their
 * guest; what a VMM executes is written by nobody, nor what the image holds and more than one sees; what the kernel does not
 * clear is the image's, or one guest's alone.
 */
#include <stddef.h>

#include "lib/image_checker.h"

#define FLAGS_KNOWN (PV_REGION_SHARED | PV_REGION_LOADED)
#define RIGHTS_KNOWN (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)

static err_t check_region(const struct image_checker *checker, uint32_t index)
{
	static const struct pv_region none;
	const struct pv_image_header *image = checker->image;
	const struct pv_region *region = &image_regions(image)[index];
	const struct pv_region *before = index ? region - 1 : &none;
	bool last = index + 1 == image->regions.count;
	uint32_t page = region->page;
	uint32_t count = region->page_count;
	bool rom = image_is_rom(checker, page, count);
	bool shared = (region->flags & PV_REGION_SHARED) != 0;
	bool loaded = (region->flags & PV_REGION_LOADED) != 0;
	const struct image_rule rules[] = {
		{"page_count", ERR_RANGE,
	         count > 0 && pages_inside(page, count, image->ram_page, image->ram_page_count)},
		{"page", ERR_OVERLAP,
	         page >= before->page + before->page_count &&
	                 !pages_overlap(page, count, image->pool_page, image->pool_page_count) &&
	                 (rom || !image_is_taken(checker, page, count))},
		{"flags", ERR_ARG, (region->flags & ~FLAGS_KNOWN) == 0},
		{"flags", ERR_RIGHT, !loaded || (!shared && !rom)},
		{"reserved", ERR_ARG, region->reserved == 0},
		{"mappings.first", ERR_RANGE,
	         image_covers(before->mappings, region->mappings, last, image->mappings)},
		{"mappings.count", ERR_RANGE, region->mappings.count > 0},
	};

	return image_judge(checker, "regions", index, rules, ARRAY_COUNT(rules));
}

bool image_maps(const struct pv_image_header *image, uint32_t count, const struct image_view *view)
{
	const struct pv_mapping *mappings = image_mappings(image);
	const struct pv_region *region = image_regions(image);

	for (uint32_t i = 0; i < count; i++) {
		/* Every region has a mapping. */
		region += i == region->mappings.first + region->mappings.count;
		if (mappings[i].domain == view->domain && mappings[i].space == view->space &&
		    (mappings[i].rights & view->rights) != 0 &&
		    pages_overlap(mappings[i].ipa_page, region->page_count, view->ipa_page,
		                  view->page_count)) {
			return true;
		}
	}
	return false;
}

/* Mapping @index of a region of @page_count pages, by itself and beside those before it. */
static err_t check_mapping(const struct image_checker *checker, uint32_t index, uint32_t page_count)
{
	const struct pv_image_header *image = checker->image;
	const struct pv_mapping *mapping = &image_mappings(image)[index];
	uint32_t rights = mapping->rights;
	uint32_t page = mapping->ipa_page;
	bool known = mapping->domain < image->domains.count;
	bool dma = mapping->space == PV_SPACE_DMA;
	const struct image_view view = {mapping->domain, mapping->space, PV_RIGHT_READ, page,
	                                page_count};
	const struct image_rule rules[] = {
		{"domain", ERR_RANGE, known},
		{"space", ERR_RANGE, mapping->space < PV_SPACE_COUNT},
		{"space", ERR_RIGHT, !dma || image_has_stream(image, mapping->domain)},
		{"rights", ERR_ARG, (rights & PV_RIGHT_READ) != 0 && (rights & ~RIGHTS_KNOWN) == 0},
		{"reserved", ERR_ARG, mapping->reserved == 0},
		{"ipa_page", ERR_RANGE, pages_fit(page, page_count, IMAGE_IPA_PAGES)},
		{"ipa_page", ERR_OVERLAP,
	         mapping->space != PV_SPACE_GUEST || !known ||
	                 !image_is_answered(checker, mapping->domain, page, page_count)},
		{"ipa_page", ERR_OVERLAP, !image_maps(image, index, &view)},
	};

	return image_judge(checker, "mappings", index, rules, ARRAY_COUNT(rules));
}

/* Is mapping @dma, of a DMA space, one of @region that its domain's guest has as well? */
static bool is_guests_too(const struct pv_image_header *image, const struct pv_region *region,
                          const struct pv_mapping *dma)
{
	for (uint32_t n = 0; n < region->mappings.count; n++) {
		const struct pv_mapping *m = &image_mappings(image)[region->mappings.first + n];

		if (m->domain == dma->domain && m->space == PV_SPACE_GUEST &&
		    m->ipa_page == dma->ipa_page && (dma->rights & ~m->rights) == 0) {
			return true;
		}
	}
	return false;
}

/* @region is seen by one alone if it is not shared, and by devices only as by their guest. */
static err_t check_sharing(const struct image_checker *checker, uint32_t index)
{
	const struct pv_region *region = &image_regions(checker->image)[index];
	uint32_t others = 0; /* mappings that are no device's */

	for (uint32_t n = 0; n < region->mappings.count; n++) {
		uint32_t at = region->mappings.first + n;
		const struct pv_mapping *mapping = &image_mappings(checker->image)[at];

		if (mapping->space != PV_SPACE_DMA) {
			others++;
		} else if ((mapping->rights & PV_RIGHT_EXEC) ||
		           !is_guests_too(checker->image, region, mapping)) {
			return image_refuse(checker, "mappings", at, "rights", ERR_RIGHT);
		}
	}
	if (others > 1 && !(region->flags & PV_REGION_SHARED)) {
		return image_refuse(checker, "regions", index, "mappings.count", ERR_RIGHT);
	}
	return OK;
}

/*
 * Nothing that a VMM executes may be written, by whomever and at whatever address; nothing that the
 * image holds, where more than one sees it; and what is not cleared is a guest's. Regions are
 * disjoint, so that all who see a page of @region are its mappings; they are sound by themselves.
 */
static err_t check_writers(const struct image_checker *checker, const struct pv_region *region)
{
	const struct pv_mapping *mappings = image_mappings(checker->image);
	bool kept = region->mappings.count > 1 &&
	            image_is_rom(checker, region->page, region->page_count);
	bool written = false;

	for (uint32_t n = 0; n < region->mappings.count; n++) {
		uint32_t index = region->mappings.first + n;
		const struct pv_mapping *mapping = &mappings[index];

		written = written || (mapping->rights & PV_RIGHT_WRITE) != 0;
		kept = kept ||
		       (mapping->space == PV_SPACE_VMM && (mapping->rights & PV_RIGHT_EXEC) != 0);
		if (written && kept) {
			return image_refuse(checker, "mappings", index, "rights", ERR_RIGHT);
		}
		if ((region->flags & PV_REGION_LOADED) && mapping->space == PV_SPACE_VMM) {
			return image_refuse(checker, "mappings", index, "space", ERR_RIGHT);
		}
	}
	return OK;
}

/* Region @index, of a table that is sound, with those who see it. */
static err_t check_seen(const struct image_checker *checker, uint32_t index)
{
	const struct pv_region *region = &image_regions(checker->image)[index];
	err_t err = OK;

	for (uint32_t n = 0; n < region->mappings.count && !err; n++) {
		err = check_mapping(checker, region->mappings.first + n, region->page_count);
	}
	err = err ? err : check_sharing(checker, index);
	return err ? err : check_writers(checker, region);
}

err_t image_check_memory(const struct image_checker *checker)
{
	uint32_t count = checker->image->regions.count;
	err_t err = OK;

	for (uint32_t i = 0; i < count && !err; i++) {
		err = check_region(checker, i);
	}
	for (uint32_t i = 0; i < count && !err; i++) {
		err = check_seen(checker, i);
	}
	return err;
}

/* Does @domain have the byte at @address of @space mapped with @right? */
static bool may_access(const struct pv_image_header *image, uint32_t domain, enum pv_space space,
                       uint64_t address, uint32_t right)
{
	const struct image_view view = {domain, space, right, (uint32_t)(address >> PV_PAGE_SHIFT),
	                                1};

	return address >> PV_IPA_BITS == 0 && image_maps(image, image->mappings.count, &view);
}

err_t image_check_starts(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;

	for (uint32_t i = 0; i < image->domains.count; i++) {
		const struct pv_domain *d = &image_domains(image)[i];
		const struct image_rule rules[] = {
			{"vmm_entry", ERR_ARG, is_aligned(d->vmm_entry, 4)},
			{"vmm_entry", ERR_RANGE,
		         may_access(image, i, PV_SPACE_VMM, d->vmm_entry, PV_RIGHT_EXEC)},
			{"vmm_stack", ERR_ARG, is_aligned(d->vmm_stack, 16)},
			/* The stack grows down: the page just below its start is what counts. */
			{"vmm_stack", ERR_RANGE,
		         d->vmm_stack > 0 && may_access(image, i, PV_SPACE_VMM, d->vmm_stack - 1,
		                                        PV_RIGHT_WRITE)},
			{"entry", ERR_ARG, is_aligned(d->entry, 4)},
			{"entry", ERR_RANGE,
		         may_access(image, i, PV_SPACE_GUEST, d->entry, PV_RIGHT_EXEC)},
		};
		err_t err = image_judge(checker, "domains", i, rules, ARRAY_COUNT(rules));

		if (err) {
			return err;
		}
	}
	return OK;
}
