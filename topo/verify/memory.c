/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who reaches which physical memory, for topo verify: each mapping of the image is cut at the
 * borders of the things that lie behind it (topo/verify/memory.h), and each part is held against
 * what the topology gives. A part that no thing explains is a right too much, like a reader or
 * writer that its thing does not have; a reader or writer that was not found is a right missing.
 */
#include "topo/verify/memory.h"

#include <inttypes.h>

#include "topo/base/units.h"
#include "topo/model/board.h"

const struct verified_vm *memory_vm(const struct verify *v, uint32_t domain)
{
	for (size_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain == domain && domain != DOMAIN_NONE) {
			return &v->vms[i];
		}
	}
	return NULL;
}

const char *memory_who(const struct verify *v, uint32_t domain, uint32_t space)
{
	const struct verified_vm *vm = memory_vm(v, domain);

	const char *whose = space == PV_SPACE_VMM   ? "the VMM of "
	                    : space == PV_SPACE_DMA ? "devices of "
	                                            : "";

	if (!vm) {
		return arena_printf(v->arena, "%sdomain %u", whose, domain);
	}
	return space == PV_SPACE_GUEST ? vm->who : arena_printf(v->arena, "%s%s", whose, vm->who);
}

/* A part of a mapping that lies in one thing, or in none. */
struct part {
	uint32_t domain;
	uint32_t space;
	uint32_t rights;
	uint64_t ipa_page;
	uint64_t page;
	uint64_t pages;
};

static const char *instance_of(const struct verify *v, uint32_t domain)
{
	const struct verified_vm *vm = memory_vm(v, domain);

	return vm ? vm->who : NULL;
}

/* What lies at a physical address that no thing has. */
static const char *place_text(const struct verify *v, uint64_t page)
{
	const struct pv_image_header *h = &v->image->header;
	const struct board *board = v->model->board;
	uint64_t address = page * PAGE;

	for (size_t i = 0; i < board->reserved_count; i++) {
		const struct board_range *r = &board->reserved[i];

		if (address >= r->base / PAGE * PAGE && address - r->base < r->bytes) {
			return r->name;
		}
	}
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *d = &board->devices[i];

		if (d->bytes && address >= d->base / PAGE * PAGE && address - d->base < d->bytes) {
			return arena_printf(v->arena, "the device %s", d->path);
		}
	}
	if (page < h->ram_page || page - h->ram_page >= h->ram_page_count) {
		return "what is no RAM";
	}
	return "memory that the topology gives to nobody";
}

static void note(struct memory *memory, const struct part *part, const char *thing, bool granted)
{
	struct verify *v = memory->v;
	const struct access_right right = {
		.who = memory_who(v, part->domain, part->space),
		.ipa = part->ipa_page * PAGE,
		.physical = part->page * PAGE,
		.bytes = part->pages * PAGE,
		.rights = part->rights,
		.thing = thing,
		.granted = granted,
	};

	findings_right(v->report, &right);
}

/* "the RAM of vm_a", or so many bytes of it. */
static const char *amount_text(const struct verify *v, const struct thing *thing, uint64_t pages)
{
	if (pages == thing->pages) {
		return thing->name;
	}
	return arena_printf(v->arena, "%s of %s", size_text(v->arena, pages * PAGE), thing->name);
}

static void extra(struct verify *v, const struct part *part, uint32_t rights, const char *what)
{
	findings_add(v->report, FINDING_EXTRA, instance_of(v, part->domain), "memory",
	             "%s can %s %s, at 0x%" PRIx64 ": not in the topology",
	             memory_who(v, part->domain, part->space),
	             findings_rights_text(v->arena, rights), what, part->ipa_page * PAGE);
}

static struct access *find_access(const struct verify *v, struct thing *thing, uint32_t domain,
                                  uint32_t space)
{
	for (size_t i = 0; i < thing->access_count; i++) {
		struct access *a = &thing->accesses[i];

		if (v->vms[a->vm].domain == domain && a->space == space) {
			return a;
		}
	}
	return NULL;
}

/* @part is pages [@offset, …) of @thing. */
static void check_granted(struct memory *memory, const struct part *part, struct thing *thing,
                          struct access *access, uint64_t offset)
{
	struct verify *v = memory->v;
	uint64_t base = (part->ipa_page - offset) * PAGE;
	uint32_t more = part->rights & ~access->rights;
	uint32_t less = access->rights & ~part->rights;

	if (more) {
		extra(v, part, more, amount_text(v, thing, part->pages));
	}
	if (less) {
		findings_add(v->report, FINDING_MISSING, instance_of(v, part->domain), "memory",
		             "%s cannot %s %s, as the topology wants",
		             memory_who(v, part->domain, part->space),
		             findings_rights_text(v->arena, less),
		             amount_text(v, thing, part->pages));
	}
	if (access->ipa == IPA_UNKNOWN) {
		access->ipa = base;
	}
	if (access->ipa != base) {
		findings_add(v->report, FINDING_DIFFERENT, instance_of(v, part->domain), "memory",
		             "%s finds %s at 0x%" PRIx64 ", but was told 0x%" PRIx64,
		             memory_who(v, part->domain, part->space),
		             amount_text(v, thing, part->pages), part->ipa_page * PAGE,
		             access->ipa + offset * PAGE);
	}
	access->pages += part->pages;
	note(memory, part, thing->name, !more);
}

