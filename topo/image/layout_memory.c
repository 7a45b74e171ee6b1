/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions of physical memory, who maps them with which rights, and where they lie: a part of
 * layout_new(), and layout_place().
 *
 * Regions are made in the order of their physical addresses, so no table is ever sorted: first
 * what the image holds, then what is counted in pages (VMMs, iobufs, in-flight records), then what
 * deserves blocks of 2 MiB (RAM, pools).
 *
 * In an address space of a VMM:
 *
 *   the segments of its ELF file | guard | stack | guard | configuration | iobuf pages
 */
#include <inttypes.h>

#include "lib/bits.h"
#include "topo/image/layout_parts.h"
#include "topo/model/board.h"

#define VMM_STACK_BYTES (UINT64_C(4) * PV_PAGE_BYTES)
#define VMM_GUARD_BYTES PV_PAGE_BYTES

/* RAM of the machine is a multiple of this, and this much is left for QEMU's device tree. */
#define RAM_STEP BIT64(26)
#define RAM_SPARE BIT64(23)

#define RIGHTS_RO PV_RIGHT_READ
#define RIGHTS_RX (PV_RIGHT_READ | PV_RIGHT_EXEC)
#define RIGHTS_RW (PV_RIGHT_READ | PV_RIGHT_WRITE)
#define RIGHTS_RWX (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)

/* The next region; the mappings that follow are its own. */
static uint32_t add_region(struct layout *layout, uint64_t bytes)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "regions", &t->region_count, PV_REGIONS_MAX);

	t->regions[i] = (struct pv_region){
		.page_count = (uint32_t)(bytes >> PV_PAGE_SHIFT),
		.mappings = {t->mapping_count, 0},
	};
	layout->fits[i] = (struct layout_fit){false, 0};
	return i;
}

/* A region that a guest finds at @ipa and that shall be mapped in blocks there. */
static uint32_t add_block_region(struct layout *layout, uint64_t bytes, uint64_t ipa)
{
	uint32_t i = add_region(layout, bytes);

	layout->fits[i] = (struct layout_fit){true, ipa & (GUEST_BLOCK - 1)};
	return i;
}

static void add_mapping(struct layout *layout, uint32_t domain, enum pv_space space,
                        uint32_t rights, uint64_t ipa)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "mappings", &t->mapping_count, PV_MAPPINGS_MAX);
	struct pv_region *region = &t->regions[t->region_count - 1];

	t->mappings[i] = (struct pv_mapping){domain, (uint16_t)space, (uint16_t)rights,
	                                     (uint32_t)(ipa >> PV_PAGE_SHIFT), 0};
	region->mappings.count++;
	region->flags = region->mappings.count > 1 && space != PV_SPACE_DMA ? PV_REGION_SHARED
	                                                                    : region->flags;
}

static bool has_stream(const struct layout *layout, uint32_t vm)
{
	for (uint32_t i = 0; i < layout->tables.stream_count; i++) {
		if (layout->tables.streams[i].domain == vm) {
			return true;
		}
	}
	return false;
}

/* Pages of the VMM's configuration, abi/vmm.h. */
static uint64_t config_bytes(const struct layout_vm *vm)
{
	return layout_align(sizeof(struct pv_vmm_config) +
	                            vm->used_count * sizeof(struct pv_vmm_connection) +
	                            vm->used_device_count * sizeof(struct pv_vmm_device) +
	                            vm->function_count * sizeof(struct pv_vmm_function),
	                    PV_PAGE_BYTES);
}

/* Where the parts of a VMM's space lie. */
static void lay_vmm(struct layout *layout, uint32_t index)
{
	struct layout_vm *vm = &layout->vms[index];
	struct pv_domain *domain = &layout->tables.domains[index];

	vm->stack_va = layout->payloads->vmm.end + VMM_GUARD_BYTES + VMM_STACK_BYTES;
	vm->config_va = vm->stack_va + VMM_GUARD_BYTES;
	vm->iobuf_va = vm->config_va + config_bytes(vm);
	domain->vmm_entry = layout->payloads->vmm.entry;
	domain->vmm_stack = vm->stack_va;
	domain->vmm_arg = vm->config_va;
}

