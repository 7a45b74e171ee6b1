/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image by itself, for topo verify: what abi/image.h demands of any image. The kernel checks
 * the same before it boots; an image that it would refuse is no image of any topology. Also the
 * machine that the image wants: board, CPUs, RAM, memory for the stage-2 tables.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/units.h"
#include "topo/model/board.h"
#include "topo/verify/hardware.h"

#define IMAGE_TEXT_OFFSET_AT 8U
#define BLOCK_PAGES 512U
#define RAM_STEP_BYTES MIB(64)
#define RAM_SPARE_BYTES MIB(8) /* for the machine's own device tree */

static void broken(struct verify *v, const char *table, uint32_t index, const char *what)
{
	findings_add(v->report, FINDING_BROKEN, NULL, "image", "%s %u of the image %s", table,
	             index, what);
}

/* The kernel's Image header asks for text_offset above 2 MiB; QEMU keeps the first page. */
uint64_t shape_load_page(const struct verify *v)
{
	uint64_t offset = 0;

	if (v->image->file.count >= IMAGE_TEXT_OFFSET_AT + 8) {
		memcpy(&offset, v->image->file.data + IMAGE_TEXT_OFFSET_AT, 8);
	}
	if (offset < PAGE) {
		offset += BLOCK_PAGES * PAGE;
	}
	return v->model->board->ram_base / PAGE + offset / PAGE;
}

uint64_t shape_rom_page(const struct verify *v)
{
	const struct pv_image_header *h = &v->image->header;
	uint64_t end = h->window_rules.offset +
	               (uint64_t)h->window_rules.count * sizeof(struct pv_window_rule);

	return shape_load_page(v) + (v->image->header_at + end + PAGE - 1) / PAGE;
}

void shape_check_number(struct verify *v, const char *what, uint64_t found, uint64_t wanted)
{
	if (found != wanted) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "image",
		             "%s: 0x%" PRIx64 " in the image, 0x%" PRIx64 " would be right", what,
		             found, wanted);
	}
}

/* RAM of the machine: all that is used, rounded up as docs/image.md says. */
static uint64_t ram_pages(const struct verify *v)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < v->image->header.regions.count; i++) {
		const struct pv_region *r = &v->image->regions[i];
		uint64_t region_end = ((uint64_t)r->page + r->page_count) * PAGE;

		end = region_end > end ? region_end : end;
	}
	end += RAM_SPARE_BYTES - v->model->board->ram_base;
	return (end + RAM_STEP_BYTES - 1) / RAM_STEP_BYTES * RAM_STEP_BYTES / PAGE;
}

static void check_header(struct verify *v)
{
	const struct pv_image_header *h = &v->image->header;
	const struct board *board = v->model->board;

	shape_check_number(v, "size of the header", h->header_bytes, sizeof(*h));
	shape_check_number(v, "size of the image", h->image_bytes,
	                   v->image->file.count - v->image->header_at);
	shape_check_number(v, "board", h->board, board->id);
	shape_check_number(v, "number of physical CPUs", h->cpu_count, v->model->cpu_count);
	shape_check_number(v, "first page of RAM", h->ram_page, board->ram_base / PAGE);
	shape_check_number(v, "pages of RAM", h->ram_page_count, ram_pages(v));
}

/* Tables stand behind the header in order, each at the next multiple of 8. */
static void check_tables(struct verify *v)
{
	const struct pv_image_header *h = &v->image->header;
	const struct {
		const char *name;
		struct pv_table table;
		size_t entry;
	} tables[] = {
		{"domains", h->domains, sizeof(struct pv_domain)},
		{"vcpus", h->vcpus, sizeof(struct pv_vcpu)},
		{"regions", h->regions, sizeof(struct pv_region)},
		{"mappings", h->mappings, sizeof(struct pv_mapping)},
		{"caps", h->caps, sizeof(struct pv_cap)},
		{"doorbells", h->doorbells, sizeof(struct pv_doorbell)},
		{"doorbell pages", h->doorbell_pages, sizeof(struct pv_doorbell_page)},
		{"devices", h->devices, sizeof(struct pv_device)},
		{"irqs", h->irqs, sizeof(struct pv_irq)},
		{"streams", h->streams, sizeof(struct pv_stream)},
		{"windows", h->windows, sizeof(struct pv_window)},
		{"window rules", h->window_rules, sizeof(struct pv_window_rule)},
	};
	uint64_t end = sizeof(*h);

	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		if (tables[i].table.offset % 8 || tables[i].table.offset < end ||
		    tables[i].table.offset - end > 7) {
			findings_add(v->report, FINDING_BROKEN, NULL, "image",
			             "the table of %s does not follow the one before it",
			             tables[i].name);
		}
		end = tables[i].table.offset + (uint64_t)tables[i].table.count * tables[i].entry;
	}
}

