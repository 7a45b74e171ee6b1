/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The builder of images for tests. It checks nothing but its own room: what it builds is right as
 * long as a test asks for what is right.
 */
#include "tests/unit/image_builder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "abi/calls.h"

#define GUEST_PAGES 16U
#define VMM_PAGES 8U
#define RIGHTS_RW (PV_RIGHT_READ | PV_RIGHT_WRITE)
#define RIGHTS_RX (PV_RIGHT_READ | PV_RIGHT_EXEC)
#define RIGHTS_RWX (RIGHTS_RW | PV_RIGHT_EXEC)

static const struct image_span kept[] = {
	{BUILDER_KEPT_PAGE, BUILDER_KEPT_PAGES},
	{BUILDER_WINDOW_PAGE, BUILDER_WINDOW_PAGES},
	{BUILDER_MSI_PAGE, 1},
	{BUILDER_RAM_PAGE, BUILDER_RAM_PAGES},
};
static const struct image_span lines[] = {{BUILDER_KERNEL_INTID, 1},
                                          {BUILDER_MSI_INTID, BUILDER_MSIS}};
/* Two that touch. */
static const struct image_span windows[] = {
	{BUILDER_WINDOW_PAGE, BUILDER_WINDOW_PAGES / 2},
	{BUILDER_WINDOW_PAGE + BUILDER_WINDOW_PAGES / 2, BUILDER_WINDOW_PAGES / 2},
};
const struct image_board image_builder_board = {
	.gicc_page_count = PV_GICC_PAGES,
	.smmu = true,
	.msi_page = BUILDER_MSI_PAGE,
	.msis = {BUILDER_MSI_INTID, BUILDER_MSIS},
	.kept = kept,
	.kept_count = 4,
	.lines = lines,
	.line_count = 2,
	.windows = windows,
	.window_count = 2,
};

void image_builder_start(struct image_builder *builder)
{
	memset(builder, 0, sizeof(*builder));
	builder->next_page = BUILDER_REGION_PAGE;
	builder->bounds = (struct image_bounds){
		.board = PV_BOARD_QEMU_VIRT,
		.ram_page = BUILDER_RAM_PAGE,
		.ram_page_count = BUILDER_RAM_PAGES,
		.kernel_page = BUILDER_RAM_PAGE,
		.kernel_page_count = BUILDER_KERNEL_PAGES,
		.image_page = BUILDER_IMAGE_PAGE,
		.hardware = &image_builder_board,
	};
	builder->header = (struct pv_image_header){
		.magic = PV_IMAGE_MAGIC,
		.version = PV_IMAGE_VERSION,
		.header_bytes = sizeof(struct pv_image_header),
		.board = PV_BOARD_QEMU_VIRT,
		.cpu_count = BUILDER_CPUS,
		.ram_page = BUILDER_RAM_PAGE,
		.ram_page_count = BUILDER_RAM_PAGES,
		.pool_page = BUILDER_POOL_PAGE,
		.pool_page_count = BUILDER_POOL_PAGES,
	};
}

void image_builder_add_region(struct image_builder *builder, uint32_t page_count, uint32_t flags)
{
	uint32_t index = builder->header.regions.count++;

	assert(index < PV_REGIONS_MAX);
	builder->regions[index] = (struct pv_region){
		.page = builder->next_page,
		.page_count = page_count,
		.flags = flags,
		.mappings = {.first = builder->header.mappings.count},
	};
	builder->next_page += page_count;
}

void image_builder_add_rom(struct image_builder *builder, uint32_t page_count, uint32_t flags)
{
	image_builder_add_region(builder, page_count, flags);
	builder->next_page = BUILDER_REGION_PAGE;
	builder->rom_pages += page_count;
}

