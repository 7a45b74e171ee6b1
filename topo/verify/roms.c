/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The regions that lie in the image, and what the loader of each VM is told to do with them
 * (abi/loader.h), at its first start and at each later one, for topo verify.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "topo/model/board.h"
#include "topo/verify/verify.h"

struct bytes rom_bytes(const struct verify *v, uint32_t region)
{
	const struct pv_region *r = &v->image->regions[region];
	uint64_t image_page = shape_load_page(v) + v->image->header_at / PAGE;
	uint64_t pages = v->image->image.count / PAGE;

	if (r->page < shape_rom_page(v) || r->page - image_page >= pages ||
	    r->page_count > pages - (r->page - image_page)) {
		return (struct bytes){NULL, 0};
	}
	return (struct bytes){v->image->image.data + (r->page - image_page) * PAGE,
	                      r->page_count * PAGE};
}

struct bytes rom_at(const struct verify *v, uint32_t domain, uint32_t space, uint64_t ipa,
                    struct hit *hit)
{
	if (ipa % PAGE || !decode_translate(v->image, domain, space, ipa / PAGE, hit)) {
		return (struct bytes){NULL, 0};
	}
	struct bytes bytes = rom_bytes(v, hit->region);
	uint64_t skip = hit->region_page * PAGE;

	return bytes.data ? (struct bytes){bytes.data + skip, bytes.count - skip} : bytes;
}

struct bytes rom_trim(struct bytes bytes, uint64_t count)
{
	if (count > bytes.count) {
		return (struct bytes){NULL, 0};
	}
	for (uint64_t i = count; i < bytes.count; i++) {
		if (bytes.data[i]) {
			return (struct bytes){NULL, 0};
		}
	}
	return (struct bytes){bytes.data, count};
}

struct bytes loads_at(const struct verify *v, const struct verified_vm *vm, uint64_t ipa,
                      const struct pv_load **load)
{
	for (uint64_t i = 0; i < vm->boot.count; i++) {
		const struct pv_load *l = &vm->loads[i];
		struct hit hit;

		if (l->from && l->to == ipa) {
			struct bytes bytes = rom_at(v, vm->domain, PV_SPACE_GUEST, l->from, &hit);

			*load = l;
			return l->bytes <= bytes.count ? (struct bytes){bytes.data, l->bytes}
			                               : (struct bytes){NULL, 0};
		}
	}
	*load = NULL;
	return (struct bytes){NULL, 0};
}

/* All of the VM's RAM, each byte once: what is left out keeps what was there before. */
static void check_cover(struct verify *v, const struct verified_vm *vm)
{
	uint64_t at = vm->source->ram_base;

	for (uint64_t i = 0; i < vm->boot.count; i++) {
		const struct pv_load *l = &vm->loads[i];

		if (l->to != at || l->bytes == 0 || (l->to | l->from | l->bytes) % PAGE) {
			break;
		}
		at += l->bytes;
	}
	if (at - vm->source->ram_base != vm->source->ram_bytes) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "%s does not clear and load all of its RAM, from 0x%" PRIx64 " on",
		             vm->who, at);
	}
}

/* What the loader fills in behind all is the seed of the device tree and nothing else of the VM's RAM. */
static void check_seed(struct verify *v, const struct verified_vm *vm)
{
	const struct pv_load *load;
	const struct bytes dtb = loads_at(v, vm, vm->boot.entry_arg, &load);
	uint8_t *tree = arena_alloc(v->arena, dtb.count + 8);
	const uint8_t *seed = NULL;
	uint64_t wanted = 0;
	int bytes = 0;

	if (dtb.data && dtb.count >= sizeof(struct fdt_header)) {
		memcpy(tree, dtb.data, dtb.count);
		if (!fdt_check_full(tree, dtb.count)) {
			seed = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "kaslr-seed",
			                   &bytes);
		}
	}
	if (seed && bytes == 8) {
		wanted = vm->boot.entry_arg + (uint64_t)(seed - tree);
	}
	if (vm->boot.seed != wanted) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "the loader of %s puts its seed at 0x%" PRIx64
		             "; by its device tree at 0x%" PRIx64,
		             vm->who, vm->boot.seed, wanted);
	}
}

