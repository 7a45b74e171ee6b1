/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge of images: one list of all physical pages with their owner, one of all pages of all
 * address spaces, and the rules of abi/image.h as plain questions to them. Numbers are 64 bits
 * wide where the image has 32, so no sum wraps.
 */
#include "tests/unit/image_oracle.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "abi/calls.h"
#include "tests/unit/image_builder.h"

/* REQUIRE(condition, rule): the image breaks @rule unless @condition. */
#define REQUIRE(condition, rule)                                                                   \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			return rule;                                                               \
		}                                                                                  \
	} while (0)

#define IPA_PAGES (1ULL << 27) /* 39 bits */
#define PA_PAGES (1ULL << 28)  /* 40 bits */
#define SEEN_MAX (32U * BUILDER_RAM_PAGES)

/* Who has a page of RAM. */
enum owner { OWNER_NONE, OWNER_KERNEL, OWNER_IMAGE, OWNER_ROM, OWNER_POOL, OWNER_REGION };

/* What happens to a page of RAM, by way of any mapping. */
#define USE_WRITTEN 1U
#define USE_VMM_EXECUTES 2U

/* A page of an address space. */
struct seen {
	uint64_t key; /* domain, space and page, so that sorting brings equal ones together */
	uint32_t rights;
};

static struct {
	const uint8_t *image;
	struct pv_image_header header;
	const struct image_bounds *bounds;
	uint8_t owners[BUILDER_RAM_PAGES];
	uint8_t uses[BUILDER_RAM_PAGES]; /* of each page, whoever it is that does */
	struct seen seen[SEEN_MAX];
	uint32_t seen_count;
} judge;

#define TABLE(table, type)                                                                         \
	((const struct type *)(const void *)(judge.image + judge.header.table.offset))
#define DOMAINS TABLE(domains, pv_domain)
#define VCPUS TABLE(vcpus, pv_vcpu)
#define REGIONS TABLE(regions, pv_region)
#define MAPPINGS TABLE(mappings, pv_mapping)
#define CAPS TABLE(caps, pv_cap)
#define DOORBELLS TABLE(doorbells, pv_doorbell)
#define DOORBELL_PAGES TABLE(doorbell_pages, pv_doorbell_page)
#define STREAMS TABLE(streams, pv_stream)

/* Pages change their owner; false if one is outside of RAM or not @from's. */
static bool hand_pages(uint64_t page, uint64_t count, enum owner from, enum owner owner)
{
	for (uint64_t p = page; p < page + count; p++) {
		if (p < BUILDER_RAM_PAGE || p - BUILDER_RAM_PAGE >= BUILDER_RAM_PAGES ||
		    judge.owners[p - BUILDER_RAM_PAGE] != from) {
			return false;
		}
		judge.owners[p - BUILDER_RAM_PAGE] = (uint8_t)owner;
	}
	return true;
}

static bool own_pages(uint64_t page, uint64_t count, enum owner owner)
{
	return hand_pages(page, count, OWNER_NONE, owner);
}

/* The machine's part of the header, and the owners of RAM but for the regions. */
static const char *judge_machine(uint64_t available_bytes)
{
	const struct pv_image_header *h = &judge.header;
	const struct image_bounds *bounds = judge.bounds;
	uint64_t ram_end = (uint64_t)h->ram_page + h->ram_page_count;
	uint64_t image_pages;

	REQUIRE(h->magic == PV_IMAGE_MAGIC, "magic");
	REQUIRE(h->version == 4, "version");
	REQUIRE(h->header_bytes == 144, "header_bytes");
	REQUIRE(h->image_bytes >= 144 && h->image_bytes <= available_bytes, "image_bytes");
	image_pages = (h->image_bytes + 4095) / 4096;
	REQUIRE(h->board == bounds->board, "board");
	REQUIRE(h->cpu_count > 0 && h->cpu_count <= PV_CPUS_MAX, "cpu_count");
	REQUIRE(h->ram_page >= bounds->ram_page &&
	                ram_end <= (uint64_t)bounds->ram_page + bounds->ram_page_count &&
	                ram_end <= PA_PAGES,
	        "RAM is there");
	REQUIRE(h->pool_page_count > 0 && h->pool_page_count <= PV_TABLES_MAX, "pool's size");
	REQUIRE(h->pool_page >= h->ram_page &&
	                (uint64_t)h->pool_page + h->pool_page_count <= ram_end,
	        "pool in RAM");
	memset(judge.owners, OWNER_NONE, sizeof(judge.owners));
	REQUIRE(own_pages(bounds->kernel_page, bounds->kernel_page_count, OWNER_KERNEL),
	        "kernel in RAM");
	REQUIRE(own_pages(bounds->image_page, image_pages, OWNER_IMAGE), "image in RAM");
	REQUIRE(own_pages(h->pool_page, h->pool_page_count, OWNER_POOL), "pool is nobody else's");
	return NULL;
}