/* What VM @index sees of ROM @rom. The guest's addresses are layout_place()'s. */
static void map_rom(struct layout *layout, uint32_t rom, uint32_t index)
{
	const struct vmm_program *program = &layout->payloads->vmm;
	const struct layout_vm *vm = &layout->vms[index];

	for (uint32_t i = 0; i < program->segment_count; i++) {
		if (vm->segment_roms[i] == rom) {
			add_mapping(layout, index, PV_SPACE_VMM, program->segments[i].rights,
			            program->segments[i].va);
		}
	}
	if (vm->config_rom == rom) {
		add_mapping(layout, index, PV_SPACE_VMM, RIGHTS_RW, vm->config_va);
	}
	if (layout->loader_rom == rom) {
		add_mapping(layout, index, PV_SPACE_GUEST, RIGHTS_RX, 0);
	}
	if (vm->loads_rom == rom) {
		add_mapping(layout, index, PV_SPACE_GUEST, RIGHTS_RO, 0);
	}
	for (uint32_t i = 0; i < vm->boot_rom_count; i++) {
		if (vm->boot_roms[i] == rom) {
			add_mapping(layout, index, PV_SPACE_GUEST, RIGHTS_RO, 0);
			return; /* once, however often it is loaded */
		}
	}
}

static void add_roms(struct layout *layout)
{
	for (uint32_t rom = 0; rom < layout->rom_count; rom++) {
		add_region(layout, layout_align(layout->roms[rom].bytes, PV_PAGE_BYTES));
		for (uint32_t i = 0; i < layout->model->vm_count; i++) {
			layout->tables.filled_by = layout->model->vms[i].place;
			map_rom(layout, rom, i);
		}
	}
}

/* What of a VMM's memory the image does not hold. */
static void add_vmm(struct layout *layout, uint32_t index)
{
	const struct vmm_program *program = &layout->payloads->vmm;
	const struct layout_vm *vm = &layout->vms[index];

	for (uint32_t i = 0; i < program->segment_count; i++) {
		if (vm->segment_roms[i] == NO_ROM) {
			add_region(layout, program->segments[i].bytes);
			add_mapping(layout, index, PV_SPACE_VMM, program->segments[i].rights,
			            program->segments[i].va);
		}
	}
	add_region(layout, VMM_STACK_BYTES);
	add_mapping(layout, index, PV_SPACE_VMM, RIGHTS_RW, vm->stack_va - VMM_STACK_BYTES);
}

/* Page 0 is the driver VM's to write, page 1 the device VM's. */
static void add_iobuf(struct layout *layout, uint32_t index)
{
	const struct connection *connection = &layout->model->connections[index];
	struct layout_connection *laid = &layout->connections[index];
	const struct layout_vm *driver = &layout->vms[connection->driver_vm];
	uint64_t page_in = laid->device_iobuf_ipa + GUEST_PAGE;

	laid->page_out_va = driver->iobuf_va + (uint64_t)laid->number * 2 * GUEST_PAGE;
	laid->page_in_va = laid->page_out_va + GUEST_PAGE;
	add_region(layout, GUEST_PAGE);
	add_mapping(layout, connection->driver_vm, PV_SPACE_VMM, RIGHTS_RW, laid->page_out_va);
	add_mapping(layout, connection->device_vm, PV_SPACE_GUEST, RIGHTS_RO,
	            laid->device_iobuf_ipa);
	add_region(layout, GUEST_PAGE);
	add_mapping(layout, connection->driver_vm, PV_SPACE_VMM, RIGHTS_RO, laid->page_in_va);
	add_mapping(layout, connection->device_vm, PV_SPACE_GUEST, RIGHTS_RW, page_in);
}