void image_builder_add_mapping(struct image_builder *builder, uint32_t domain, enum pv_space space,
                               uint16_t rights, uint32_t ipa_page)
{
	uint32_t index = builder->header.mappings.count++;

	assert(index < PV_MAPPINGS_MAX && builder->header.regions.count > 0);
	builder->regions[builder->header.regions.count - 1].mappings.count++;
	builder->mappings[index] = (struct pv_mapping){
		.domain = domain,
		.space = (uint16_t)space,
		.rights = rights,
		.ipa_page = ipa_page,
	};
}

uint32_t image_builder_add_cap(struct image_builder *builder, enum pv_cap_type type,
                               uint32_t object)
{
	uint32_t index = builder->header.caps.count++;

	assert(index < PV_CAPS_MAX && builder->header.domains.count > 0);
	builder->domains[builder->header.domains.count - 1].caps.count++;
	builder->caps[index] = (struct pv_cap){(uint32_t)type, object};
	return index;
}

uint32_t image_builder_add_doorbell(struct image_builder *builder, uint32_t domain,
                                    enum pv_doorbell_kind kind, uint16_t number)
{
	uint32_t index = builder->header.doorbells.count++;

	assert(index < PV_DOORBELLS_MAX);
	builder->doorbells[index] = (struct pv_doorbell){domain, (uint16_t)kind, number};
	return index;
}

void image_builder_add_doorbell_page(struct image_builder *builder, uint32_t cap_first,
                                     uint32_t cap_count)
{
	uint32_t index = builder->header.doorbell_pages.count++;
	uint32_t domain = builder->header.domains.count - 1;

	assert(index < PV_DOORBELL_PAGES_MAX && builder->header.domains.count > 0);
	builder->domains[domain].doorbell_pages.count++;
	builder->doorbell_pages[index] = (struct pv_doorbell_page){
		.domain = domain,
		.caps = {cap_first, cap_count},
	};
}

/* The VMM's own memory: text, data with the stack at its end, configuration. */
static void add_vmm(struct image_builder *builder, uint32_t domain)
{
	image_builder_add_region(builder, 3, 0);
	image_builder_add_mapping(builder, domain, PV_SPACE_VMM, RIGHTS_RX, BUILDER_VMM_TEXT_IPA);
	image_builder_add_region(builder, 4, 0);
	image_builder_add_mapping(builder, domain, PV_SPACE_VMM, RIGHTS_RW, BUILDER_VMM_DATA_IPA);
	image_builder_add_region(builder, 1, 0);
	image_builder_add_mapping(builder, domain, PV_SPACE_VMM, PV_RIGHT_READ,
	                          BUILDER_VMM_CONFIG_IPA);
}

static void add_vcpus(struct image_builder *builder, uint32_t domain, uint32_t count, uint32_t cpu)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = builder->header.vcpus.count++;

		assert(index < sizeof(builder->vcpus) / sizeof(builder->vcpus[0]));
		builder->vcpus[index] = (struct pv_vcpu){domain, (cpu + i) % BUILDER_CPUS};
		image_builder_add_cap(builder, PV_CAP_VCPU, index);
	}
}

void image_builder_add_domain(struct image_builder *builder, const char *name, uint32_t vcpu_count,
                              uint32_t cpu)
{
	uint32_t index = builder->header.domains.count++;
	struct pv_domain *domain = &builder->domains[index];

	assert(index < PV_DOMAINS_MAX);
	*domain = (struct pv_domain){
		.vcpus = {builder->header.vcpus.count, vcpu_count},
		.caps = {builder->header.caps.count, 0},
		.doorbell_pages = {builder->header.doorbell_pages.count, 0},
		.doorbell_ipa_page = BUILDER_DOORBELL_IPA,
		.gicc_ipa_page = BUILDER_GICC_IPA,
		.priority = 100,
		.budget_us = index == 0 ? 0 : 2000,
		.period_us = index == 0 ? 0 : 5000,
		.channel_first = 1 + 3 * index,
		.channel_count = 3,
		.vmm_entry = BUILDER_VMM_TEXT_IPA * (uint64_t)PV_PAGE_BYTES,
		.vmm_stack = (BUILDER_VMM_DATA_IPA + 4) * (uint64_t)PV_PAGE_BYTES,
		.vmm_arg = BUILDER_VMM_CONFIG_IPA * (uint64_t)PV_PAGE_BYTES,
		.entry = BUILDER_GUEST_IPA * (uint64_t)PV_PAGE_BYTES,
		.entry_arg = (BUILDER_GUEST_IPA + 1) * (uint64_t)PV_PAGE_BYTES,
	};
	snprintf(domain->name, sizeof(domain->name), "%s", name);
	image_builder_add_region(builder, GUEST_PAGES, 0);
	image_builder_add_mapping(builder, index, PV_SPACE_GUEST, RIGHTS_RWX, BUILDER_GUEST_IPA);
	add_vmm(builder, index);
	add_vcpus(builder, index, vcpu_count, cpu);
	image_builder_add_cap(builder, PV_CAP_VGIC, index);
	for (uint32_t i = 0; i < domain->channel_count; i++) {
		image_builder_add_cap(builder, PV_CAP_CONSOLE, i);
	}
}