/* The tables stand behind each other and inside the image. */
static const char *judge_tables(void)
{
	const struct pv_image_header *h = &judge.header;
	const struct {
		struct pv_table table;
		uint64_t entry_bytes, min, max;
	} tables[] = {
		{h->domains, 144, 1, 32},        {h->vcpus, 8, 1, 64},
		{h->regions, 24, 1, 512},        {h->mappings, 16, 1, 1024},
		{h->caps, 8, 0, 2048},           {h->doorbells, 8, 0, 1024},
		{h->doorbell_pages, 16, 0, 256}, {h->devices, 24, 0, 256},
		{h->irqs, 16, 0, 128},           {h->streams, 8, 0, 16},
		{h->windows, 16, 0, 64},         {h->window_rules, 24, 0, 1024},
	};
	uint64_t end = 144;

	for (uint32_t i = 0; i < 12; i++) {
		REQUIRE(tables[i].table.count >= tables[i].min, "table too small");
		REQUIRE(tables[i].table.count <= tables[i].max, "table too large");
		REQUIRE(tables[i].table.offset == end, "table's place");
		end += tables[i].entry_bytes * tables[i].table.count;
		REQUIRE(end <= h->image_bytes, "table in the image");
	}
	for (uint64_t p = (end + 4095) / 4096; p < h->image_bytes / 4096; p++) {
		REQUIRE(hand_pages(judge.bounds->image_page + p, 1, OWNER_IMAGE, OWNER_ROM),
		        "pages of the image");
	}
	return NULL;
}

static bool is_name(const char *name)
{
	const char *nul = memchr(name, 0, 32);
	size_t length = nul ? (size_t)(nul - name) : 32;

	for (size_t i = 0; i < 32; i++) {
		if (i < length ? name[i] < 0x20 || name[i] > 0x7e : name[i] != 0) {
			return false;
		}
	}
	return length > 0 && length < 32;
}

static const char *judge_channels(const struct pv_domain *d, bool *taken)
{
	REQUIRE(d->channel_count <= 4, "channel_count");
	for (uint64_t c = d->channel_first; c < (uint64_t)d->channel_first + d->channel_count;
	     c++) {
		REQUIRE(c > 0 && c < PV_CHANNELS_MAX, "channel exists");
		REQUIRE(!taken[c], "channel is one domain's");
		taken[c] = true;
	}
	return NULL;
}

static bool has_stream(uint32_t domain)
{
	for (uint32_t i = 0; i < judge.header.streams.count; i++) {
		if (STREAMS[i].domain == domain) {
			return true;
		}
	}
	return false;
}

/* Message-signalled interrupts of domain @index; @taken are those of the board. */
static const char *judge_msis(uint32_t index, bool *taken)
{
	const struct pv_domain *d = &DOMAINS[index];

	REQUIRE(d->reserved == 0, "reserved");
	if (d->msi_count == 0) {
		return d->msi_first || d->msi_ipa_page ? "MSIs of a domain without" : NULL;
	}
	REQUIRE(has_stream(index), "MSIs need a device that sends them");
	REQUIRE(d->msi_count <= 64 && d->msi_ipa_page != 0, "number and page of MSIs");
	for (uint64_t n = d->msi_first; n < (uint64_t)d->msi_first + d->msi_count; n++) {
		REQUIRE(n >= BUILDER_MSI_INTID && n < BUILDER_MSI_INTID + BUILDER_MSIS,
		        "the board raises the MSI");
		REQUIRE(!taken[n], "an MSI is one domain's");
		taken[n] = true;
	}
	return NULL;
}

