/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what a topology says of physical memory. topo places RAM by itself; deployed seL4
 * systems place it by ram_paddr_base, and reserve it by naming it among untyped_mmios.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "topo/checks/internal.h"
#include "topo/resolve/defaults.h"

void check_ram_as_mmio(const struct check_vm *at)
{
	for (size_t j = 0; j < at->origin->ram_range_count; j++) {
		rule_report(at->rules, &rule_ram_as_mmio, at->origin->ram_ranges[j].place,
		            "this range is the RAM of '%s', which topo places by itself: "
		            "it is left out",
		            at->vm->suffix);
	}
}

RULE(ram_as_mmio, "ram-as-mmio", ADVICE, EACH,
     "untyped_mmios names the RAM of a VM, as deployed seL4 systems do to reserve it. Here topo "
     "places RAM by itself; the range is left out.");

static void check_window(struct rules *rules, const struct topology *topology,
                         const struct ram_window *window)
{
	const struct board *board = topology->model.board;
	uint64_t offset = window->base - board->ram_base;

	if (board->unknown) {
		return;
	}
	if (window->base < board->ram_base || offset > board->ram_bytes_max ||
	    window->bytes > board->ram_bytes_max - offset) {
		if (rule_report(rules, &rule_ram_paddr, window->place,
		                "the RAM of '%s' at 0x%" PRIx64 " with 0x%" PRIx64
		                " bytes is not in the RAM of the board %s",
		                check_suffix(topology, window->vm), window->base, window->bytes,
		                board->name)) {
			diag_help(rules->diag, "that is 0x%" PRIx64 " to 0x%" PRIx64,
			          board->ram_base, board->ram_base + board->ram_bytes_max - 1);
		}
	}
}

static int compare_windows(const void *left, const void *right)
{
	const struct ram_window *a = left;
	const struct ram_window *b = right;

	return a->base != b->base ? (a->base > b->base) - (a->base < b->base)
	                          : (a->vm > b->vm) - (a->vm < b->vm);
}

/* All that ram_paddr_base says, in the order of addresses. */
static struct ram_window *collect_windows(const struct topology *topology, size_t *count)
{
	struct ram_window *list = calloc(topology->model.vm_count + 1, sizeof(*list));

	*count = 0;
	for (size_t i = 0; list != NULL && i < topology->model.vm_count; i++) {
		if (vm_given(&topology->vm_origins[i], VM_RAM_PADDR) &&
		    ram_window_of(topology, i, &list[*count])) {
			(*count)++;
		}
	}
	if (*count > 1) {
		qsort(list, *count, sizeof(*list), compare_windows);
	}
	return list;
}

void check_ram_paddr(struct rules *rules, const struct topology *topology)
{
	size_t count = 0;
	struct ram_window *list = collect_windows(topology, &count);
	const struct ram_window *last = list;

	for (size_t i = 0; i < count; i++) {
		const struct ram_window *now = &list[i];
		uint64_t distance = now->base - last->base;

		check_window(rules, topology, now);
		if (i != 0 && distance < last->bytes &&
		    rule_report(rules, &rule_ram_paddr, now->place,
		                "the RAM of '%s' at 0x%" PRIx64
		                " overlaps that of '%s' at 0x%" PRIx64 " with 0x%" PRIx64 " bytes",
		                check_suffix(topology, now->vm), now->base,
		                check_suffix(topology, last->vm), last->base, last->bytes)) {
			diag_note(rules->diag, last->place, "given to '%s' here",
			          check_suffix(topology, last->vm));
		}
		if (distance >= last->bytes || now->bytes >= last->bytes - distance) {
			last = now;
		}
	}
	free(list);
}

RULE(ram_paddr, "ram-paddr", ERROR, EACH,
     "ram_paddr_base puts the RAM of a VM upon that of another one, or beside the board's RAM.");

void check_ram_paddr_unused(struct rules *rules, const struct topology *topology)
{
	size_t count = 0;
	struct ram_window *list = collect_windows(topology, &count);
	const struct ram_window *first = list;

	for (size_t i = 1; i < count; i++) {
		first = list[i].vm < first->vm ? &list[i] : first;
	}
	if (count != 0) {
		rule_report(rules, &rule_ram_paddr_unused, first->place,
		            "topo places RAM by itself: ram_paddr_base of %zu VM%s is checked and "
		            "left out",
		            count, count == 1 ? "" : "s");
	}
	free(list);
}

RULE(ram_paddr_unused, "ram-paddr-unused", ADVICE, EACH,
     "ram_paddr_base says where in the board's memory a VM's RAM shall lie. topo decides that "
     "by itself, so that a guest's addresses need not be the board's; what is given is checked "
     "and otherwise left out.");