/* Of the zeros that @load stores, those where the machine may have put anything before the first start. */
static void keep_stale(const struct verify *v, const struct verified_vm *vm, struct pv_load *load)
{
	const struct pv_image_header *h = &v->image->header;
	const uint64_t tree = board_tree_at(v->model->board, (uint64_t)h->ram_page_count * PAGE,
	                                    (uint64_t)h->pool_page * PAGE);
	struct hit hit = {.page = 0};
	(void)decode_translate(v->image, vm->domain, PV_SPACE_GUEST, load->to / PAGE, &hit);
	const uint64_t begin = hit.page * PAGE;
	const uint64_t end = begin + load->bytes;
	const uint64_t from = tree > begin ? tree : begin;
	const uint64_t to = tree + BOARD_TREE_BYTES < end ? tree + BOARD_TREE_BYTES : end;

	load->to += from - begin;
	load->bytes = from < to ? to - from : 0;
}

/* At its first start a VM loads what it loads at any other, but for zeros that are there already. */
static void check_first(struct verify *v, const struct verified_vm *vm, const struct pv_loads *head,
                        const struct pv_load *loads)
{
	bool is_same = head->entry == vm->boot.entry && head->entry_arg == vm->boot.entry_arg &&
	               head->seed == vm->boot.seed;
	uint64_t count = 0;

	for (uint64_t i = 0; i < vm->boot.count && is_same; i++) {
		struct pv_load wanted = vm->loads[i];

		if (wanted.from == 0 && v->model->board->ram_zeroed) {
			keep_stale(v, vm, &wanted);
		}
		if (wanted.bytes > 0) {
			is_same = count < head->count &&
			          memcmp(&loads[count], &wanted, sizeof(wanted)) == 0;
			count++;
		}
	}
	if (!is_same || count != head->count) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "payload",
		             "what %s loads at its first start is not what it loads at a later one",
		             vm->who);
	}
}

/* What the loader of @vm is told at @ipa; NULL with a finding when nothing is there. */
static const struct pv_load *loads_told(struct verify *v, const struct verified_vm *vm,
                                        uint64_t ipa, struct pv_loads *head)
{
	struct hit hit;
	struct bytes page = rom_at(v, vm->domain, PV_SPACE_GUEST, ipa, &hit);

	*head = (struct pv_loads){.count = 0};
	if (page.data != NULL && page.count >= PAGE) {
		page.count = PAGE;
		memcpy(head, page.data, sizeof(*head));
	}
	if (head->count == 0 || head->count > PV_LOADS_MAX ||
	    !rom_trim(page, sizeof(*head) + head->count * sizeof(struct pv_load)).data) {
		findings_add(v->report, FINDING_MISSING, vm->who, "payload",
		             "%s: what its loader is told is not at 0x%" PRIx64, vm->who, ipa);
		return NULL;
	}
	struct pv_load *loads = arena_alloc(v->arena, head->count * sizeof(*loads));

	memcpy(loads, page.data + sizeof(*head), head->count * sizeof(*loads));
	return loads;
}

static void read_loads(struct verify *v, struct verified_vm *vm)
{
	const uint64_t first = v->image->domains[vm->domain].entry_arg;
	struct pv_loads head;
	const struct pv_load *loads = loads_told(v, vm, first + PV_LOADS_AGAIN, &head);

	if (loads == NULL) {
		return;
	}
	vm->boot = head;
	vm->loads = loads;
	check_cover(v, vm);
	check_seed(v, vm);
	loads = loads_told(v, vm, first, &head);
	if (loads != NULL) {
		check_first(v, vm, &head, loads);
	}
}

void loads_read(struct verify *v)
{
	for (size_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			read_loads(v, &v->vms[i]);
		}
	}
}