/* Slices of the domains: in order, without gap, covering @count entries. */
static void check_slices(struct verify *v, const char *what, size_t offset, uint32_t count)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < v->image->header.domains.count; i++) {
		struct pv_slice slice;

		memcpy(&slice, (const uint8_t *)&v->image->domains[i] + offset, sizeof(slice));
		if (slice.first != next || slice.count > count - next) {
			broken(v, "domain", i,
			       arena_printf(v->arena, "has %s that are not its own", what));
			return;
		}
		next += slice.count;
	}
	if (next != count) {
		findings_add(v->report, FINDING_BROKEN, NULL, "image",
		             "%u %s of the image belong to no domain", count - next, what);
	}
}

/* Printable, and 0 from its end on. */
static bool is_name(const char *name, size_t bytes)
{
	size_t length = 0;

	while (length < bytes && name[length] >= ' ' && name[length] <= '~') {
		length++;
	}
	for (size_t i = length; i < bytes; i++) {
		if (name[i] != '\0') {
			return false;
		}
	}
	return length > 0 && length < bytes;
}

static void check_domains(struct verify *v)
{
	const struct pv_image_header *h = &v->image->header;

	check_slices(v, "vCPUs", offsetof(struct pv_domain, vcpus), h->vcpus.count);
	check_slices(v, "capabilities", offsetof(struct pv_domain, caps), h->caps.count);
	check_slices(v, "doorbell pages", offsetof(struct pv_domain, doorbell_pages),
	             h->doorbell_pages.count);
	for (uint32_t i = 0; i < h->domains.count; i++) {
		const struct pv_domain *d = &v->image->domains[i];

		if (!is_name(d->name, sizeof(d->name))) {
			broken(v, "domain", i, "has a name that is none, or bytes behind its end");
		}
		if (d->budget_us > d->period_us || (d->period_us && !d->budget_us)) {
			broken(v, "domain", i, "has a budget that does not fit its period");
		}
		if (d->flags & ~PV_DOMAIN_VMM_RESTARTS) {
			broken(v, "domain", i, "has unknown flags");
		}
		if (d->vmm_stack % 16) {
			broken(v, "domain", i, "has a stack that is not aligned");
		}
	}
}

/* A region that the image holds, or a piece of it: whole, and without a writer if several see it. */
static void check_rom(struct verify *v, uint32_t index)
{
	const struct pv_region *r = &v->image->regions[index];
	struct pv_slice slice = decode_mappings(v->image, index);
	uint64_t load = shape_load_page(v);
	uint64_t end = load + (v->image->file.count + PAGE - 1) / PAGE;

	if (r->page >= end || (uint64_t)r->page + r->page_count <= load) {
		return;
	}
	if (!rom_bytes(v, index).data) {
		broken(v, "region", index, "lies where the kernel or the tables are");
	}
	for (uint32_t i = slice.first; i < slice.first + slice.count && slice.count > 1; i++) {
		if (v->image->mappings[i].rights & PV_RIGHT_WRITE) {
			findings_add(v->report, FINDING_EXTRA, NULL, "memory",
			             "mapping %u of the image lets domain %u write what others "
			             "find in region %u",
			             i, v->image->mappings[i].domain, index);
		}
	}
}

/* Mappings of region @index that are no device's. */
static uint32_t reader_count(const struct verify *v, uint32_t index)
{
	struct pv_slice slice = decode_mappings(v->image, index);
	uint32_t count = 0;

	for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
		count += v->image->mappings[i].space != PV_SPACE_DMA;
	}
	return count;
}

/* Is region @index what one guest alone executes, and not in the image? That is RAM. */
static bool is_ram(const struct verify *v, uint32_t index)
{
	struct pv_slice slice = decode_mappings(v->image, index);
	const struct pv_mapping *m = &v->image->mappings[slice.first];

	return reader_count(v, index) == 1 && m->space == PV_SPACE_GUEST &&
	       (m->rights & PV_RIGHT_EXEC) && !rom_bytes(v, index).data;
}

