/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hopcroft and Tarjan's algorithm for biconnected components, with a stack of its own instead of
 * recursion, since a chain may have ten thousand VMs.
 */
#include "topo/analysis/blocks.h"

#include <stdlib.h>

struct visit {
	uint32_t vm;
	uint32_t parent_link; /* by which it was entered */
	uint32_t next;        /* position in the row of links of vm */
};

struct finder {
	const struct links *links;
	struct arena *arena;
	uint32_t *first; /* rows of link_ids */
	uint32_t *link_ids;
	uint32_t *number; /* order of discovery, 0 = not yet */
	uint32_t *low;
	uint32_t *mark; /* of VMs: last block they were put into, + 1 */
	bool *stacked;  /* of links: was put onto the stack of links */
	uint32_t *link_stack;
	size_t link_stack_count;
	struct visit *visits;
	size_t visit_count;
	uint32_t numbers;
	struct blocks result;
};

static uint32_t other_end(const struct link *link, uint32_t vm)
{
	return link->device == vm ? link->driver : link->device;
}

static void index_links(struct finder *finder)
{
	const struct links *links = finder->links;
	uint32_t *next = arena_alloc(finder->arena, ((size_t)links->vm_count + 1) * sizeof(*next));

	for (size_t i = 0; i < links->link_count; i++) {
		finder->first[links->links[i].device + 1]++;
		finder->first[links->links[i].driver + 1]++;
	}
	for (uint32_t vm = 0; vm < links->vm_count; vm++) {
		finder->first[vm + 1] += finder->first[vm];
		next[vm] = finder->first[vm];
	}
	for (uint32_t i = 0; i < links->link_count; i++) {
		finder->link_ids[next[links->links[i].device]++] = i;
		finder->link_ids[next[links->links[i].driver]++] = i;
	}
}

static int compare_vms(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The links above @until on the stack are a block. */
static void close_block(struct finder *finder, size_t until)
{
	uint32_t part = (uint32_t)finder->result.part_count;
	struct vm_list vms = {NULL, 0};

	for (size_t i = until; i < finder->link_stack_count; i++) {
		const struct link *link = &finder->links->links[finder->link_stack[i]];
		const uint32_t ends[2] = {link->device, link->driver};

		for (size_t j = 0; j < 2; j++) {
			if (finder->mark[ends[j]] != part + 1) {
				finder->mark[ends[j]] = part + 1;
				*ARENA_ADD(finder->arena, vms.vms, vms.count) = ends[j];
			}
		}
	}
	if (vms.count >= 3) {
		qsort(vms.vms, vms.count, sizeof(*vms.vms), compare_vms);
		*ARENA_ADD(finder->arena, finder->result.parts, finder->result.part_count) = vms;
		for (size_t i = until; i < finder->link_stack_count; i++) {
			finder->result.block_of_link[finder->link_stack[i]] = part;
		}
	} else {
		for (size_t i = 0; i < vms.count; i++) {
			finder->mark[vms.vms[i]] = 0;
		}
	}
	finder->link_stack_count = until;
}

static void enter(struct finder *finder, uint32_t vm, uint32_t parent_link)
{
	finder->number[vm] = ++finder->numbers;
	finder->low[vm] = finder->number[vm];
	finder->visits[finder->visit_count++] = (struct visit){vm, parent_link, finder->first[vm]};
}

/* Done with a VM: hand its low point to its parent, and see whether a block ends here. */
static void leave(struct finder *finder)
{
	struct visit done = finder->visits[--finder->visit_count];

	if (finder->visit_count == 0) {
		return;
	}
	uint32_t parent = finder->visits[finder->visit_count - 1].vm;

	if (finder->low[done.vm] < finder->low[parent]) {
		finder->low[parent] = finder->low[done.vm];
	}
	if (finder->low[done.vm] >= finder->number[parent]) {
		size_t until = finder->link_stack_count;

		while (finder->link_stack[until - 1] != done.parent_link) {
			until--;
		}
		close_block(finder, until - 1);
	}
}

static void follow(struct finder *finder, struct visit *visit)
{
	uint32_t id = finder->link_ids[visit->next++];
	uint32_t next = other_end(&finder->links->links[id], visit->vm);

	if (finder->stacked[id]) {
		return; /* from its other end, or the one by which this VM was entered */
	}
	finder->stacked[id] = true;
	finder->link_stack[finder->link_stack_count++] = id;
	if (finder->number[next] == 0) {
		enter(finder, next, id);
	} else if (finder->number[next] < finder->low[visit->vm]) {
		finder->low[visit->vm] = finder->number[next];
	}
}

struct blocks blocks_find(const struct links *links, struct arena *arena)
{
	struct arena *scratch = arena_new();
	size_t vms = links->vm_count;
	struct finder finder = {
		.links = links,
		.arena = arena,
		.first = arena_alloc(scratch, (vms + 1) * sizeof(uint32_t)),
		.link_ids = arena_alloc(scratch, (2 * links->link_count + 1) * sizeof(uint32_t)),
		.number = arena_alloc(scratch, vms * sizeof(uint32_t)),
		.low = arena_alloc(scratch, vms * sizeof(uint32_t)),
		.mark = arena_alloc(scratch, vms * sizeof(uint32_t)),
		.stacked = arena_alloc(scratch, (links->link_count + 1) * sizeof(bool)),
		.link_stack = arena_alloc(scratch, (links->link_count + 1) * sizeof(uint32_t)),
		.visits = arena_alloc(scratch, vms * sizeof(struct visit)),
		.result = {.block_of_link =
	                           arena_alloc(arena, (links->link_count + 1) * sizeof(uint32_t))},
	};

	for (size_t i = 0; i < links->link_count; i++) {
		finder.result.block_of_link[i] = BLOCK_NONE;
	}
	index_links(&finder);
	for (uint32_t root = 0; root < vms; root++) {
		if (finder.number[root] != 0) {
			continue;
		}
		enter(&finder, root, UINT32_MAX);
		while (finder.visit_count > 0) {
			struct visit *top = &finder.visits[finder.visit_count - 1];

			if (top->next < finder.first[top->vm + 1]) {
				follow(&finder, top);
			} else {
				leave(&finder);
			}
		}
	}
	arena_free(scratch);
	return finder.result;
}