/* Domains by themselves, and their slices: disjoint, in order, covering. */
static const char *judge_domains(void)
{
	uint64_t vcpus = 0;
	uint64_t caps = 0;
	uint64_t pages = 0;
	bool taken[PV_CHANNELS_MAX] = {false};
	bool msis[PV_VIRQS] = {false};

	for (uint32_t i = 0; i < judge.header.domains.count; i++) {
		const struct pv_domain *d = &DOMAINS[i];
		const char *broken = judge_channels(d, taken);

		REQUIRE(!broken, broken);
		broken = judge_msis(i, msis);
		REQUIRE(!broken, broken);
		REQUIRE(is_name(d->name), "name");
		REQUIRE(d->vcpus.count >= 1 && d->vcpus.count <= 4, "number of vCPUs");
		REQUIRE(d->vcpus.first == vcpus && d->caps.first == caps &&
		                d->doorbell_pages.first == pages,
		        "slices in order");
		vcpus += d->vcpus.count;
		caps += d->caps.count;
		pages += d->doorbell_pages.count;
		REQUIRE(d->doorbell_ipa_page <= IPA_PAGES, "place of the doorbell window");
		REQUIRE(d->priority <= 255, "priority");
		REQUIRE(d->budget_us <= d->period_us, "budget");
		REQUIRE((d->budget_us == 0 && d->period_us == 0) ||
		                (d->budget_us >= 1 && d->period_us >= 100),
		        "period");
		REQUIRE(d->flags <= 1, "flags");
	}
	REQUIRE(vcpus == judge.header.vcpus.count && caps == judge.header.caps.count &&
	                pages == judge.header.doorbell_pages.count,
	        "slices cover");
	return NULL;
}

/* One page of a space; false if it is outside of the space. */
static bool see_page(uint32_t domain, uint32_t space, uint64_t page, uint32_t rights)
{
	if (page >= IPA_PAGES) {
		return false;
	}
	assert(judge.seen_count < SEEN_MAX);
	judge.seen[judge.seen_count++] =
		(struct seen){((uint64_t)domain << 2 | space) << 32 | page, rights};
	return true;
}

/* Pages that the kernel answers in each guest's space: nothing else may lie there. */
static const char *see_windows(void)
{
	for (uint32_t i = 0; i < judge.header.domains.count; i++) {
		const struct pv_domain *d = &DOMAINS[i];

		for (uint64_t p = 0; p < d->doorbell_pages.count; p++) {
			if (!see_page(i, PV_SPACE_GUEST, d->doorbell_ipa_page + p, 0)) {
				return "doorbell window in the space";
			}
		}
		for (uint64_t p = 0; p < 2; p++) {
			if (!see_page(i, PV_SPACE_GUEST, d->gicc_ipa_page + p, 0)) {
				return "CPU interface in the space";
			}
		}
		if (d->msi_count && !see_page(i, PV_SPACE_GUEST, d->msi_ipa_page, 0)) {
			return "page for MSIs in the space";
		}
	}
	return NULL;
}

static const char *judge_mapping(const struct pv_mapping *m, const struct pv_region *region,
                                 bool rom)
{
	REQUIRE(!rom || region->mappings.count == 1 || !(m->rights & PV_RIGHT_WRITE),
	        "what several see of the image is written");
	REQUIRE(!(region->flags & PV_REGION_LOADED) || m->space != PV_SPACE_VMM, "a guest loads");
	REQUIRE(m->domain < judge.header.domains.count, "mapping's domain");
	REQUIRE(m->space <= 2, "mapping's space");
	REQUIRE(m->space != 2 || has_stream(m->domain), "DMA without a stream");
	REQUIRE(m->space != 2 || !(m->rights & 4), "DMA executes");
	REQUIRE(m->reserved == 0, "reserved");
	REQUIRE(m->rights <= 7 && (m->rights & 1) == 1, "mapping's rights");
	for (uint64_t p = 0; p < region->page_count; p++) {
		uint8_t *uses = &judge.uses[region->page + p - BUILDER_RAM_PAGE];

		*uses |= m->rights & PV_RIGHT_WRITE ? USE_WRITTEN : 0;
		*uses |= m->space == PV_SPACE_VMM && m->rights & PV_RIGHT_EXEC ? USE_VMM_EXECUTES
		                                                               : 0;
		REQUIRE(*uses != (USE_WRITTEN | USE_VMM_EXECUTES),
		        "what a VMM executes is written");
		REQUIRE(see_page(m->domain, m->space, m->ipa_page + p, m->rights),
		        "mapping in the space");
	}
	return NULL;
}