enum { DRIVER = 0, DEVICE = 1 };

/* What both guests find in the image, and what the driver's VMM alone has there. */
static void add_roms(struct image_builder *builder)
{
	image_builder_add_rom(builder, 2, PV_REGION_SHARED);
	image_builder_add_mapping(builder, DRIVER, PV_SPACE_GUEST, RIGHTS_RX, BUILDER_ROM_IPA);
	image_builder_add_mapping(builder, DEVICE, PV_SPACE_GUEST, PV_RIGHT_READ, BUILDER_ROM_IPA);
	image_builder_add_rom(builder, 1, 0);
	image_builder_add_mapping(builder, DRIVER, PV_SPACE_VMM, RIGHTS_RW, BUILDER_ROM_IPA);
}

void image_builder_make_pair(struct image_builder *builder)
{
	image_builder_start(builder);
	add_roms(builder);
	uint32_t control_out =
		image_builder_add_doorbell(builder, DEVICE, PV_DOORBELL_VIRQ, PV_SPI_FIRST);
	uint32_t queue_out =
		image_builder_add_doorbell(builder, DEVICE, PV_DOORBELL_VIRQ, PV_SPI_FIRST + 1);
	uint32_t control_in =
		image_builder_add_doorbell(builder, DRIVER, PV_DOORBELL_EVENT, PV_EVENT_DOORBELL);
	uint32_t queue_in = image_builder_add_doorbell(builder, DRIVER, PV_DOORBELL_VIRQ, 0);

	image_builder_add_domain(builder, "driver", 2, 0);
	image_builder_add_cap(builder, PV_CAP_DOORBELL_SEND, control_out);
	image_builder_add_cap(builder, PV_CAP_DOORBELL_RECV, queue_in);
	uint32_t first = image_builder_add_cap(builder, PV_CAP_DOORBELL_SEND, queue_out);
	image_builder_add_cap(builder, PV_CAP_NONE, 0);
	image_builder_add_doorbell_page(builder, first, 2);
	image_builder_add_region(builder, 8, PV_REGION_SHARED); /* memdev */
	image_builder_add_mapping(builder, DRIVER, PV_SPACE_GUEST, RIGHTS_RWX,
	                          BUILDER_GUEST_IPA + GUEST_PAGES);
	image_builder_add_mapping(builder, DEVICE, PV_SPACE_GUEST, RIGHTS_RW, 0x100000);
	for (uint32_t page = 0; page < 2; page++) { /* control pages, each with one writer */
		image_builder_add_region(builder, 1, PV_REGION_SHARED);
		image_builder_add_mapping(builder, DRIVER, PV_SPACE_VMM,
		                          page == 0 ? RIGHTS_RW : PV_RIGHT_READ, 0x500 + page);
		image_builder_add_mapping(builder, DEVICE, PV_SPACE_GUEST,
		                          page == 0 ? PV_RIGHT_READ : RIGHTS_RW, 0xa000 + page);
	}

	image_builder_add_domain(builder, "device", 3, 1);
	first = image_builder_add_cap(builder, PV_CAP_DOORBELL_SEND, control_in);
	image_builder_add_cap(builder, PV_CAP_DOORBELL_SEND, queue_in);
	image_builder_add_doorbell_page(builder, first, 2);
	image_builder_add_doorbell_page(builder, first, 1);
}

