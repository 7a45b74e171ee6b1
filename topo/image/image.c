/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the system image, see topo/image/image.h.
 *
 *   kernel-BOARD.bin | pad to PV_IMAGE_ALIGN | header, tables | pad to a page | ROMs, each at a page
 *
 * The kernel's arm64 header is told the size of the whole, so that the boot loader keeps all of it
 * free. Equal contents that nobody writes stand in the image once, whoever finds them there.
 */
#include "topo/image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/image_check.h"
#include "topo/image/guest_dtb.h"
#include "topo/image/layout_parts.h"
#include "topo/image/loads.h"
#include "topo/image/vmm_config.h"
#include "topo/model/board.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are copied as they are");

/* The bytes of ROM i of the layout. */
struct source {
	struct blob blob; /* behind it, up to the ROM's size, are zeros */
	bool shared;      /* nobody writes it: whoever has equal bytes may have these */
};

struct maker {
	const struct model *model;
	const struct payloads *payloads;
	struct diag *diag;
	struct image *image;
	struct layout *layout;
	struct source sources[PV_REGIONS_MAX];
	uint8_t *configs[PV_DOMAINS_MAX];
	uint8_t *loads[PV_DOMAINS_MAX]; /* a page each */
};

/* The process ends when there is no memory. */
static void *allocate(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory) {
		fprintf(stderr, "topo: no memory for an image of %zu bytes\n", bytes);
		exit(3);
	}
	return memory;
}

/* Those of which only the sizes are known pass for one: what is counted is then no more than what is made. */
static bool is_same(struct blob a, struct blob b)
{
	return a.bytes == b.bytes &&
	       (a.data == NULL || b.data == NULL || memcmp(a.data, b.data, a.bytes) == 0);
}

static uint32_t add_rom(struct maker *maker, struct blob blob, uint64_t bytes, bool shared)
{
	struct layout *layout = maker->layout;

	for (uint32_t i = 0; shared && i < layout->rom_count; i++) {
		const struct source *s = &maker->sources[i];

		if (s->shared && layout->roms[i].bytes == bytes && is_same(s->blob, blob)) {
			return i;
		}
	}
	uint32_t rom = layout_add_rom(layout, bytes);

	maker->sources[rom] = (struct source){blob, shared};
	return rom;
}

static void add_boot_rom(struct maker *maker, uint32_t vm, struct blob blob)
{
	struct layout_vm *laid = &maker->layout->vms[vm];

	laid->boot_roms[laid->boot_rom_count++] = add_rom(maker, blob, blob.bytes, true);
}

/* The device tree: once for its size, and once with the addresses that follow from it. */
static bool make_dtb(struct maker *maker, uint32_t vm)
{
	const struct blob *given = &maker->payloads->vms[vm].dtb;
	struct image *image = maker->image;

	if (given->data) {
		image->dtb_bytes[vm] = given->bytes;
		image->dtbs[vm] = allocate(given->bytes);
		memcpy(image->dtbs[vm], given->data, given->bytes);
		return layout_boot(maker->layout, vm, given->bytes, maker->diag);
	}
	image->dtbs[vm] = guest_dtb_make(maker->layout, vm, &image->dtb_bytes[vm]);
	if (!layout_boot(maker->layout, vm, image->dtb_bytes[vm], maker->diag)) {
		return false;
	}
	free(image->dtbs[vm]);
	image->dtbs[vm] = guest_dtb_make(maker->layout, vm, &image->dtb_bytes[vm]);
	return true;
}

/* What VM @vm and its VMM find in the image. */
static void add_roms(struct maker *maker, uint32_t vm)
{
	const struct vm_payload *payload = &maker->payloads->vms[vm];
	const struct vmm_program *program = &maker->payloads->vmm;
	struct layout_vm *laid = &maker->layout->vms[vm];
	uint32_t config_bytes = vmm_config_bytes(maker->layout, vm);

	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct vmm_segment *segment = &program->segments[i];
		bool shared = !(segment->rights & PV_RIGHT_WRITE);

		if (segment->file.bytes) {
			laid->segment_roms[i] =
				add_rom(maker, segment->file, segment->bytes, shared);
		}
	}
	maker->configs[vm] = allocate(config_bytes);
	laid->config_rom = add_rom(maker, (struct blob){maker->configs[vm], config_bytes},
	                           config_bytes, false);
	maker->loads[vm] = allocate(LOADS_BYTES);
	laid->loads_rom =
		add_rom(maker, (struct blob){maker->loads[vm], LOADS_BYTES}, LOADS_BYTES, false);
	add_boot_rom(maker, vm, payload->kernel);
	for (uint32_t i = 0; i < payload->initrd_count; i++) {
		add_boot_rom(maker, vm, payload->initrd[i]);
	}
	add_boot_rom(maker, vm, (struct blob){maker->image->dtbs[vm], maker->image->dtb_bytes[vm]});
}