/* The device VM's alone. It is no part of its RAM, so that it outlives a restart of the VM. */
static void add_inflight(struct layout *layout, uint32_t index)
{
	const struct layout_connection *laid = &layout->connections[index];

	if (laid->inflight_bytes) {
		add_region(layout, laid->inflight_bytes);
		add_mapping(layout, layout->model->connections[index].device_vm, PV_SPACE_GUEST,
		            RIGHTS_RW, laid->device_inflight_ipa);
	}
}

/* RAM, which with VMSWIOTLB=0 each device VM of this one sees too: then the kernel clears it, since
 * their guests may run before this one's loader. */
static void add_ram(struct layout *layout, uint32_t index)
{
	const struct model *model = layout->model;
	const struct vm *vm = &model->vms[index];

	uint32_t region = add_block_region(layout, vm->ram_bytes, vm->ram_base);

	layout->vms[index].ram_region = region;
	add_mapping(layout, index, PV_SPACE_GUEST, RIGHTS_RWX, vm->ram_base);
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (connection->driver_vm == index && !connection->swiotlb) {
			add_mapping(layout, connection->device_vm, PV_SPACE_GUEST, RIGHTS_RW,
			            layout->connections[i].device_memory_ipa);
		}
	}
	if (layout->tables.regions[region].mappings.count == 1) {
		layout->tables.regions[region].flags = PV_REGION_LOADED;
	}
	if (has_stream(layout, index)) {
		add_mapping(layout, index, PV_SPACE_DMA, RIGHTS_RW, vm->ram_base);
	}
}

static void add_pool(struct layout *layout, uint32_t index)
{
	const struct connection *connection = &layout->model->connections[index];
	const struct layout_connection *laid = &layout->connections[index];

	if (!connection->swiotlb) {
		return;
	}
	add_block_region(layout, laid->memory_bytes, laid->driver_memory_ipa);
	add_mapping(layout, connection->driver_vm, PV_SPACE_GUEST, RIGHTS_RW,
	            laid->driver_memory_ipa);
	add_mapping(layout, connection->device_vm, PV_SPACE_GUEST, RIGHTS_RW,
	            laid->device_memory_ipa);
}

void layout_memory(struct layout *layout)
{
	const struct model *model = layout->model;

	for (uint32_t i = 0; i < model->vm_count; i++) {
		lay_vmm(layout, i);
	}
	add_roms(layout);
	for (uint32_t i = 0; i < model->vm_count; i++) {
		layout->tables.filled_by = model->vms[i].place;
		add_vmm(layout, i);
	}
	for (uint32_t i = 0; i < model->connection_count; i++) {
		layout->tables.filled_by = model->connections[i].place;
		add_iobuf(layout, i);
		add_inflight(layout, i);
	}
	for (uint32_t i = 0; i < model->vm_count; i++) {
		layout->tables.filled_by = model->vms[i].place;
		add_ram(layout, i);
	}
	for (uint32_t i = 0; i < model->connection_count; i++) {
		layout->tables.filled_by = model->connections[i].place;
		add_pool(layout, i);
	}
}

uint32_t layout_add_rom(struct layout *layout, uint64_t bytes)
{
	uint32_t i = layout_take(layout, "regions", &layout->rom_count, PV_REGIONS_MAX);

	layout->roms[i] = (struct layout_rom){bytes, 0};
	return i;
}

/* Physical and guest-physical address agree modulo 2 MiB, so that blocks map what is large. */
uint64_t layout_rom_ipa(const struct layout *layout, uint32_t rom)
{
	return GUEST_ROM_IPA + layout->image_base % GUEST_BLOCK + layout->roms[rom].image_offset;
}

/* The image's place is known, and so is that of what it holds. */
static void place_roms(struct layout *layout)
{
	struct layout_tables *t = &layout->tables;

	for (uint32_t i = 0; i < layout->rom_count; i++) {
		const struct pv_slice *slice = &t->regions[i].mappings;
		uint64_t at = layout->image_base + layout->roms[i].image_offset;

		t->regions[i].page = (uint32_t)(at >> PV_PAGE_SHIFT);
		layout->fits[i] = (struct layout_fit){true, at % GUEST_BLOCK};
		for (uint32_t j = slice->first; j < slice->first + slice->count; j++) {
			if (t->mappings[j].space == PV_SPACE_GUEST) {
				t->mappings[j].ipa_page =
					(uint32_t)(layout_rom_ipa(layout, i) >> PV_PAGE_SHIFT);
			}
		}
	}
}

