/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the tables of an image, see topo/verify/decode.h.
 */
#include "topo/verify/decode.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are copied as they are");

static bool inside(uint64_t base, uint64_t bytes, uint64_t limit)
{
	return base <= limit && bytes <= limit - base;
}

/* The header stands at the first multiple of PV_IMAGE_ALIGN that holds its magic. */
static bool find_header(struct bytes file, size_t *at)
{
	const uint64_t magic = PV_IMAGE_MAGIC;

	for (size_t i = 0; inside(i, sizeof(struct pv_image_header), file.count);
	     i += PV_IMAGE_ALIGN) {
		if (memcmp(file.data + i, &magic, sizeof(magic)) == 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* A table as the header says it: where it goes, and what the kernel takes at most. */
struct table_row {
	const char *name;
	struct pv_table table;
	size_t entry_bytes;
	uint32_t limit;
};

/* A copy of a table; NULL when it leaves the image or is longer than the kernel takes. */
static const void *copy_table(struct arena *arena, const struct decoded *image,
                              const struct table_row *row, const char **why)
{
	uint64_t bytes = (uint64_t)row->table.count * row->entry_bytes;

	if (row->table.count > row->limit) {
		*why = arena_printf(arena, "it has %u %s, the kernel takes %u", row->table.count,
		                    row->name, row->limit);
		return NULL;
	}
	if (!inside(row->table.offset, bytes, image->image.count)) {
		*why = arena_printf(arena, "the table of its %s leaves the file", row->name);
		return NULL;
	}
	void *copy = arena_alloc(arena, bytes + 1);

	if (bytes) {
		memcpy(copy, image->image.data + row->table.offset, bytes);
	}
	return copy;
}

#define COPY(field, type, limit)                                                                   \
	((image->field = copy_table(arena, image,                                                  \
	                            &(struct table_row){#field, h->field, sizeof(type), limit},    \
	                            why)) != NULL)

static bool copy_tables(struct arena *arena, struct decoded *image, const char **why)
{
	const struct pv_image_header *h = &image->header;

	return COPY(domains, struct pv_domain, PV_DOMAINS_MAX) &&
	       COPY(vcpus, struct pv_vcpu, PV_VCPUS_MAX) &&
	       COPY(regions, struct pv_region, PV_REGIONS_MAX) &&
	       COPY(mappings, struct pv_mapping, PV_MAPPINGS_MAX) &&
	       COPY(caps, struct pv_cap, PV_CAPS_MAX) &&
	       COPY(doorbells, struct pv_doorbell, PV_DOORBELLS_MAX) &&
	       COPY(doorbell_pages, struct pv_doorbell_page, PV_DOORBELL_PAGES_MAX) &&
	       COPY(devices, struct pv_device, PV_DEVICES_MAX) &&
	       COPY(irqs, struct pv_irq, PV_IRQS_MAX) &&
	       COPY(streams, struct pv_stream, PV_STREAMS_MAX) &&
	       COPY(windows, struct pv_window, PV_WINDOWS_MAX) &&
	       COPY(window_rules, struct pv_window_rule, PV_WINDOW_RULES_MAX);
}

bool decode_image(struct arena *arena, struct bytes file, struct decoded *out, const char **why)
{
	*out = (struct decoded){.file = file};
	if (!find_header(file, &out->header_at)) {
		*why = "it holds no system image";
		return false;
	}
	memcpy(&out->header, file.data + out->header_at, sizeof(out->header));
	if (out->header.version != PV_IMAGE_VERSION) {
		*why = arena_printf(arena, "its format has version %u, this topo knows %u",
		                    out->header.version, PV_IMAGE_VERSION);
		return false;
	}
	out->image = (struct bytes){file.data + out->header_at, file.count - out->header_at};
	if (out->header.image_bytes < out->image.count) {
		out->image.count = out->header.image_bytes;
	}
	return copy_tables(arena, out, why);
}

struct pv_slice decode_clip(struct pv_slice slice, uint32_t count)
{
	return inside(slice.first, slice.count, count) ? slice : (struct pv_slice){0, 0};
}

struct pv_slice decode_mappings(const struct decoded *image, uint32_t region)
{
	return decode_clip(image->regions[region].mappings, image->header.mappings.count);
}

void decode_name(const struct pv_domain *domain, char name[33])
{
	memcpy(name, domain->name, 32);
	name[32] = '\0';
	for (char *c = name; *c; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
}

bool decode_translate(const struct decoded *image, uint32_t domain, uint32_t space,
                      uint64_t ipa_page, struct hit *hit)
{
	bool found = false;

	for (uint32_t r = 0; r < image->header.regions.count; r++) {
		const struct pv_region *region = &image->regions[r];
		struct pv_slice slice = decode_mappings(image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &image->mappings[i];
			uint64_t delta = ipa_page - m->ipa_page;

			if (m->domain != domain || m->space != space || ipa_page < m->ipa_page ||
			    delta >= region->page_count || (found && delta != 0)) {
				continue;
			}
			*hit = (struct hit){
				.page = region->page + delta,
				.run = region->page_count - delta,
				.region = r,
				.region_page = (uint32_t)delta,
				.rights = m->rights,
			};
			if (delta == 0) {
				return true;
			}
			found = true;
		}
	}
	return found;
}

uint64_t decode_next_mapped(const struct decoded *image, uint32_t domain, uint32_t space,
                            uint64_t ipa_page)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t r = 0; r < image->header.regions.count; r++) {
		struct pv_slice slice = decode_mappings(image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &image->mappings[i];
			uint64_t end = (uint64_t)m->ipa_page + image->regions[r].page_count;
			uint64_t from = m->ipa_page > ipa_page ? m->ipa_page : ipa_page;

			if (m->domain == domain && m->space == space && from < end && from < next) {
				next = from;
			}
		}
	}
	return next;
}