/* What is written when all addresses are known. */
static void write_configs(struct maker *maker)
{
	struct layout *layout = maker->layout;

	for (uint32_t i = 0; i < maker->model->vm_count; i++) {
		struct pv_domain *domain = &layout->tables.domains[i];

		domain->entry = layout_rom_ipa(layout, layout->loader_rom);
		domain->entry_arg = layout_rom_ipa(layout, layout->vms[i].loads_rom);
		vmm_config_write(layout, i, maker->configs[i]);
		loads_write(layout, i,
		            (struct blob){maker->image->dtbs[i], maker->image->dtb_bytes[i]},
		            maker->loads[i]);
	}
}

/* A table of the image, where it comes from and where the header says it is. */
struct table {
	struct pv_table *at;
	const void *entries;
	size_t entry_bytes;
	uint32_t count;
};

#define TABLES 12

/* In the order of the header, as abi/image.h wants them in the image. */
static void list_tables(const struct layout_tables *t, struct pv_image_header *h,
                        struct table tables[TABLES])
{
	const struct table list[TABLES] = {
		{&h->domains, t->domains, sizeof(t->domains[0]), t->domain_count},
		{&h->vcpus, t->vcpus, sizeof(t->vcpus[0]), t->vcpu_count},
		{&h->regions, t->regions, sizeof(t->regions[0]), t->region_count},
		{&h->mappings, t->mappings, sizeof(t->mappings[0]), t->mapping_count},
		{&h->caps, t->caps, sizeof(t->caps[0]), t->cap_count},
		{&h->doorbells, t->doorbells, sizeof(t->doorbells[0]), t->doorbell_count},
		{&h->doorbell_pages, t->doorbell_pages, sizeof(t->doorbell_pages[0]),
	         t->doorbell_page_count},
		{&h->devices, t->devices, sizeof(t->devices[0]), t->device_count},
		{&h->irqs, t->irqs, sizeof(t->irqs[0]), t->irq_count},
		{&h->streams, t->streams, sizeof(t->streams[0]), t->stream_count},
		{&h->windows, t->windows, sizeof(t->windows[0]), t->window_count},
		{&h->window_rules, t->window_rules, sizeof(t->window_rules[0]),
	         t->window_rule_count},
	};

	memcpy(tables, list, sizeof(list));
}

/* Give each table its offset. Returns the end of the last. */
static uint64_t place_tables(const struct layout_tables *t, struct pv_image_header *header)
{
	struct table tables[TABLES];
	uint64_t end = sizeof(*header);

	list_tables(t, header, tables);
	for (uint32_t i = 0; i < TABLES; i++) {
		*tables[i].at = (struct pv_table){(uint32_t)end, tables[i].count};
		end += tables[i].count * tables[i].entry_bytes;
	}
	return end;
}

/* Give each ROM its offset. Returns the end of the last, or @end. */
static uint64_t place_roms(struct layout *layout, uint64_t end)
{
	for (uint32_t i = 0; i < layout->rom_count; i++) {
		layout->roms[i].image_offset = layout_align(end, PV_PAGE_BYTES);
		end = layout->roms[i].image_offset + layout->roms[i].bytes;
	}
	return layout_align(end, PV_PAGE_BYTES);
}

static void fill_header(const struct maker *maker, uint64_t image_bytes,
                        struct pv_image_header *header)
{
	const struct layout *layout = maker->layout;
	const struct board *board = maker->model->board;

	header->magic = PV_IMAGE_MAGIC;
	header->version = PV_IMAGE_VERSION;
	header->header_bytes = sizeof(*header);
	header->image_bytes = image_bytes;
	header->board = (uint32_t)board->id;
	header->cpu_count = maker->model->cpu_count;
	header->ram_page = (uint32_t)(board->ram_base >> PV_PAGE_SHIFT);
	header->ram_page_count = (uint32_t)(layout->ram_bytes >> PV_PAGE_SHIFT);
	header->pool_page = (uint32_t)(layout->pool_base >> PV_PAGE_SHIFT);
	header->pool_page_count = layout->pool_page_count;
}

/* Copy kernel, header, tables and ROMs into one piece. */
static void serialise(struct maker *maker, struct pv_image_header *header)
{
	struct image *image = maker->image;
	const struct blob *kernel = &maker->payloads->kernel;
	uint8_t *base = image->data + image->header_offset;
	struct table tables[TABLES];

	memcpy(image->data, kernel->data, kernel->bytes);
	for (uint32_t i = 0; i < 8; i++) {
		image->data[KERNEL_HEADER_SIZE_AT + i] = (uint8_t)(image->bytes >> (8 * i));
	}
	memcpy(base, header, sizeof(*header));
	list_tables(&maker->layout->tables, header, tables);
	for (uint32_t i = 0; i < TABLES; i++) {
		memcpy(base + tables[i].at->offset, tables[i].entries,
		       tables[i].count * tables[i].entry_bytes);
	}
	for (uint32_t i = 0; i < maker->layout->rom_count; i++) {
		memcpy(base + maker->layout->roms[i].image_offset, maker->sources[i].blob.data,
		       maker->sources[i].blob.bytes);
	}
}

