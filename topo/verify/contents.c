/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bytes lie where when the first VM runs, for topo verify: kernel and VMM are the shipped
 * ones, each VM boots the files of the topology from its own RAM, and nothing else is put anywhere.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/verify/verify.h"

#define KERNEL_TEXT_OFFSET_AT 8U
#define KERNEL_SIZE_AT 16U
#define KERNEL_HEADER_BYTES 64U
#define BLOCK_BYTES UINT64_C(0x200000)

struct contents {
	struct verify *v;
	bool *claimed; /* like the image's payloads */
};

static uint64_t word(struct bytes bytes, size_t at)
{
	uint64_t value = 0;

	if (bytes.count >= at + 8) {
		memcpy(&value, bytes.data + at, 8);
	}
	return value;
}

static bool same(struct bytes a, struct bytes b)
{
	return a.count == b.count && (a.count == 0 || memcmp(a.data, b.data, a.count) == 0);
}

/* The payload at byte @ipa of a space, which is from now on explained. */
static struct bytes claim(struct contents *c, uint32_t domain, uint32_t space, uint64_t ipa)
{
	uint32_t index = decode_payload_at(c->v->image, domain, space, ipa);

	if (index == PAYLOAD_NONE) {
		return (struct bytes){NULL, 0};
	}
	c->claimed[index] = true;
	return decode_payload(c->v->image, index);
}

/* @wanted must begin at @ipa; what it is: "the kernel". */
static void expect(struct contents *c, const struct verified_vm *vm, uint32_t space, uint64_t ipa,
                   struct bytes wanted, const char *what)
{
	struct verify *v = c->v;
	const char *who = space == PV_SPACE_VMM ? vm->who_vmm : vm->who;
	struct bytes found;

	if (wanted.count == 0) {
		return;
	}
	found = claim(c, vm->domain, space, ipa);
	if (!found.data) {
		findings_add(v->report, FINDING_MISSING, vm->who, "payload",
		             "%s: %s is not at 0x%" PRIx64 ", where it looks for it", who, what,
		             ipa);
	} else if (!same(found, wanted)) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s: %s, at 0x%" PRIx64 ", is not that of the file", who, what, ipa);
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
		expect(c, vm, PV_SPACE_VMM, program->segments[i].va, program->segments[i].bytes,
		       arena_printf(v->arena, "segment %u of its program", i));
	}
	if (domain->vmm_entry != program->entry) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 "; its program starts at 0x%" PRIx64,
		             vm->who_vmm, domain->vmm_entry, program->entry);
	}
	/* Its content is vmm.c's. */
	(void)claim(c, vm->domain, PV_SPACE_VMM, domain->vmm_arg);
}

/* By its header an arm64 Image starts text_offset above a multiple of 2 MiB. */
static void check_entry(struct contents *c, const struct verified_vm *vm, struct bytes kernel)
{
	struct verify *v = c->v;
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	uint64_t offset = word(kernel, KERNEL_TEXT_OFFSET_AT);
	uint64_t given = vm->source->kernel_entry;

	if (given && domain->entry != given) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 "; by the topology at 0x%" PRIx64, vm->who,
		             domain->entry, given);
	}
	if ((domain->entry - offset) % BLOCK_BYTES) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s starts at 0x%" PRIx64 ", where its kernel cannot run", vm->who,
		             domain->entry);
	}
	if (vm->source->dtb_addr && domain->entry_arg != vm->source->dtb_addr) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s finds its device tree at 0x%" PRIx64
		             "; by the topology at 0x%" PRIx64,
		             vm->who, domain->entry_arg, vm->source->dtb_addr);
	}
}

/* With a device tree of the user's: where the first archive lies in the VM's RAM. */
static uint64_t search_initrd(const struct contents *c, const struct verified_vm *vm,
                              struct bytes first)
{
	const struct decoded *image = c->v->image;
	struct hit hit;

	if (!decode_translate(image, vm->domain, PV_SPACE_GUEST, vm->source->ram_base / PAGE,
	                      &hit)) {
		return IPA_UNKNOWN;
	}
	for (uint32_t i = 0; i < image->header.payloads.count; i++) {
		const struct pv_payload *p = &image->payloads[i];

		if (p->region == hit.region && p->page >= hit.region_page &&
		    same(decode_payload(image, i), first)) {
			return vm->source->ram_base + (p->page - hit.region_page) * PAGE;
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
		expect(c, vm, PV_SPACE_GUEST, at, files->initrd[i],
		       arena_printf(v->arena, "archive %u of its initrd", i));
		at = (at + files->initrd[i].count + PAGE - 1) / PAGE * PAGE;
	}
	if (archive_expected(v, index)) {
		archive_check(v, index, claim(c, vm->domain, PV_SPACE_GUEST, at));
	}
}

static void check_vm(struct contents *c, uint32_t index)
{
	struct verify *v = c->v;
	const struct verified_vm *vm = &v->vms[index];
	const struct vm_files *files = &v->files->vms[index];
	const struct pv_domain *domain = &v->image->domains[vm->domain];

	check_vmm(c, vm);
	check_entry(c, vm, files->kernel);
	expect(c, vm, PV_SPACE_GUEST, domain->entry, files->kernel, "its kernel");
	check_initrd(c, index);
	if (vm->own_tree) {
		/* Its content is guest.c's. */
		(void)claim(c, vm->domain, PV_SPACE_GUEST, domain->entry_arg);
	} else {
		expect(c, vm, PV_SPACE_GUEST, domain->entry_arg, files->tree, "its device tree");
	}
}

static void check_unclaimed(const struct contents *c)
{
	const struct verify *v = c->v;

	for (uint32_t i = 0; i < v->image->header.payloads.count; i++) {
		const struct pv_payload *p = &v->image->payloads[i];

		if (!c->claimed[i]) {
			findings_add(v->report, FINDING_EXTRA, NULL, "payload",
			             "payload %u of the image puts %" PRIu64
			             " bytes into page %u of region %u: not in the topology",
			             i, p->bytes, p->page, p->region);
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

/* Header, tables and payloads, sorted. */
static struct named *list_named(const struct verify *v, size_t *count)
{
	const struct pv_image_header *h = &v->image->header;
	const struct named tables[] = {
		{0, sizeof(*h)},
		{h->domains.offset, h->domains.count * sizeof(struct pv_domain)},
		{h->vcpus.offset, h->vcpus.count * sizeof(struct pv_vcpu)},
		{h->regions.offset, h->regions.count * sizeof(struct pv_region)},
		{h->mappings.offset, h->mappings.count * sizeof(struct pv_mapping)},
		{h->payloads.offset, h->payloads.count * sizeof(struct pv_payload)},
		{h->caps.offset, h->caps.count * sizeof(struct pv_cap)},
		{h->doorbells.offset, h->doorbells.count * sizeof(struct pv_doorbell)},
		{h->doorbell_pages.offset,
	         h->doorbell_pages.count * sizeof(struct pv_doorbell_page)},
	};
	struct named *list = NULL;

	*count = 0;
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		*ARENA_ADD(v->arena, list, *count) =
			(struct named){tables[i].base, tables[i].base + tables[i].end};
	}
	for (uint32_t i = 0; i < h->payloads.count; i++) {
		uint64_t base = v->image->payloads[i].image_offset;
		uint64_t bytes = decode_payload(v->image, i).count;

		if (bytes) {
			*ARENA_ADD(v->arena, list, *count) = (struct named){base, base + bytes};
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
		.claimed = arena_alloc(v->arena, v->image->header.payloads.count + 1U),
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
