/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bytes lie where, for topo verify: kernel, VMM and loader are the shipped ones, each VM loads
 * the files of the topology into its own RAM and nothing else, and the image holds nothing more.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/verify/verify.h"

#define KERNEL_TEXT_OFFSET_AT 8U
#define KERNEL_MAGIC_AT 56U
#define KERNEL_HEADER_BYTES 64U
#define KERNEL_SIZE_AT 16U
#define BLOCK_BYTES UINT64_C(0x200000)

struct contents {
	struct verify *v;
	bool *claimed;             /* like the image's regions */
	bool loaded[PV_LOADS_MAX]; /* like the loads of the VM that is being checked */
};

static uint64_t word(struct bytes bytes, size_t at)
{
	uint64_t value = 0;

	if (bytes.count >= at + 8) {
		memcpy(&value, bytes.data + at, 8);
	}
	return value;
}

/* Up to the end of its last page, which zeros fill. */
static bool same(struct bytes found, struct bytes wanted)
{
	return rom_trim(found, wanted.count).data && found.count - wanted.count < PAGE &&
	       memcmp(found.data, wanted.data, wanted.count) == 0;
}

/* What the image holds at byte @ipa of a space, which is from now on explained. */
static struct bytes claim(struct contents *c, uint32_t domain, uint32_t space, uint64_t ipa)
{
	struct hit hit;
	struct bytes bytes = rom_at(c->v, domain, space, ipa, &hit);

	if (bytes.data) {
		c->claimed[hit.region] = true;
	}
	return bytes;
}

/* What the guest's loader puts at byte @ipa. */
static struct bytes claim_load(struct contents *c, const struct verified_vm *vm, uint64_t ipa)
{
	const struct pv_load *load;
	struct bytes bytes = loads_at(c->v, vm, ipa, &load);

	if (bytes.data) {
		c->loaded[load - vm->loads] = true;
		(void)claim(c, vm->domain, PV_SPACE_GUEST, load->from);
	}
	return bytes;
}

/* @wanted was to be @found at @ipa; what it is: "the kernel". */
static void expect(struct contents *c, const struct verified_vm *vm, struct bytes found,
                   struct bytes wanted, uint64_t ipa, const char *what)
{
	struct verify *v = c->v;

	if (wanted.count == 0) {
		return;
	}
	if (!found.data) {
		findings_add(v->report, FINDING_MISSING, vm->who, "payload",
		             "%s: %s is not at 0x%" PRIx64 ", where it looks for it", vm->who, what,
		             ipa);
	} else if (!same(found, wanted)) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s: %s, at 0x%" PRIx64 ", is not that of the file", vm->who, what,
		             ipa);
	}
}

static void expect_load(struct contents *c, const struct verified_vm *vm, uint64_t ipa,
                        struct bytes wanted, const char *what)
{
	if (wanted.count) {
		expect(c, vm, claim_load(c, vm, ipa), wanted, ipa, what);
	}
}

/* The kernel of EL2, from the start of the file to the header. */
static void check_kernel(struct verify *v)
{
	struct bytes shipped = v->files->kernel;
	struct bytes file = v->image->file;
	uint64_t memory = word(shipped, KERNEL_SIZE_AT);
	uint64_t end = memory > shipped.count ? memory : shipped.count;
	bool good = file.count >= shipped.count && shipped.count >= KERNEL_HEADER_BYTES;

	if (v->image->header_at != (end + PV_IMAGE_ALIGN - 1) / PV_IMAGE_ALIGN * PV_IMAGE_ALIGN) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "payload",
		             "the header is not where the shipped kernel looks for it");
	}
	/* All of it but the size in its Image header, which covers the whole file. */
	good = good && memcmp(file.data, shipped.data, KERNEL_SIZE_AT) == 0 &&
	       memcmp(file.data + KERNEL_SIZE_AT + 8, shipped.data + KERNEL_SIZE_AT + 8,
	              shipped.count - KERNEL_SIZE_AT - 8) == 0;
	if (!good) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "payload",
		             "the kernel of the image is not the shipped one");
	}
	if (word(file, KERNEL_SIZE_AT) != file.count) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "payload",
		             "the boot loader is told that the image has %" PRIu64
		             " bytes; it has %zu",
		             word(file, KERNEL_SIZE_AT), file.count);
	}
}