/* The kernel's own check, on our own result. */
static bool check(const struct maker *maker)
{
	const struct image *image = maker->image;
	const struct board *board = maker->model->board;
	const struct image_bounds bounds = {
		.board = (uint32_t)board->id,
		.ram_page = (uint32_t)(board->ram_base >> PV_PAGE_SHIFT),
		.ram_page_count = (uint32_t)(maker->layout->ram_bytes >> PV_PAGE_SHIFT),
		.kernel_page = (uint32_t)(maker->layout->load_base >> PV_PAGE_SHIFT),
		.kernel_page_count = (uint32_t)(image->header_offset >> PV_PAGE_SHIFT),
		.image_page = (uint32_t)(maker->layout->image_base >> PV_PAGE_SHIFT),
		.hardware = board->checked,
	};
	struct image_fault fault;
	err_t err = image_check(
		(const struct pv_image_header *)(const void *)(image->data + image->header_offset),
		image->bytes - image->header_offset, &bounds, &fault);

	if (err != OK) {
		diag_error(maker->diag, PLACE_NONE,
		           "internal error: the image is refused by its own check, %s[%u].%s "
		           "(error %d)",
		           fault.table, fault.index, fault.field, err);
		diag_help(maker->diag, "please report it together with the topology");
	}
	return err == OK;
}

/* Everything up to the bytes of the image, of which there will be @image_bytes from @header on. */
static bool lay_out(struct maker *maker, struct pv_image_header *header, uint64_t *image_bytes)
{
	bool good = true;

	for (uint32_t i = 0; i < maker->model->vm_count; i++) {
		good = make_dtb(maker, i) && good;
	}
	if (good) {
		const struct blob *loader = &maker->payloads->loader;

		maker->layout->loader_rom = add_rom(maker, *loader, loader->bytes, true);
		for (uint32_t i = 0; i < maker->model->vm_count; i++) {
			add_roms(maker, i);
		}
		layout_memory(maker->layout);
	}
	if (!good || !layout_complete(maker->layout, maker->diag)) {
		return false;
	}
	maker->image->header_offset =
		layout_align(maker->payloads->header.image_bytes, PV_IMAGE_ALIGN);
	*image_bytes = place_roms(maker->layout, place_tables(&maker->layout->tables, header));
	return layout_place(maker->layout, maker->image->header_offset, *image_bytes, maker->diag);
}

static bool make(struct maker *maker, bool written)
{
	struct pv_image_header header = {0};
	uint64_t image_bytes = 0;

	if (!lay_out(maker, &header, &image_bytes)) {
		return false;
	}
	if (!written) {
		return true;
	}
	write_configs(maker);
	fill_header(maker, image_bytes, &header);
	maker->image->bytes = maker->image->header_offset + image_bytes;
	maker->image->data = allocate(maker->image->bytes);
	serialise(maker, &header);
	return check(maker);
}

/* @written: with its bytes. */
static struct image *make_image(const struct model *model, const struct payloads *payloads,
                                bool written, struct diag *diag)
{
	struct maker *maker = allocate(sizeof(*maker));
	struct image *image = allocate(sizeof(*image));
	bool good = false;

	image->layout = layout_new(model, payloads, diag);
	if (image->layout) {
		image->dtbs = allocate(model->vm_count * sizeof(*image->dtbs));
		image->dtb_bytes = allocate(model->vm_count * sizeof(*image->dtb_bytes));
		*maker = (struct maker){.model = model,
		                        .payloads = payloads,
		                        .diag = diag,
		                        .image = image,
		                        .layout = image->layout};
		good = make(maker, written);
	}
	for (uint32_t i = 0; i < PV_DOMAINS_MAX; i++) {
		free(maker->configs[i]);
		free(maker->loads[i]);
	}
	free(maker);
	if (!good) {
		image_free(image);
		return NULL;
	}
	return image;
}

struct image *image_make(const struct model *model, const struct payloads *payloads,
                         struct diag *diag)
{
	return make_image(model, payloads, true, diag);
}

bool image_fits(const struct model *model, const struct payloads *payloads, struct diag *diag)
{
	struct image *image = make_image(model, payloads, false, diag);
	const bool fits = image != NULL;

	image_free(image);
	return fits;
}

/* Where the configuration of the VMM of @vm lies in the image. */
static uint8_t *config_of(struct image *image, uint32_t vm)
{
	const struct layout *layout = image->layout;

	return image->data + image->header_offset +
	       layout->roms[layout->vms[vm].config_rom].image_offset;
}

bool image_seed(struct image *image)
{
	for (uint32_t i = 0; i < image->layout->model->vm_count; i++) {
		uint8_t *seed = config_of(image, i) + offsetof(struct pv_vmm_config, seed);

		if (getrandom(seed, PV_VMM_SEED_BYTES, 0) != PV_VMM_SEED_BYTES) {
			return false;
		}
	}
	return true;
}

void image_free(struct image *image)
{
	if (!image) {
		return;
	}
	if (image->dtbs) {
		for (size_t i = 0; i < image->layout->model->vm_count; i++) {
			free(image->dtbs[i]);
		}
	}
	free(image->dtbs);
	free(image->dtb_bytes);
	layout_free(image->layout);
	free(image->data);
	free(image);
}