static const char *judge_region(const struct pv_region *r, uint64_t next_mapping, bool *rom)
{
	uint64_t ram_end = (uint64_t)judge.header.ram_page + judge.header.ram_page_count;

	REQUIRE(r->page_count > 0, "empty region");
	REQUIRE(r->page >= judge.header.ram_page && (uint64_t)r->page + r->page_count <= ram_end,
	        "region in RAM");
	*rom = judge.owners[r->page - BUILDER_RAM_PAGE] == OWNER_ROM;
	REQUIRE(hand_pages(r->page, r->page_count, *rom ? OWNER_ROM : OWNER_NONE, OWNER_REGION),
	        "region is nobody else's");
	REQUIRE(r->flags <= 2, "region's flags");
	REQUIRE(r->flags != PV_REGION_LOADED || !*rom, "the image is loaded");
	REQUIRE(r->reserved == 0, "reserved");
	REQUIRE(r->mappings.first == next_mapping, "mappings in order");
	REQUIRE(r->mappings.count > 0, "region without a mapping");
	REQUIRE(next_mapping + r->mappings.count <= judge.header.mappings.count,
	        "mappings in the table");
	return NULL;
}

/* Who sees region @r: one alone but for devices, which see it just as their guest. */
static const char *judge_sharing(const struct pv_region *r)
{
	const struct pv_mapping *m = &MAPPINGS[r->mappings.first];
	uint32_t people = 0;

	for (uint32_t i = 0; i < r->mappings.count; i++) {
		bool guest_has = false;

		for (uint32_t n = 0; n < r->mappings.count; n++) {
			guest_has |= m[n].space == 0 && m[n].domain == m[i].domain &&
			             m[n].ipa_page == m[i].ipa_page &&
			             (m[n].rights & m[i].rights) == m[i].rights;
		}
		REQUIRE(m[i].space != 2 || guest_has, "DMA where its guest has nothing");
		people += m[i].space != 2;
	}
	REQUIRE(people == 1 || r->flags == PV_REGION_SHARED, "region is shared");
	return NULL;
}

/* Does the range of @count from @page touch one from @other? */
static bool touches(uint64_t page, uint64_t count, uint64_t other, uint64_t other_count)
{
	return page < other + other_count && other < page + count;
}

static bool board_keeps(uint64_t page, uint64_t count)
{
	return touches(page, count, BUILDER_KEPT_PAGE, BUILDER_KEPT_PAGES) ||
	       touches(page, count, BUILDER_WINDOW_PAGE, BUILDER_WINDOW_PAGES) ||
	       touches(page, count, BUILDER_MSI_PAGE, 1) ||
	       touches(page, count, BUILDER_RAM_PAGE, BUILDER_RAM_PAGES);
}

/* Is there something else in the space where range @index of device pages lies? */
static bool is_in_the_way(uint32_t index)
{
	const struct pv_device *devices = TABLE(devices, pv_device);
	const struct pv_device *d = &devices[index];

	for (uint32_t i = 0; i < judge.seen_count; i++) {
		uint64_t key = judge.seen[i].key;

		if (key >> 32 == ((uint64_t)d->domain << 2 | d->space) &&
		    touches((uint32_t)key, 1, d->ipa_page, d->page_count)) {
			return true;
		}
	}
	for (uint32_t i = 0; i < index; i++) {
		if (devices[i].domain == d->domain && devices[i].space == d->space &&
		    touches(devices[i].ipa_page, devices[i].page_count, d->ipa_page,
		            d->page_count)) {
			return true;
		}
	}
	return false;
}