static void check_vmm(struct contents *c, const struct verified_vm *vm)
{
	struct verify *v = c->v;
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	const struct program *program = &v->files->vmm;

	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct program_segment *segment = &program->segments[i];
		struct bytes found = claim(c, vm->domain, PV_SPACE_VMM, segment->va);
		struct bytes trimmed = rom_trim(found, segment->bytes.count);

		expect(c, vm, trimmed.data ? trimmed : found, segment->bytes, segment->va,
		       arena_printf(v->arena, "segment %u of its VMM's program", i));
	}
	if (domain->vmm_entry != program->entry) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 "; its program starts at 0x%" PRIx64,
		             vm->who_vmm, domain->vmm_entry, program->entry);
	}
	/* Its content is vmm.c's. */
	(void)claim(c, vm->domain, PV_SPACE_VMM, domain->vmm_arg);
}

static void check_loader(struct contents *c, const struct verified_vm *vm)
{
	const struct pv_domain *domain = &c->v->image->domains[vm->domain];

	expect(c, vm, claim(c, vm->domain, PV_SPACE_GUEST, domain->entry), c->v->files->loader,
	       domain->entry, "its loader");
	/* Its content is roms.c's. */
	(void)claim(c, vm->domain, PV_SPACE_GUEST, domain->entry_arg);
}

/* By its header an arm64 Image starts text_offset above a multiple of 2 MiB. What has none starts
 * where the topology says. */
static void check_entry(struct contents *c, const struct verified_vm *vm, struct bytes kernel)
{
	struct verify *v = c->v;
	const struct pv_loads *boot = &vm->boot;
	uint64_t given = vm->source->kernel_entry;
	bool is_image = kernel.count >= KERNEL_HEADER_BYTES &&
	                memcmp(kernel.data + KERNEL_MAGIC_AT, "ARM\x64", 4) == 0;
	uint64_t offset = is_image ? word(kernel, KERNEL_TEXT_OFFSET_AT) : given;

	if (given && boot->entry != given) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 "; by the topology at 0x%" PRIx64, vm->who,
		             boot->entry, given);
	}
	if ((boot->entry - offset) % BLOCK_BYTES) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 ", where its kernel cannot run", vm->who,
		             boot->entry);
	}
	if (vm->source->dtb_addr && boot->entry_arg != vm->source->dtb_addr) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s finds its device tree at 0x%" PRIx64
		             "; by the topology at 0x%" PRIx64,
		             vm->who, boot->entry_arg, vm->source->dtb_addr);
	}
}

/* With a device tree of the user's: where the first archive lies in the VM's RAM. */
static uint64_t search_initrd(const struct contents *c, const struct verified_vm *vm,
                              struct bytes first)
{
	for (uint64_t i = 0; i < vm->boot.count; i++) {
		const struct pv_load *load;

		if (same(loads_at(c->v, vm, vm->loads[i].to, &load), first)) {
			return vm->loads[i].to;
		}
	}
	return IPA_UNKNOWN;
}

static void check_initrd(struct contents *c, uint32_t index)
{
	struct verify *v = c->v;
	const struct verified_vm *vm = &v->vms[index];
	const struct vm_files *files = &v->files->vms[index];
	uint64_t at = vm->initrd_ipa;

	if (at == IPA_UNKNOWN && !vm->own_tree && files->initrd_count) {
		at = vm->source->initrd_addr ? vm->source->initrd_addr
		                             : search_initrd(c, vm, files->initrd[0]);
	}
	if (vm->source->initrd_addr && at != vm->source->initrd_addr && files->initrd_count) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s finds its initrd at 0x%" PRIx64 "; by the topology at 0x%" PRIx64,
		             vm->who, at, vm->source->initrd_addr);
	}
	for (uint32_t i = 0; i < files->initrd_count; i++) {
		expect_load(c, vm, at, files->initrd[i],
		            arena_printf(v->arena, "archive %u of its initrd", i));
		at = (at + files->initrd[i].count + PAGE - 1) / PAGE * PAGE;
	}
	if (archive_expected(v, index)) {
		archive_check(v, index, claim_load(c, vm, at));
	}
}

static void check_unloaded(const struct contents *c, const struct verified_vm *vm)
{
	for (uint64_t i = 0; i < vm->boot.count; i++) {
		if (vm->loads[i].from && !c->loaded[i]) {
			findings_add(c->v->report, FINDING_EXTRA, vm->who, "payload",
			             "%s loads 0x%" PRIx64 " bytes to 0x%" PRIx64
			             ": not in the topology",
			             vm->who, vm->loads[i].bytes, vm->loads[i].to);
		}
	}
}

