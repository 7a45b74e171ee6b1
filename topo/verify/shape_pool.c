/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many stage-2 tables the spaces of an image take, for topo verify: the pool that the image keeps
 * for them has to hold these, and lies behind the file.
 */
#include <string.h>

#include "topo/verify/hardware.h"

#define BLOCK_PAGES 512U

/* One space's tables: bit n of `gigas` for a table of GiB n, bit n of `blocks` for one of the
 * 2 MiB block n, which is then mapped page by page. */
struct walk {
	uint8_t gigas[(1U << (PV_IPA_BITS - 30)) / 8];
	uint8_t blocks[(1U << (PV_IPA_BITS - 21)) / 8];
	uint32_t tables;
};

static void take(struct walk *walk, uint8_t *bits, uint64_t index)
{
	if (!(bits[index / 8] & 1U << index % 8)) {
		bits[index / 8] |= (uint8_t)(1U << index % 8);
		walk->tables++;
	}
}

static void walk_stretch(struct walk *walk, uint64_t ipa_page, uint64_t page, uint64_t pages)
{
	const uint64_t limit = UINT64_C(1) << (PV_IPA_BITS - PV_PAGE_SHIFT);
	uint64_t end = ipa_page + pages < limit ? ipa_page + pages : limit;
	bool fit = ipa_page % BLOCK_PAGES == page % BLOCK_PAGES;

	for (uint64_t at = ipa_page; at < end; at = (at / BLOCK_PAGES + 1) * BLOCK_PAGES) {
		take(walk, walk->gigas, at >> (30 - PV_PAGE_SHIFT));
		if (!fit || at % BLOCK_PAGES || end - at < BLOCK_PAGES) {
			take(walk, walk->blocks, at / BLOCK_PAGES);
		}
	}
}

static void walk_registers(const struct verify *v, struct walk *walk, uint32_t domain,
                           uint32_t space)
{
	const struct pv_domain *from = &v->image->domains[domain];

	if (space == PV_SPACE_GUEST && from->gicc_ipa_page != 0) {
		walk_stretch(walk, from->gicc_ipa_page, from->gicc_ipa_page + 1, PV_GICC_PAGES);
	}
	if (space == PV_SPACE_DMA && from->msi_count) {
		walk_stretch(walk, from->msi_ipa_page, from->msi_ipa_page + 1, 1);
	}
	for (uint32_t i = 0; i < v->image->header.devices.count; i++) {
		const struct pv_device *d = &v->image->devices[i];

		if (d->domain == domain && d->space == space) {
			walk_stretch(walk, d->ipa_page, d->page, d->page_count);
		}
	}
}

static uint32_t space_tables(const struct verify *v, struct walk *walk, uint32_t domain,
                             uint32_t space)
{
	memset(walk, 0, sizeof(*walk));
	walk->tables = 1; /* the root */
	walk_registers(v, walk, domain, space);
	for (uint32_t r = 0; r < v->image->header.regions.count; r++) {
		const struct pv_region *region = &v->image->regions[r];
		struct pv_slice slice = decode_mappings(v->image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &v->image->mappings[i];

			if (m->domain == domain && m->space == space) {
				walk_stretch(walk, m->ipa_page, region->page, region->page_count);
			}
		}
	}
	return walk->tables;
}

void shape_check_pool(struct verify *v)
{
	struct walk *walk = arena_alloc(v->arena, sizeof(*walk));
	uint64_t file_end = shape_load_page(v) + (v->image->file.count + PAGE - 1) / PAGE;
	uint64_t tables = 0;

	for (uint32_t i = 0; i < v->image->header.domains.count; i++) {
		tables += space_tables(v, walk, i, PV_SPACE_GUEST);
		tables += space_tables(v, walk, i, PV_SPACE_VMM);
		if (hardware_has_stream(v, i)) {
			tables += space_tables(v, walk, i, PV_SPACE_DMA);
		}
	}
	shape_check_number(v, "pages for the kernel's translation tables",
	                   v->image->header.pool_page_count, tables);
	shape_check_number(v, "first page of the kernel's translation tables",
	                   v->image->header.pool_page,
	                   (file_end + BLOCK_PAGES - 1) / BLOCK_PAGES * BLOCK_PAGES);
}