static void add_window(struct image_builder *builder, uint32_t page, uint32_t domain)
{
	builder->windows[builder->header.windows.count++] =
		(struct pv_window){page, domain, {builder->header.window_rules.count, 0}};
}

/* A rule of the newest window. */
static void add_rule(struct image_builder *builder, struct pv_window_rule rule)
{
	builder->windows[builder->header.windows.count - 1].rules.count++;
	builder->window_rules[builder->header.window_rules.count++] = rule;
}

/* A PCI function's page, one that two domains share by words and bits, and one of nobody. */
static void add_windows(struct image_builder *builder)
{
	add_window(builder, BUILDER_WINDOW_PAGE, 0);
	add_rule(builder, (struct pv_window_rule){.word = 1, .writable = 6, .flags = 1});
	add_rule(builder, (struct pv_window_rule){.word = 4,
	                                          .writable = 0xffff0,
	                                          .keep = 0xfff00000,
	                                          .initial = 0x10000000,
	                                          .flags = PV_RULE_INITIAL | PV_RULE_PROBE});
	for (uint32_t word = 5; word < 10; word++) {
		add_rule(builder,
		         (struct pv_window_rule){.word = word,
		                                 .keep = ~15U,
		                                 .flags = PV_RULE_INITIAL | PV_RULE_PROBE});
	}
	add_window(builder, BUILDER_WINDOW_PAGE + 9, 0);
	add_rule(builder, (struct pv_window_rule){.word = 16, .writable = 0xff, .keep = 0xff00});
	add_rule(builder, (struct pv_window_rule){.word = 17, .writable = 1});
	add_window(builder, BUILDER_WINDOW_PAGE + 9, 1);
	add_rule(builder, (struct pv_window_rule){.word = 16, .writable = 0xff00, .keep = 0xff});
	add_rule(builder, (struct pv_window_rule){.word = 1023, .writable = 0xf});
	add_window(builder, BUILDER_WINDOW_PAGE + 15, PV_NOBODY);
	add_rule(builder, (struct pv_window_rule){.word = 1, .keep = 1, .flags = 1});
}

/* Devices of the newest domain write to its guest's RAM, which is the first of its four regions. */
static void add_dma(struct image_builder *builder)
{
	uint32_t domain = builder->header.domains.count - 1;

	builder->header.regions.count -= 3;
	builder->header.mappings.count -= 3;
	builder->next_page -= VMM_PAGES;
	image_builder_add_mapping(builder, domain, PV_SPACE_DMA, RIGHTS_RW, BUILDER_GUEST_IPA);
	add_vmm(builder, domain);
}

static void add_lines_and_pages(struct image_builder *builder)
{
	static const struct pv_device devices[] = {
		{BUILDER_DEVICE_PAGE, 2, 0, PV_SPACE_GUEST, RIGHTS_RW, BUILDER_DEVICE_IPA, 0},
		{BUILDER_DEVICE_PAGE + 2, 1, 0, PV_SPACE_GUEST, PV_RIGHT_READ,
	         BUILDER_DEVICE_IPA + 2, 0},
		{BUILDER_DEVICE_PAGE + 9, 1, 1, PV_SPACE_VMM, RIGHTS_RW, BUILDER_DEVICE_IPA, 0},
	};
	static const struct pv_irq irqs[] = {
		{35, 0, 40, 0, 0}, {40, 1, 40, PV_IRQ_EDGE, 0}, {1019, 0, 287, 0, 0}};
	static const struct pv_stream streams[] = {{8, 0}, {16, 1}, {PV_STREAM_IDS - 1, 0}};

	builder->header.devices.count = builder->header.irqs.count = 3;
	builder->header.streams.count = 3;
	memcpy(builder->devices, devices, sizeof(devices));
	memcpy(builder->irqs, irqs, sizeof(irqs));
	memcpy(builder->streams, streams, sizeof(streams));
}