static void check_vm(struct contents *c, uint32_t index)
{
	struct verify *v = c->v;
	const struct verified_vm *vm = &v->vms[index];
	const struct vm_files *files = &v->files->vms[index];

	memset(c->loaded, 0, sizeof(c->loaded));
	check_vmm(c, vm);
	check_loader(c, vm);
	check_entry(c, vm, files->kernel);
	expect_load(c, vm, vm->boot.entry, files->kernel, "its kernel");
	check_initrd(c, index);
	if (vm->own_tree) {
		/* Its content is guest.c's. */
		(void)claim_load(c, vm, vm->boot.entry_arg);
	} else {
		expect_load(c, vm, vm->boot.entry_arg, files->tree, "its device tree");
	}
	check_unloaded(c, vm);
}

static void check_unclaimed(const struct contents *c)
{
	const struct verify *v = c->v;

	for (uint32_t i = 0; i < v->image->header.regions.count; i++) {
		if (!c->claimed[i] && rom_bytes(v, i).data) {
			findings_add(v->report, FINDING_EXTRA, NULL, "payload",
			             "region %u of the image holds %" PRIu64
			             " bytes: not in the topology",
			             i, v->image->regions[i].page_count * PAGE);
		}
	}
}

/* Bytes [base, end) of the image that something names. */
struct named {
	uint64_t base;
	uint64_t end;
};

static int named_order(const void *a, const void *b)
{
	const struct named *left = a;
	const struct named *right = b;

	return left->base < right->base ? -1 : left->base > right->base;
}

/* Header, tables and regions, sorted. */
static struct named *list_named(const struct verify *v, size_t *count)
{
	const struct pv_image_header *h = &v->image->header;
	const struct named tables[] = {
		{0, sizeof(*h)},
		{h->domains.offset, h->domains.count * sizeof(struct pv_domain)},
		{h->vcpus.offset, h->vcpus.count * sizeof(struct pv_vcpu)},
		{h->regions.offset, h->regions.count * sizeof(struct pv_region)},
		{h->mappings.offset, h->mappings.count * sizeof(struct pv_mapping)},
		{h->caps.offset, h->caps.count * sizeof(struct pv_cap)},
		{h->doorbells.offset, h->doorbells.count * sizeof(struct pv_doorbell)},
		{h->doorbell_pages.offset,
	         h->doorbell_pages.count * sizeof(struct pv_doorbell_page)},
		{h->devices.offset, h->devices.count * sizeof(struct pv_device)},
		{h->irqs.offset, h->irqs.count * sizeof(struct pv_irq)},
		{h->streams.offset, h->streams.count * sizeof(struct pv_stream)},
		{h->windows.offset, h->windows.count * sizeof(struct pv_window)},
		{h->window_rules.offset, h->window_rules.count * sizeof(struct pv_window_rule)},
	};
	struct named *list = NULL;

	*count = 0;
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		*ARENA_ADD(v->arena, list, *count) =
			(struct named){tables[i].base, tables[i].base + tables[i].end};
	}
	for (uint32_t i = 0; i < h->regions.count; i++) {
		struct bytes bytes = rom_bytes(v, i);

		if (bytes.data) {
			uint64_t base = (uint64_t)(bytes.data - v->image->image.data);

			*ARENA_ADD(v->arena, list, *count) =
				(struct named){base, base + bytes.count};
		}
	}
	qsort(list, *count, sizeof(*list), named_order);
	return list;
}

static uint64_t count_set(struct bytes bytes, uint64_t from, uint64_t to)
{
	uint64_t count = 0;

	for (uint64_t i = from; i < to && i < bytes.count; i++) {
		count += bytes.data[i] != 0;
	}
	return count;
}

/* Bytes that nothing names are 0: no hiding place. */
static void check_gaps(struct verify *v)
{
	size_t count;
	const struct named *list = list_named(v, &count);
	uint64_t gap = count_set(v->image->file, v->files->kernel.count, v->image->header_at);
	uint64_t at = 0;

	for (size_t i = 0; i < count; i++) {
		gap += count_set(v->image->image, at, list[i].base);
		at = list[i].end > at ? list[i].end : at;
	}
	gap += count_set(v->image->image, at, v->image->image.count);
	if (gap) {
		findings_add(v->report, FINDING_DIFFERENT, NULL, "payload",
		             "%" PRIu64 " bytes of the image belong to nothing and are not 0", gap);
	}
}

void contents_check(struct verify *v)
{
	struct contents c = {
		.v = v,
		.claimed = arena_alloc(v->arena, v->image->header.regions.count + 1U),
	};

	check_kernel(v);
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			check_vm(&c, i);
		}
	}
	check_unclaimed(&c);
	check_gaps(v);
}