static const char *judge_devices(void)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < judge.header.devices.count; i++) {
		const struct pv_device *d = &TABLE(devices, pv_device)[i];

		REQUIRE(d->page_count > 0 && d->page >= end, "devices sorted");
		end = (uint64_t)d->page + d->page_count;
		REQUIRE(end <= PA_PAGES, "device in the physical space");
		REQUIRE(!board_keeps(d->page, d->page_count), "the board keeps a page");
		REQUIRE(d->domain < judge.header.domains.count, "device's domain");
		REQUIRE(d->space <= 1, "device's space");
		REQUIRE(d->rights == 1 || d->rights == 3, "device's rights");
		REQUIRE(d->reserved == 0, "reserved");
		REQUIRE((uint64_t)d->ipa_page + d->page_count <= IPA_PAGES, "device in the space");
		REQUIRE(!is_in_the_way(i), "device where something else is");
	}
	return NULL;
}

static int compare_seen(const void *a, const void *b)
{
	uint64_t x = ((const struct seen *)a)->key;
	uint64_t y = ((const struct seen *)b)->key;

	return (x > y) - (x < y);
}

static const char *judge_memory(void)
{
	uint64_t next_mapping = 0;
	const char *broken;

	judge.seen_count = 0;
	memset(judge.uses, 0, sizeof(judge.uses));
	broken = see_windows();
	REQUIRE(!broken, broken);
	for (uint32_t i = 0; i < judge.header.regions.count; i++) {
		const struct pv_region *r = &REGIONS[i];
		bool rom = false;

		REQUIRE(i == 0 || r->page > r[-1].page, "regions sorted");
		broken = judge_region(r, next_mapping, &rom);
		REQUIRE(!broken, broken);
		for (uint32_t m = 0; m < r->mappings.count; m++) {
			broken = judge_mapping(&MAPPINGS[next_mapping + m], r, rom);
			if (broken) {
				return broken;
			}
		}
		next_mapping += r->mappings.count;
	}
	REQUIRE(next_mapping == judge.header.mappings.count, "mappings of no region");
	for (uint32_t i = 0; i < judge.header.regions.count; i++) {
		broken = judge_sharing(&REGIONS[i]);
		REQUIRE(!broken, broken);
	}
	qsort(judge.seen, judge.seen_count, sizeof(judge.seen[0]), compare_seen);
	for (uint32_t i = 1; i < judge.seen_count; i++) {
		REQUIRE(judge.seen[i].key != judge.seen[i - 1].key, "two things at one address");
	}
	return NULL;
}

static const char *judge_vcpus(void)
{
	uint32_t slots[PV_CPUS_MAX] = {0};

	for (uint32_t d = 0; d < judge.header.domains.count; d++) {
		for (uint32_t n = 0; n < DOMAINS[d].vcpus.count; n++) {
			const struct pv_vcpu *vcpu = &VCPUS[DOMAINS[d].vcpus.first + n];

			if (vcpu->domain != d) {
				return "vCPU's domain";
			}
			if (vcpu->cpu >= judge.header.cpu_count) {
				return "vCPU's CPU";
			}
			if (++slots[vcpu->cpu] > 32) {
				return "vCPUs on a CPU";
			}
		}
	}
	return NULL;
}

static const char *judge_doorbells(void)
{
	for (uint32_t i = 0; i < judge.header.doorbells.count; i++) {
		const struct pv_doorbell *d = &DOORBELLS[i];

		REQUIRE(d->domain < judge.header.domains.count, "doorbell's domain");
		REQUIRE(d->kind == 1 || d->kind == 2, "doorbell's kind");
		REQUIRE(d->kind != 1 || d->number == 0 || (d->number >= 32 && d->number < 288),
		        "doorbell's SPI");
		REQUIRE(d->kind != 2 || (d->number >= 8 && d->number < 64), "doorbell's event");
	}
	return NULL;
}