void image_builder_make_hardware(struct image_builder *builder)
{
	image_builder_start(builder);
	for (uint32_t i = 0; i < 2; i++) {
		image_builder_add_domain(builder, i ? "nic" : "disk", 1, 0);
		add_dma(builder);
		image_builder_add_cap(builder, PV_CAP_STREAM, i);
		image_builder_add_cap(builder, PV_CAP_WINDOW, i ? 2 : 0);
		builder->domains[i].msi_ipa_page = BUILDER_MSI_IPA;
		builder->domains[i].msi_first = BUILDER_MSI_INTID + 8 * i;
		builder->domains[i].msi_count = i ? 2 : 8;
	}
	add_lines_and_pages(builder);
	add_windows(builder);
}

/* Copy a table behind what is there. */
static void put_table(uint8_t *to, uint64_t *end, struct pv_table *table, const void *entries,
                      size_t entry_bytes)
{
	size_t bytes = table->count * entry_bytes;

	assert(*end + bytes <= BUILDER_BYTES_MAX);
	table->offset = (uint32_t)*end;
	memcpy(to + *end, entries, bytes);
	*end += bytes;
}

static uint64_t page_end(uint64_t bytes)
{
	return (bytes + PV_PAGE_BYTES - 1) / PV_PAGE_BYTES * PV_PAGE_BYTES;
}

/* Give the regions of the image their places, behind what ends at @end; returns its end. */
static uint64_t place_rom(struct image_builder *builder, uint64_t end)
{
	uint32_t page = BUILDER_IMAGE_PAGE + (uint32_t)(page_end(end) / PV_PAGE_BYTES);

	if (builder->rom_pages == 0) {
		return end;
	}
	for (uint32_t i = 0, left = builder->rom_pages; left > 0; i++) {
		builder->regions[i].page = page;
		page += builder->regions[i].page_count;
		left -= builder->regions[i].page_count;
	}
	return (uint64_t)(page - BUILDER_IMAGE_PAGE) * PV_PAGE_BYTES;
}

uint64_t image_builder_finish(struct image_builder *builder, void *to)
{
	struct pv_image_header *header = &builder->header;
	const uint64_t tables_bytes =
		header->domains.count * sizeof(struct pv_domain) +
		header->vcpus.count * sizeof(struct pv_vcpu) +
		header->regions.count * sizeof(struct pv_region) +
		header->mappings.count * sizeof(struct pv_mapping) +
		header->caps.count * sizeof(struct pv_cap) +
		header->doorbells.count * sizeof(struct pv_doorbell) +
		header->doorbell_pages.count * sizeof(struct pv_doorbell_page) +
		header->devices.count * sizeof(struct pv_device) +
		header->irqs.count * sizeof(struct pv_irq) +
		header->streams.count * sizeof(struct pv_stream) +
		header->windows.count * sizeof(struct pv_window) +
		header->window_rules.count * sizeof(struct pv_window_rule);
	uint64_t end = sizeof(*header);

	memset(to, 0, BUILDER_BYTES_MAX);
	header->image_bytes = place_rom(builder, end + tables_bytes);
	assert(header->image_bytes <= BUILDER_BYTES_MAX);
#define PUT(table) put_table(to, &end, &header->table, builder->table, sizeof(builder->table[0]))
	PUT(domains);
	PUT(vcpus);
	PUT(regions);
	PUT(mappings);
	PUT(caps);
	PUT(doorbells);
	PUT(doorbell_pages);
	PUT(devices);
	PUT(irqs);
	PUT(streams);
	PUT(windows);
	PUT(window_rules);
#undef PUT
	memcpy(to, header, sizeof(*header));
	return header->image_bytes;
}
