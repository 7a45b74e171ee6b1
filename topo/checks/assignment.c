/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of how physical devices are assigned: what comes along with a page, a function or a node
 * although no line says so, and what is given twice. topo/checks/hardware.c has what is given to two.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topo/checks/internal.h"
#include "topo/model/hardware.h"
#include "topo/model/pci.h"

#define PAGE_MASK ((uint64_t)PV_PAGE_BYTES - 1)

void check_mmio_page(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->mmio_count; j++) {
		const struct range *range = &at->vm->mmios[j];

		if (((range->base | range->bytes) & PAGE_MASK) != 0) {
			rule_report(at->rules, &rule_mmio_page, range->place,
			            "0x%" PRIx64 " with 0x%" PRIx64
			            " bytes is a part of its page: '%s' gets all of it",
			            range->base, range->bytes, at->vm->suffix);
		}
	}
}

RULE(mmio_page, "mmio-page", ADVICE, EACH,
     "A range does not begin and end at a page of 4 KiB. A VM is given whole pages, and with "
     "them whatever else they hold.");

/* Registers of a VM, and the pages that they take. */
struct paged {
	struct range range;
	uint64_t first, last; /* page numbers */
	const char *path; /* of the node that they come with; NULL: they were given by address */
	size_t vm;
};

static int compare_paged(const void *left, const void *right)
{
	const struct paged *a = left;
	const struct paged *b = right;

	return a->first != b->first
	               ? (a->first > b->first) - (a->first < b->first)
	               : (a->range.base > b->range.base) - (a->range.base < b->range.base);
}

struct pages {
	struct arena *arena;
	struct paged *list;
	size_t count;
};

static void add_pages(struct pages *pages, size_t vm, struct range range, const char *path)
{
	*ARENA_ADD(pages->arena, pages->list, pages->count) =
		(struct paged){range, range.base >> PV_PAGE_SHIFT,
	                       (range.base + range.bytes - 1) >> PV_PAGE_SHIFT, path, vm};
}

/* The registers of a node, and of those below it. */
static void add_node_pages(struct pages *pages, const struct topology *topology, size_t vm,
                           size_t node)
{
	const struct board *board = topology->model.board;
	const char *path = topology->model.vms[vm].dtb_nodes[node];

	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->bytes != 0 && hardware_node_gives(board, path, device)) {
			add_pages(pages, vm,
			          (struct range){device->base, device->bytes,
			                         topology->vm_origins[vm].node_places[node]},
			          path);
		}
	}
}

static struct pages collect_pages(const struct topology *topology, struct arena *arena)
{
	struct pages pages = {.arena = arena};

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->mmio_count; j++) {
			add_pages(&pages, i, vm->mmios[j], NULL);
		}
		for (size_t j = 0; j < vm->dtb_node_count; j++) {
			add_node_pages(&pages, topology, i, j);
		}
	}
	if (pages.count > 1) {
		qsort(pages.list, pages.count, sizeof(*pages.list), compare_paged);
	}
	return pages;
}

/* Call @found for registers that share a page with some before them, which end last of those. */
static void each_shared_page(struct rules *rules, const struct topology *topology,
                             void (*found)(struct rules *rules, const struct topology *topology,
                                           const struct paged *now, const struct paged *before))
{
	struct arena *arena = arena_new();
	struct pages pages = collect_pages(topology, arena);
	const struct paged *last = pages.list;

	for (size_t i = 1; i < pages.count; i++) {
		if (pages.list[i].first <= last->last) {
			found(rules, topology, &pages.list[i], last);
		}
		if (pages.list[i].last >= last->last) {
			last = &pages.list[i];
		}
	}
	arena_free(arena);
}

static bool ranges_overlap(const struct paged *a, const struct paged *b)
{
	return check_overlap(a->range.base, a->range.bytes, b->range.base, b->range.bytes);
}

/* Whether another check speaks of the two: mmio-twice, node-registers, or node-twice. */
static bool is_said(const struct paged *a, const struct paged *b)
{
	if (a->path == NULL || b->path == NULL) {
		return ranges_overlap(a, b);
	}
	return strcmp(a->path, b->path) == 0 || path_is_below(a->path, b->path) ||
	       path_is_below(b->path, a->path);
}