/* What the kernel leaves to a guest is that guest's alone. */
static void check_loaded(struct verify *v, uint32_t index)
{
	if (!is_ram(v, index)) {
		broken(v, "region", index, "is not cleared, and not one guest's alone");
	}
}

static void check_region(struct verify *v, uint32_t index, uint64_t *page, uint32_t *mapping)
{
	const struct pv_region *r = &v->image->regions[index];
	bool shared = (r->flags & PV_REGION_SHARED) != 0;

	if (r->page < *page || r->page_count == 0) {
		broken(v, "region", index, "is empty, or does not follow the one before it");
	}
	*page = (uint64_t)r->page + r->page_count;
	if (r->flags & ~(PV_REGION_SHARED | PV_REGION_LOADED) || r->reserved) {
		broken(v, "region", index, "has bits that mean nothing");
	}
	if (r->mappings.first != *mapping || r->mappings.count == 0 ||
	    r->mappings.count > v->image->header.mappings.count - *mapping) {
		broken(v, "region", index, "has mappings that are not its own");
	} else {
		*mapping += r->mappings.count;
	}
	if (!shared && reader_count(v, index) > 1) {
		broken(v, "region", index, "is mapped more than once and not marked as shared");
	} else if (shared && reader_count(v, index) == 1) {
		findings_add(v->report, FINDING_EXTRA, NULL, "memory",
		             "region %u of the image, at 0x%" PRIx64
		             ", is marked as shared, and nobody shares it",
		             index, r->page * PAGE);
	}
	if (r->flags & PV_REGION_LOADED) {
		check_loaded(v, index);
	} else if (is_ram(v, index)) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "memory",
		             "region %u of the image is cleared by the kernel, and by its guest",
		             index);
	}
	check_rom(v, index);
}

/* Devices see memory that their guest has at the same place with all their rights, and run none. */
static void check_dma(struct verify *v, uint32_t region, uint32_t index)
{
	const struct pv_mapping *dma = &v->image->mappings[index];
	struct pv_slice slice = decode_mappings(v->image, region);
	bool found = false;

	for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
		const struct pv_mapping *m = &v->image->mappings[i];

		found = found || (m->domain == dma->domain && m->space == PV_SPACE_GUEST &&
		                  m->ipa_page == dma->ipa_page && !(dma->rights & ~m->rights));
	}
	if (!found || dma->rights & PV_RIGHT_EXEC || !hardware_has_stream(v, dma->domain)) {
		findings_add(v->report, FINDING_EXTRA, NULL, "memory",
		             "mapping %u of the image shows devices of domain %u what its guest "
		             "has not there, or there are none",
		             index, dma->domain);
	}
}

static void check_mapping(struct verify *v, uint32_t region, uint32_t index)
{
	const struct pv_mapping *m = &v->image->mappings[index];
	uint64_t end = (uint64_t)m->ipa_page + v->image->regions[region].page_count;

	if (m->domain >= v->image->header.domains.count || m->space >= PV_SPACE_COUNT) {
		broken(v, "mapping", index, "is of nobody's address space");
	}
	if (m->space == PV_SPACE_DMA) {
		check_dma(v, region, index);
	}
	if (!(m->rights & PV_RIGHT_READ) || m->rights > 7 || m->reserved) {
		broken(v, "mapping", index, "has rights that mean nothing");
	}
	if (end > (UINT64_C(1) << (PV_IPA_BITS - PV_PAGE_SHIFT))) {
		broken(v, "mapping", index, "ends above the address space");
	}
}

/* Mapping @writer of region @other: does it write what mapping @runner of region @text executes?
 * By physical address, since an image may have regions that lie over each other. */
static void check_writer(struct verify *v, const struct pv_region *text, uint32_t runner,
                         const struct pv_region *other, uint32_t writer)
{
	static const char *const spaces[PV_SPACE_COUNT] = {"the guest", "the VMM", "devices"};
	const struct pv_mapping *m = &v->image->mappings[writer];

	if ((m->rights & PV_RIGHT_WRITE) &&
	    text->page < (uint64_t)other->page + other->page_count &&
	    other->page < (uint64_t)text->page + text->page_count) {
		findings_add(v->report, FINDING_EXTRA, NULL, "memory",
		             "mapping %u of the image lets %s of domain %u write what the VMM of "
		             "domain %u executes by mapping %u",
		             writer, spaces[m->space % PV_SPACE_COUNT], m->domain,
		             v->image->mappings[runner].domain, runner);
	}
}