static bool may_hold(uint32_t domain, struct pv_cap cap)
{
	bool is_doorbell = cap.object < judge.header.doorbells.count;

	switch (cap.type) {
	case PV_CAP_NONE:
		return cap.object == 0;
	case PV_CAP_VCPU:
		return cap.object < judge.header.vcpus.count && VCPUS[cap.object].domain == domain;
	case PV_CAP_VGIC:
		return cap.object == domain;
	case PV_CAP_DOORBELL_SEND:
		return is_doorbell;
	case PV_CAP_DOORBELL_RECV:
		return is_doorbell && DOORBELLS[cap.object].domain == domain &&
		       DOORBELLS[cap.object].kind == PV_DOORBELL_VIRQ;
	case PV_CAP_CONSOLE:
		return cap.object < DOMAINS[domain].channel_count;
	case PV_CAP_STREAM:
		return cap.object < judge.header.streams.count &&
		       STREAMS[cap.object].domain == domain;
	case PV_CAP_WINDOW:
		return cap.object < judge.header.windows.count &&
		       TABLE(windows, pv_window)[cap.object].domain == domain;
	default:
		return false;
	}
}

static const char *judge_caps(void)
{
	for (uint32_t d = 0; d < judge.header.domains.count; d++) {
		for (uint32_t n = 0; n < DOMAINS[d].caps.count; n++) {
			if (!may_hold(d, CAPS[DOMAINS[d].caps.first + n])) {
				return "capability";
			}
		}
	}
	return NULL;
}

static const char *judge_doorbell_page(uint32_t domain, const struct pv_doorbell_page *page)
{
	uint64_t own_first = DOMAINS[domain].caps.first;
	uint64_t own_end = own_first + DOMAINS[domain].caps.count;
	uint64_t first = page->caps.first;

	REQUIRE(page->domain == domain, "doorbell page's domain");
	REQUIRE(page->reserved == 0, "reserved");
	REQUIRE(page->caps.count <= 1024, "doorbell page's size");
	REQUIRE(first >= own_first && first + page->caps.count <= own_end,
	        "doorbell page's capabilities are its domain's");
	for (uint64_t i = first; i < first + page->caps.count; i++) {
		REQUIRE(CAPS[i].type == PV_CAP_DOORBELL_SEND || CAPS[i].type == PV_CAP_NONE,
		        "doorbell page sends");
	}
	return NULL;
}

static const char *judge_doorbell_pages(void)
{
	for (uint32_t d = 0; d < judge.header.domains.count; d++) {
		for (uint32_t n = 0; n < DOMAINS[d].doorbell_pages.count; n++) {
			const char *broken = judge_doorbell_page(
				d, &DOORBELL_PAGES[DOMAINS[d].doorbell_pages.first + n]);
			if (broken) {
				return broken;
			}
		}
	}
	return NULL;
}

static bool has_right(uint32_t domain, uint32_t space, uint64_t address, uint32_t right)
{
	for (uint32_t i = 0; i < judge.seen_count; i++) {
		if (judge.seen[i].key >> 32 == ((uint64_t)domain << 2 | space) &&
		    (uint32_t)judge.seen[i].key == address >> 12 && judge.seen[i].rights & right) {
			return true;
		}
	}
	return false;
}

static const char *judge_irqs(void)
{
	static bool taken[PV_DOMAINS_MAX][PV_VIRQS];
	uint32_t last = 0;

	memset(taken, 0, sizeof(taken));
	for (uint32_t i = 0; i < judge.header.irqs.count; i++) {
		const struct pv_irq *irq = &TABLE(irqs, pv_irq)[i];

		REQUIRE(irq->intid >= 32 && irq->intid <= 1019, "line is an SPI");
		REQUIRE(irq->intid > last, "lines sorted");
		last = irq->intid;
		REQUIRE(irq->intid != BUILDER_KERNEL_INTID, "line is the kernel's");
		REQUIRE(irq->intid < BUILDER_MSI_INTID ||
		                irq->intid >= BUILDER_MSI_INTID + BUILDER_MSIS,
		        "line is raised by MSIs");
		REQUIRE(irq->domain < judge.header.domains.count, "line's domain");
		REQUIRE(irq->virq >= 32 && irq->virq < PV_VIRQS, "line's virtual number");
		REQUIRE(!taken[irq->domain][irq->virq], "two lines are one interrupt");
		taken[irq->domain][irq->virq] = true;
		REQUIRE(irq->virq < DOMAINS[irq->domain].msi_first ||
		                irq->virq - DOMAINS[irq->domain].msi_first >=
		                        DOMAINS[irq->domain].msi_count,
		        "line and MSI are one interrupt");
		REQUIRE(irq->flags <= 1 && irq->reserved == 0, "line's flags");
	}
	return NULL;
}