static void check_part(struct memory *memory, const struct part *part, const struct piece *piece)
{
	struct verify *v = memory->v;

	if (!piece) {
		const char *place = place_text(v, part->page);

		extra(v, part, part->rights,
		      arena_printf(v->arena, "%s of %s", size_text(v->arena, part->pages * PAGE),
		                   place));
		note(memory, part, place, false);
		return;
	}
	struct thing *thing = &memory->things[piece->thing];
	struct access *access = find_access(v, thing, part->domain, part->space);

	if (!access) {
		extra(v, part, part->rights, amount_text(v, thing, part->pages));
		note(memory, part, thing->name, false);
		return;
	}
	check_granted(memory, part, thing, access, piece->offset + part->page - piece->page);
}

/* The piece that holds @page; one that @domain should reach if there are several. */
static const struct piece *piece_at(const struct memory *memory, uint64_t page, uint32_t domain,
                                    uint32_t space)
{
	const struct piece *found = NULL;

	for (size_t i = 0; i < memory->piece_count; i++) {
		const struct piece *p = &memory->pieces[i];

		if (page < p->page || page - p->page >= p->pages) {
			continue;
		}
		if (find_access(memory->v, &memory->things[p->thing], domain, space)) {
			return p;
		}
		found = found ? found : p;
	}
	return found;
}

/* Pages from @page on until another piece begins, at most @limit. */
static uint64_t until_next(const struct memory *memory, uint64_t page, uint64_t limit)
{
	for (size_t i = 0; i < memory->piece_count; i++) {
		uint64_t begin = memory->pieces[i].page;

		if (begin > page && begin - page < limit) {
			limit = begin - page;
		}
	}
	return limit;
}

static void check_mapping(struct memory *memory, const struct pv_region *region,
                          const struct pv_mapping *m)
{
	uint64_t done = 0;

	while (done < region->page_count) {
		struct part part = {
			.domain = m->domain,
			.space = m->space,
			.rights = m->rights,
			.ipa_page = m->ipa_page + done,
			.page = region->page + done,
			.pages = until_next(memory, region->page + done, region->page_count - done),
		};
		const struct piece *piece = piece_at(memory, part.page, m->domain, m->space);

		if (piece && piece->page + piece->pages - part.page < part.pages) {
			part.pages = piece->page + piece->pages - part.page;
		}
		check_part(memory, &part, piece);
		done += part.pages;
	}
}

/* Two things in one place: whoever has the one has the other. */
static void check_disjoint(const struct memory *memory)
{
	for (size_t i = 0; i < memory->piece_count; i++) {
		const struct piece *a = &memory->pieces[i];

		for (size_t j = 0; j < i; j++) {
			const struct piece *b = &memory->pieces[j];

			if (a->page < b->page + b->pages && b->page < a->page + a->pages) {
				findings_add(memory->v->report, FINDING_EXTRA, NULL, "memory",
				             "%s and %s lie in the same physical memory, at "
				             "0x%" PRIx64,
				             memory->things[b->thing].name,
				             memory->things[a->thing].name,
				             (a->page > b->page ? a->page : b->page) * PAGE);
			}
		}
	}
}

/* A thing that is not in RAM gives its readers what is there. */
static void check_in_ram(const struct memory *memory)
{
	const struct verify *v = memory->v;
	const struct pv_image_header *h = &v->image->header;

	for (size_t i = 0; i < memory->piece_count; i++) {
		const struct piece *p = &memory->pieces[i];

		if (p->page < h->ram_page ||
		    p->page + p->pages > (uint64_t)h->ram_page + h->ram_page_count) {
			findings_add(v->report, FINDING_EXTRA, NULL, "memory",
			             "%s lies at 0x%" PRIx64 ", where %s is",
			             memory->things[p->thing].name, p->page * PAGE,
			             place_text(v, p->page));
		}
	}
}

/* What nobody was found to reach who should. */
static void check_reached(const struct memory *memory)
{
	struct verify *v = memory->v;

	for (size_t i = 0; i < memory->thing_count; i++) {
		const struct thing *thing = &memory->things[i];

		for (size_t j = 0; j < thing->access_count; j++) {
			const struct access *a = &thing->accesses[j];
			const struct verified_vm *vm = &v->vms[a->vm];

			if (vm->domain == DOMAIN_NONE || a->pages == thing->pages) {
				continue;
			}
			if (a->pages > thing->pages) {
				findings_add(v->report, FINDING_EXTRA, vm->who, "memory",
				             "%s finds %s more than once",
				             memory_who(v, vm->domain, a->space), thing->name);
				continue;
			}
			findings_add(v->report, FINDING_MISSING, vm->who, "memory",
			             "%s cannot %s %s, as the topology wants",
			             memory_who(v, vm->domain, a->space),
			             findings_rights_text(v->arena, a->rights),
			             amount_text(v, thing, thing->pages - a->pages));
		}
	}
}

void memory_check(struct verify *v)
{
	struct memory memory = {.v = v};

	memory_list_things(&memory);
	check_disjoint(&memory);
	check_in_ram(&memory);
	for (uint32_t r = 0; r < v->image->header.regions.count; r++) {
		struct pv_slice slice = decode_mappings(v->image, r);

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			check_mapping(&memory, &v->image->regions[r], &v->image->mappings[i]);
		}
	}
	check_reached(&memory);
}