/* All writers of what mapping @runner of region @text executes. */
static void check_writers_of(struct verify *v, const struct pv_region *text, uint32_t runner)
{
	for (uint32_t r = 0; r < v->image->header.regions.count; r++) {
		struct pv_slice slice = decode_mappings(v->image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			check_writer(v, text, runner, &v->image->regions[r], i);
		}
	}
}

/* Nothing that a VMM executes is written, by whomever and at whatever address. */
static void check_writers(struct verify *v)
{
	for (uint32_t r = 0; r < v->image->header.regions.count; r++) {
		struct pv_slice slice = decode_mappings(v->image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &v->image->mappings[i];

			if (m->space == PV_SPACE_VMM && (m->rights & PV_RIGHT_EXEC)) {
				check_writers_of(v, &v->image->regions[r], i);
			}
		}
	}
}

/* A stretch of a space that something of the image fills. */
struct stretch {
	uint32_t domain;
	uint32_t space;
	uint64_t base;
	uint64_t pages;
	const char *what;
};

static void check_overlaps(struct verify *v, const struct stretch *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct stretch *a = &list[i];
			const struct stretch *b = &list[j];

			if (a->domain == b->domain && a->space == b->space &&
			    a->base < b->base + b->pages && b->base < a->base + a->pages) {
				findings_add(
					v->report, FINDING_BROKEN, NULL, "memory",
					"%s and %s overlap in domain %u, space %u, at 0x%" PRIx64,
					b->what, a->what, a->domain, a->space,
					(a->base > b->base ? a->base : b->base) * PAGE);
			}
		}
	}
}

static void check_memory(struct verify *v)
{
	const struct decoded *image = v->image;
	struct stretch *list = NULL;
	size_t count = 0;
	uint64_t page = image->header.ram_page;
	uint32_t mapping = 0;

	for (uint32_t r = 0; r < image->header.regions.count; r++) {
		struct pv_slice slice = decode_mappings(image, r);

		check_region(v, r, &page, &mapping);
		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &image->mappings[i];

			check_mapping(v, r, i);
			*ARENA_ADD(v->arena, list, count) =
				(struct stretch){m->domain, m->space, m->ipa_page,
			                         image->regions[r].page_count, "memory"};
		}
	}
	if (mapping != image->header.mappings.count) {
		findings_add(v->report, FINDING_BROKEN, NULL, "image",
		             "mappings of the image belong to no region");
	}
	if (page > (uint64_t)image->header.ram_page + image->header.ram_page_count) {
		findings_add(v->report, FINDING_BROKEN, NULL, "image",
		             "regions of the image end above the RAM of the machine");
	}
	for (uint32_t i = 0; i < image->header.domains.count; i++) {
		const struct pv_domain *d = &image->domains[i];

		*ARENA_ADD(v->arena, list, count) = (struct stretch){
			i, PV_SPACE_GUEST, d->gicc_ipa_page,
			d->gicc_ipa_page != 0 ? PV_GICC_PAGES : 0, "the CPU interface"};
		*ARENA_ADD(v->arena, list, count) =
			(struct stretch){i, PV_SPACE_GUEST, d->doorbell_ipa_page,
		                         d->doorbell_pages.count, "the doorbell window"};
		*ARENA_ADD(v->arena, list, count) = (struct stretch){
			i, PV_SPACE_GUEST, d->msi_ipa_page, d->msi_count != 0, "the page for MSIs"};
		*ARENA_ADD(v->arena, list, count) = (struct stretch){
			i, PV_SPACE_DMA, d->msi_ipa_page, d->msi_count != 0, "the page for MSIs"};
	}
	for (uint32_t i = 0; i < image->header.devices.count; i++) {
		const struct pv_device *d = &image->devices[i];

		*ARENA_ADD(v->arena, list, count) = (struct stretch){
			d->domain, d->space, d->ipa_page, d->page_count, "registers"};
	}
	check_overlaps(v, list, count);
	check_writers(v);
}

void shape_check(struct verify *v)
{
	check_header(v);
	check_tables(v);
	check_domains(v);
	shape_check_hardware(v);
	check_memory(v);
	shape_check_pool(v);
}