static const char *judge_streams(void)
{
	for (uint32_t i = 0; i < judge.header.streams.count; i++) {
		REQUIRE(STREAMS[i].id < 512, "stream exists");
		REQUIRE(i == 0 || STREAMS[i].id > STREAMS[i - 1].id, "streams sorted");
		REQUIRE(STREAMS[i].domain < judge.header.domains.count, "stream's domain");
	}
	return NULL;
}

/* Where a PCI function decodes is said by the base addresses; by the command, whether. */
static bool says_where(uint32_t word)
{
	return word == 1 || (word >= 4 && word <= 9);
}

/* Window @index writes a bit that another window on its page has something to do with. */
static bool disturbs(uint32_t index, const struct pv_window_rule *rule)
{
	const struct pv_window *windows = TABLE(windows, pv_window);

	for (uint32_t i = 0; i < judge.header.windows.count; i++) {
		const struct pv_window *w = &windows[i];

		for (uint32_t n = 0; n < w->rules.count; n++) {
			const struct pv_window_rule *other =
				&TABLE(window_rules, pv_window_rule)[w->rules.first + n];

			if (i == index || w->page != windows[index].page) {
				continue;
			}
			if (says_where(other->word) && says_where(rule->word)) {
				return true;
			}
			if (other->word == rule->word &&
			    ((rule->writable & other->keep) != rule->writable || rule->flags)) {
				return true;
			}
		}
	}
	return false;
}

/* Ones, at least one, and zeros below them, at least four. */
static bool is_upper_part(uint32_t bits)
{
	uint32_t mask = UINT32_MAX << 4;

	while (mask && mask != bits) {
		mask <<= 1;
	}
	return mask != 0;
}

/* Window @index lets its function answer at addresses, and has no rule for each of them. */
static bool lacks_an_address(uint32_t index)
{
	struct pv_slice slice = TABLE(windows, pv_window)[index].rules;
	bool decodes = false;
	bool has[1024] = {false};

	for (uint32_t n = slice.first; n < slice.first + slice.count; n++) {
		const struct pv_window_rule *rule = &TABLE(window_rules, pv_window_rule)[n];

		has[rule->word] = true;
		decodes |= rule->word == 1 && (rule->writable & 2);
	}
	return decodes && !(has[4] && has[5] && has[6] && has[7] && has[8] && has[9]);
}

static const char *judge_header_rule(const struct pv_window_rule *rule)
{
	uint32_t word = rule->word;

	if (word == 1) {
		REQUIRE(rule->flags != 0, "command's first value");
		REQUIRE((rule->writable | 0x406) == 0x406, "command");
		REQUIRE(rule->initial == 0 || rule->initial == 0x400, "command at boot");
	} else if (word == 15) {
		REQUIRE(rule->writable < 256 && rule->initial < 256, "number of the line");
	} else if (says_where(word)) {
		REQUIRE(rule->flags == 3, "an address is tried");
		REQUIRE(is_upper_part(rule->keep), "an aperture is a power of two");
		REQUIRE((rule->initial & rule->keep) == rule->initial, "an address stays");
	} else if (word < 16) {
		REQUIRE(rule->writable == 0 && rule->initial == 0, "header of a function");
	}
	return NULL;
}