/* What a space maps, in 4 KiB pages: from ipa_page, with the physical page's place in its block. */
struct extent {
	uint32_t ipa_page;
	uint32_t page_count;
	uint32_t pa_offset; /* physical page modulo a block; BLOCK_PAGES = page by page */
};

#define BLOCK_PAGES (GUEST_BLOCK >> PV_PAGE_SHIFT)
#define ROOT_PAGES BIT32(30 - PV_PAGE_SHIFT) /* what one entry of a root maps */

/* Make @out the extent at @ipa_page if that is the first one from @from_page on. */
static void offer_extent(const struct extent *extent, uint64_t from_page, bool *found,
                         struct extent *out)
{
	if (extent->ipa_page >= from_page && !(*found && extent->ipa_page > out->ipa_page)) {
		*out = *extent;
		*found = true;
	}
}

/* The registers that @space of @domain has at the first page from @from_page on. */
static bool next_registers(const struct layout *layout, uint32_t domain, enum pv_space space,
                           uint64_t from_page, struct extent *out)
{
	const struct layout_tables *t = &layout->tables;
	struct extent extent = {GUEST_GICC_IPA >> PV_PAGE_SHIFT, PV_GICC_PAGES, BLOCK_PAGES};
	bool found = false;

	if (space == PV_SPACE_GUEST && !layout_gicv3(layout)) {
		offer_extent(&extent, from_page, &found, out);
	}
	if (space == PV_SPACE_DMA && t->domains[domain].msi_count != 0) {
		extent = (struct extent){t->domains[domain].msi_ipa_page, 1, BLOCK_PAGES};
		offer_extent(&extent, from_page, &found, out);
	}
	for (uint32_t i = 0; i < t->device_count; i++) {
		const struct pv_device *d = &t->devices[i];

		if (d->domain == domain && d->space == space) {
			extent = (struct extent){d->ipa_page, d->page_count, d->page % BLOCK_PAGES};
			offer_extent(&extent, from_page, &found, out);
		}
	}
	return found;
}

/* The mapping of @space of @domain that comes first from @from_page on. */
static bool next_extent(const struct layout *layout, uint32_t domain, enum pv_space space,
                        uint64_t from_page, struct extent *out)
{
	const struct layout_tables *t = &layout->tables;
	bool found = next_registers(layout, domain, space, from_page, out);

	for (uint32_t i = 0; i < t->region_count; i++) {
		const struct pv_slice *slice = &t->regions[i].mappings;

		for (uint32_t j = slice->first; j < slice->first + slice->count; j++) {
			const struct pv_mapping *m = &t->mappings[j];

			if (m->domain != domain || m->space != space || m->ipa_page < from_page ||
			    (found && m->ipa_page > out->ipa_page)) {
				continue;
			}
			*out = (struct extent){m->ipa_page, t->regions[i].page_count, BLOCK_PAGES};
			if (layout->fits[i].block) {
				out->pa_offset =
					(uint32_t)(layout->fits[i].offset >> PV_PAGE_SHIFT);
			}
			found = true;
		}
	}
	return found;
}

/* Tables of one space: its root, one for each GiB in use, one for each block mapped by pages. */
static uint32_t space_tables(const struct layout *layout, uint32_t domain, enum pv_space space)
{
	uint64_t next_root = 0;  /* first entry of the root without a table */
	uint64_t next_block = 0; /* first block without one */
	uint64_t page = 0;
	uint32_t tables = 1;
	struct extent extent;

	while (next_extent(layout, domain, space, page, &extent)) {
		uint64_t end = (uint64_t)extent.ipa_page + extent.page_count;
		bool blocks = extent.pa_offset == extent.ipa_page % BLOCK_PAGES;

		for (page = extent.ipa_page; page < end;
		     page = (page / BLOCK_PAGES + 1) * BLOCK_PAGES) {
			bool whole = page % BLOCK_PAGES == 0 && end - page >= BLOCK_PAGES;

			if (page / ROOT_PAGES >= next_root) {
				next_root = page / ROOT_PAGES + 1;
				tables++;
			}
			if (!(blocks && whole) && page / BLOCK_PAGES >= next_block) {
				next_block = page / BLOCK_PAGES + 1;
				tables++;
			}
		}
		page = end;
	}
	return tables;
}