static void found_shared(struct rules *rules, const struct topology *topology,
                         const struct paged *now, const struct paged *before)
{
	if (now->vm != before->vm && !is_said(now, before) &&
	    rule_report(rules, &rule_mmio_page_shared, now->range.place,
	                "the page at 0x%" PRIx64 " holds registers of '%s', and of '%s' too",
	                now->first << PV_PAGE_SHIFT, check_suffix(topology, now->vm),
	                check_suffix(topology, before->vm))) {
		diag_note(rules->diag, before->range.place, "given to '%s' here",
		          check_suffix(topology, before->vm));
	}
}

void check_mmio_page_shared(struct rules *rules, const struct topology *topology)
{
	each_shared_page(rules, topology, found_shared);
}

RULE(mmio_page_shared, "mmio-page-shared", ERROR, EACH,
     "Registers of two VMs lie in one page of 4 KiB. Pages are what can be given, so each VM "
     "would have the other one's registers too.");

static void found_repeat(struct rules *rules, const struct topology *topology,
                         const struct paged *now, const struct paged *before)
{
	if (now->vm == before->vm && now->path == NULL && before->path == NULL &&
	    ranges_overlap(now, before) &&
	    rule_report(rules, &rule_mmio_repeat, now->range.place,
	                "'%s' is given 0x%" PRIx64 " with 0x%" PRIx64 " bytes twice, in part at "
	                "least",
	                check_suffix(topology, now->vm), now->range.base, now->range.bytes)) {
		diag_note(rules->diag, before->range.place, "the other range");
	}
}

void check_mmio_repeat(struct rules *rules, const struct topology *topology)
{
	each_shared_page(rules, topology, found_repeat);
}

RULE(mmio_repeat, "mmio-repeat", ADVICE, EACH, "One VM is given the same registers twice.");

static bool holds_device(const struct board *board, const struct range *range)
{
	for (size_t i = 0; i < board->device_count; i++) {
		if (board->devices[i].bytes != 0 &&
		    check_overlap(range->base, range->bytes, board->devices[i].base,
		                  board->devices[i].bytes)) {
			return true;
		}
	}
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(board, i, &reserved); i++) {
		if (check_overlap(range->base, range->bytes, reserved.base, reserved.bytes)) {
			return true; /* and mmio-kernel says so */
		}
	}
	return check_overlap(range->base, range->bytes, board->ram_base, board->ram_bytes_max);
}

void check_mmio_unknown(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->mmio_count; j++) {
		if (!at->topology->model.board->unknown &&
		    !holds_device(at->topology->model.board, &at->vm->mmios[j])) {
			rule_report(at->rules, &rule_mmio_unknown, at->vm->mmios[j].place,
			            "the board %s has no device at 0x%" PRIx64 " that topo knows",
			            at->topology->model.board->name, at->vm->mmios[j].base);
		}
	}
}

RULE(mmio_unknown, "mmio-unknown", ADVICE, EACH,
     "A range holds no device of the board that topo knows. Reading where nothing answers ends "
     "in an abort.");

bool check_first_time(struct strmap *seen, const char *key, void *value)
{
	void **slot = strmap_slot(seen, key, strlen(key));

	if (*slot != NULL) {
		return false;
	}
	*slot = value;
	return true;
}

void check_irq_repeat(struct rules *rules, const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->irq_count; j++) {
			if (!check_first_time(&seen, arena_printf(arena, "%zu/%u", i, vm->irqs[j]),
			                      arena)) {
				rule_report(rules, &rule_irq_repeat,
				            topology->vm_origins[i].irq_places[j],
				            "'%s' is given interrupt %u twice", vm->suffix,
				            vm->irqs[j]);
			}
		}
	}
	arena_free(arena);
}

RULE(irq_repeat, "irq-repeat", ADVICE, EACH,
     "One VM is given the same interrupt twice in its lists.");

void check_irq_alone(const struct check_vm *at)
{
	if (at->vm->irq_count != 0 && at->vm->mmio_count == 0 && at->vm->pci_count == 0 &&
	    at->vm->dtb_node_count == 0) {
		rule_report(at->rules, &rule_irq_alone, check_vm_place(at, VM_IRQS),
		            "'%s' is given interrupts, and no device that raises them",
		            at->vm->suffix);
	}
}

RULE(irq_alone, "irq-alone", ADVICE, WHOLE,
     "A VM is given interrupts and no registers, PCI function or node: it cannot quiet the "
     "device that raises them.");