static const char *judge_window_rule(uint32_t index, uint32_t n)
{
	const struct pv_window *w = &TABLE(windows, pv_window)[index];
	const struct pv_window_rule *rule =
		&TABLE(window_rules, pv_window_rule)[w->rules.first + n];

	REQUIRE(rule->word <= 1023, "word in the page");
	REQUIRE(n == 0 || rule->word > rule[-1].word, "words ascend");
	REQUIRE(w->domain != UINT32_MAX || rule->writable == 0, "nobody writes");
	REQUIRE((rule->writable & rule->keep) == 0, "kept and written");
	REQUIRE(rule->flags == 0 || rule->flags == 1 || rule->flags == 3, "rule's flags");
	REQUIRE(rule->flags != 0 || rule->initial == 0, "initial value that is none");
	REQUIRE(rule->reserved == 0, "reserved");
	REQUIRE(!disturbs(index, rule), "windows on a page disturb each other");
	REQUIRE(rule->flags != 3 || (rule - n)->word == 1, "command before addresses");
	REQUIRE(rule->flags != 3 || (rule->word >= 4 && rule->word <= 9), "addresses are tried");
	return judge_header_rule(rule);
}

static const char *judge_window_rules(uint32_t index)
{
	for (uint32_t n = 0; n < TABLE(windows, pv_window)[index].rules.count; n++) {
		const char *broken = judge_window_rule(index, n);

		REQUIRE(!broken, broken);
	}
	REQUIRE(!lacks_an_address(index), "an address without a rule");
	return NULL;
}

static const char *judge_windows(void)
{
	uint64_t next = 0;
	uint64_t last = 0;

	for (uint32_t i = 0; i < judge.header.windows.count; i++) {
		const struct pv_window *w = &TABLE(windows, pv_window)[i];
		uint64_t key = (uint64_t)w->page << 32 | w->domain;

		REQUIRE(w->page >= BUILDER_WINDOW_PAGE &&
		                w->page < BUILDER_WINDOW_PAGE + BUILDER_WINDOW_PAGES,
		        "window is in its area");
		REQUIRE(key > last, "windows sorted");
		last = key;
		REQUIRE(w->domain < judge.header.domains.count || w->domain == UINT32_MAX,
		        "window's domain");
		REQUIRE(w->rules.first == next, "rules in order");
		next += w->rules.count;
		REQUIRE(next <= judge.header.window_rules.count, "rules in the table");
	}
	REQUIRE(next == judge.header.window_rules.count, "rules of no window");
	for (uint32_t i = 0; i < judge.header.windows.count; i++) {
		const char *broken = judge_window_rules(i);

		REQUIRE(!broken, broken);
	}
	return NULL;
}

static const char *judge_starts(void)
{
	for (uint32_t i = 0; i < judge.header.domains.count; i++) {
		const struct pv_domain *d = &DOMAINS[i];

		REQUIRE(d->vmm_entry % 4 == 0 && d->entry % 4 == 0, "entries aligned");
		REQUIRE(d->vmm_stack % 16 == 0, "stack aligned");
		REQUIRE(has_right(i, PV_SPACE_VMM, d->vmm_entry, PV_RIGHT_EXEC), "VMM executes");
		REQUIRE(has_right(i, PV_SPACE_GUEST, d->entry, PV_RIGHT_EXEC), "guest executes");
		REQUIRE(d->vmm_stack >= 16 &&
		                has_right(i, PV_SPACE_VMM, d->vmm_stack - 16, PV_RIGHT_WRITE),
		        "stack is writable");
	}
	return NULL;
}

const char *image_oracle_judge(const void *image, uint64_t available_bytes,
                               const struct image_bounds *bounds)
{
	static const char *(*const rules[])(void) = {
		judge_tables,    judge_domains, judge_memory,         judge_vcpus,
		judge_doorbells, judge_caps,    judge_doorbell_pages, judge_starts,
		judge_devices,   judge_irqs,    judge_streams,        judge_windows,
	};

	if (available_bytes < sizeof(judge.header)) {
		return "header is there";
	}
	judge.image = image;
	judge.bounds = bounds;
	memcpy(&judge.header, image, sizeof(judge.header));
	const char *broken = judge_machine(available_bytes);
	for (uint32_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !broken; i++) {
		broken = rules[i]();
	}
	return broken;
}