/* Tables of all spaces of a domain; the last it has with a stream only. */
static uint32_t domain_tables(const struct layout *layout, uint32_t domain)
{
	return space_tables(layout, domain, PV_SPACE_GUEST) +
	       space_tables(layout, domain, PV_SPACE_VMM) +
	       (has_stream(layout, domain) ? space_tables(layout, domain, PV_SPACE_DMA) : 0);
}

uint32_t layout_table_pages(const struct layout *layout)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < layout->tables.domain_count; i++) {
		pages += domain_tables(layout, i);
	}
	return pages;
}

uint64_t layout_overhead(const struct layout *layout, uint32_t vm)
{
	const struct layout_tables *t = &layout->tables;
	uint64_t pages = domain_tables(layout, vm);

	for (uint32_t i = 0; i < t->region_count; i++) {
		bool rom = i < layout->rom_count;

		/* The first mapping is the owner's; RAM and pools are mapped in blocks. What of
		 * the image several VMs see costs none of them. */
		if ((rom ? t->regions[i].mappings.count == 1 : !layout->fits[i].block) &&
		    t->mappings[t->regions[i].mappings.first].domain == vm) {
			pages += t->regions[i].page_count;
		}
	}
	return pages * PV_PAGE_BYTES;
}

bool layout_place(struct layout *layout, uint64_t header_offset, uint64_t image_bytes,
                  struct diag *diag)
{
	const struct board *board = layout->model->board;
	struct layout_tables *t = &layout->tables;
	uint64_t at;

	layout->load_base = board->ram_base + layout->payloads->header.text_offset;
	if (layout->payloads->header.text_offset < LAYOUT_BOOT_STUB_BYTES) {
		layout->load_base += GUEST_BLOCK;
	}
	layout->image_base = layout->load_base + header_offset;
	place_roms(layout);
	layout->pool_base = layout_align(layout->image_base + image_bytes, GUEST_BLOCK);
	layout->pool_page_count = layout_table_pages(layout);
	at = layout->pool_base + (uint64_t)layout->pool_page_count * PV_PAGE_BYTES;
	for (uint32_t i = layout->rom_count; i < t->region_count; i++) {
		if (layout->fits[i].block) {
			at = layout_align(at - layout->fits[i].offset, GUEST_BLOCK) +
			     layout->fits[i].offset;
		}
		t->regions[i].page = (uint32_t)(at >> PV_PAGE_SHIFT);
		at += (uint64_t)t->regions[i].page_count * PV_PAGE_BYTES;
	}
	layout->ram_bytes = layout_align(at + RAM_SPARE - board->ram_base, RAM_STEP);
	if (layout->ram_bytes > board->ram_bytes_max ||
	    board->ram_base + layout->ram_bytes > BIT64(PV_PA_BITS)) {
		diag_error(diag, PLACE_NONE,
		           "the system needs %" PRIu64 " MiB of memory; the board %s has %" PRIu64
		           " MiB at most",
		           layout->ram_bytes >> 20, board->name, board->ram_bytes_max >> 20);
		return false;
	}
	if (layout->pool_page_count > PV_TABLES_MAX) {
		diag_error(diag, PLACE_NONE, "the system needs %u stage-2 tables; there are %u",
		           layout->pool_page_count, PV_TABLES_MAX);
		diag_help(diag, "memory whose guest-physical addresses differ modulo 2 MiB from "
		                "one VM to the other is mapped page by page");
		return false;
	}
	return true;
}
