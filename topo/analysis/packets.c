/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments, and a search from each VM over them. Who forwards does it between a network that it
 * serves and those that it uses, never between two that it serves: so packets go up, from served to
 * used, any number of times, and then down. At the turn they cannot go back into the VM that they
 * came out of. A VM of which it is not known what it forwards has one segment for all that it
 * serves, an empty one if it serves nothing, and what comes down into it goes up again.
 */
#include "topo/analysis/packets.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/model/pci.h"
#include "topo/model/routes.h"

#define NOBODY UINT32_MAX
#define BLANKS " \t\n\r\f\v\xa0" /* what Linux takes for one, also within a letter of UTF-8 */

/* A net device. */
struct plug {
	uint32_t device_vm;
	uint32_t driver_vm;
	const char *bridge;
	bool forwards, open;
	size_t number;
};

/* A segment that a driver VM of another one serves and forwards into. */
struct below {
	uint32_t driver_vm;
	uint32_t segment;
};

/* Segments of each VM or segment: row n is entries[first[n]] to entries[first[n + 1]]. */
struct rows {
	size_t *first;
	struct below *entries;
};

/* What rows are made of. */
struct pair {
	uint32_t row;
	struct below entry;
};

struct pairs {
	struct pair *pairs;
	size_t count;
};

/* Where packets are. */
struct spot {
	uint32_t segment;
	uint32_t came_by; /* the VM that forwarded them up into it, NOBODY if none did */
	bool down;
};

/* What the search of one VM has seen of a segment. */
struct seen {
	uint32_t up_run, down_run; /* the search that was there last */
	uint32_t from_below_run;   /* the one whose packets were forwarded up into it */
	uint32_t came_by;
	uint32_t up_group, down_group; /* 0: none yet */
};

struct search {
	struct packets *packets;
	struct arena *arena;
	struct rows used;  /* of each VM: the segments that it is on */
	struct rows owned; /* of each VM */
	struct rows below; /* of each segment */
	struct seen *seen; /* of each segment */
	struct spot *stack;
	size_t stack_count, stack_room;
	uint32_t vm;
	uint32_t run;
};

/* A word of a command line that has no say in what its system forwards. */
static bool is_harmless(const char *word, size_t length)
{
	static const char *const words[] = {
		"console=",  "debug",    "earlycon",  "earlycon=", "ignore_loglevel",
		"loglevel=", "maxcpus=", "mem=",      "nokaslr",   "nosmp",
		"nr_cpus=",  "panic=",   "pci=nomsi", "quiet",     "rootwait",
		"ro",        "rw",       "swiotlb=",
	};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		size_t known = strlen(words[i]);
		bool takes_value = words[i][known - 1] == '=';

		if (strncmp(word, words[i], known) == 0 && (takes_value || known == length)) {
			return true;
		}
	}
	return false;
}

bool packets_unknown(const struct vm *vm)
{
	const char *word = vm->image.cmdline ? vm->image.cmdline : "";

	/* What the topology puts into it, or has it run, may do what it likes with its networks. */
	if (!vm->image.own_rootfs || !vm->image.own_kernel || vm->image.dtb != NULL ||
	    vm->file_count + vm->command.word_count + vm->health.word_count != 0) {
		return true;
	}
	for (word += strspn(word, BLANKS); *word != '\0'; word += strspn(word, BLANKS)) {
		size_t length = strcspn(word, BLANKS);

		if (!is_harmless(word, length)) {
			return true;
		}
		word += length;
	}
	return false;
}

static int compare_plugs(const void *left, const void *right)
{
	const struct plug *a = left;
	const struct plug *b = right;

	if (a->device_vm != b->device_vm) {
		return a->device_vm < b->device_vm ? -1 : 1;
	}
	if ((a->bridge == NULL) != (b->bridge == NULL)) {
		return a->bridge == NULL ? 1 : -1;
	}
	int names = a->bridge == NULL ? (a->number > b->number) - (a->number < b->number)
	                              : strcmp(a->bridge, b->bridge);

	return names != 0 ? names : (a->driver_vm > b->driver_vm) - (a->driver_vm < b->driver_vm);
}

static bool same_segment(const struct plug *a, const struct plug *b)
{
	return a->device_vm == b->device_vm && a->bridge != NULL && b->bridge != NULL &&
	       strcmp(a->bridge, b->bridge) == 0;
}

/* Of what is not known: everything. */
static struct plug *collect_plugs(const struct model *model, size_t *count, struct arena *arena)
{
	struct plug *plugs = NULL;

	*count = 0;
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		bool known = !packets_unknown(&model->vms[connection->device_vm]);

		for (size_t j = 0; j < connection->device_count; j++) {
			const struct device *d = &connection->devices[j];

			if (d->type != DEVICE_NET || (known && d->network == NETWORK_ISOLATED)) {
				continue;
			}
			struct plug plug = {connection->device_vm,
			                    connection->driver_vm,
			                    known ? d->bridge : "",
			                    !known || network_forwards(d->network),
			                    !known || d->network == NETWORK_ROUTED,
			                    *count};

			*ARENA_ADD(arena, plugs, *count) = plug;
		}
	}
	if (*count != 0) {
		qsort(plugs, *count, sizeof(*plugs), compare_plugs);
	}
	return plugs;
}

static void make_segments(struct packets *packets, const struct model *model, struct arena *arena)
{
	size_t count = 0;
	const struct plug *plugs = collect_plugs(model, &count, arena);
	struct segment *segment = NULL;

	for (size_t i = 0; i < count; i++) {
		if (segment == NULL || !same_segment(&plugs[i - 1], &plugs[i])) {
			segment = ARENA_ADD(arena, packets->segments, packets->segment_count);
			segment->owner = plugs[i].device_vm;
			segment->bridge = plugs[i].bridge;
		}
		segment->forwards |= plugs[i].forwards;
		segment->open |= plugs[i].open;
		if (segment->driver_count == 0 ||
		    segment->driver_vms[segment->driver_count - 1] != plugs[i].driver_vm) {
			*ARENA_ADD(arena, segment->driver_vms, segment->driver_count) =
				plugs[i].driver_vm;
		}
	}
}

/*
 * VMs on the network of QEMU's user reach the loopback interface of the build host, and by the ports
 * that are forwarded there, or whatever else listens, each other.
 */
static void add_host_segment(struct packets *packets, const struct model *model,
                             struct arena *arena)
{
	struct segment host = {
		.owner = (uint32_t)model->vm_count,
		.bridge = "the build host",
		.is_host = true,
	};

	for (uint32_t vm = 0; model->slot_count != 0 && vm < model->vm_count; vm++) {
		if (pci_outside(model, &model->vms[vm]) != PCI_APART) {
			*ARENA_ADD(arena, host.driver_vms, host.driver_count) = vm;
		}
	}
	if (host.driver_count > 1) {
		*ARENA_ADD(arena, packets->segments, packets->segment_count) = host;
	}
}

static bool goes_up_again(const struct segment *segment)
{
	return segment->bridge != NULL && segment->bridge[0] == '\0';
}

/* Where packets turn round in a VM that serves nothing and may forward all the same. */
static void add_empty_segments(struct packets *packets, const struct model *model,
                               struct arena *arena)
{
	bool *has = arena_alloc(arena, model->vm_count + 1);
	bool *uses = arena_alloc(arena, model->vm_count + 1);
	size_t count = packets->segment_count;

	for (size_t i = 0; i < count; i++) {
		const struct segment *segment = &packets->segments[i];

		has[segment->owner] = true;
		for (size_t j = 0; j < segment->driver_count; j++) {
			uses[segment->driver_vms[j]] = true;
		}
	}
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		if (uses[vm] && !has[vm] && packets_unknown(&model->vms[vm])) {
			*ARENA_ADD(arena, packets->segments, packets->segment_count) =
				(struct segment){.owner = vm, .bridge = "", .forwards = true};
		}
	}
}

static void add_pair(struct arena *arena, struct pairs *pairs, uint32_t row, struct below entry)
{
	*ARENA_ADD(arena, pairs->pairs, pairs->count) = (struct pair){row, entry};
}

/* By counting. */
static struct rows make_rows(const struct pairs *pairs, size_t row_count, struct arena *arena)
{
	struct rows rows = {
		.first = arena_alloc(arena, (row_count + 2) * sizeof(*rows.first)),
		.entries = arena_alloc(arena, (pairs->count + 1) * sizeof(*rows.entries)),
	};

	for (size_t i = 0; i < pairs->count; i++) {
		rows.first[pairs->pairs[i].row + 2]++;
	}
	for (size_t row = 0; row < row_count; row++) {
		rows.first[row + 2] += rows.first[row + 1];
	}
	for (size_t i = 0; i < pairs->count; i++) {
		rows.entries[rows.first[pairs->pairs[i].row + 1]++] = pairs->pairs[i].entry;
	}
	return rows;
}

/* @of: the segments that each VM owns, or else the segments that it is on. */
static struct rows rows_of_vms(const struct packets *packets, bool owned, size_t vm_count,
                               struct arena *arena)
{
	struct pairs pairs = {.count = 0};

	for (uint32_t s = 0; s < packets->segment_count; s++) {
		const struct segment *segment = &packets->segments[s];
		size_t rows = owned ? 1 : segment->driver_count;

		for (size_t i = 0; i < rows; i++) {
			uint32_t vm = owned ? segment->owner : segment->driver_vms[i];

			add_pair(arena, &pairs, vm, (struct below){vm, s});
		}
	}
	return make_rows(&pairs, vm_count, arena);
}

/* Add a pair for each segment that @vm, which is on segment @s, forwards into. */
static void pair_below(const struct search *search, struct pairs *pairs, uint32_t s, uint32_t vm)
{
	const size_t *first = search->owned.first;

	for (size_t i = first[vm]; i < first[vm + 1]; i++) {
		uint32_t low = search->owned.entries[i].segment;

		if (search->packets->segments[low].forwards) {
			add_pair(search->arena, pairs, s, (struct below){vm, low});
		}
	}
}

static struct rows rows_below(const struct search *search)
{
	const struct packets *packets = search->packets;
	struct pairs pairs = {.count = 0};

	for (uint32_t s = 0; s < packets->segment_count; s++) {
		for (size_t i = 0; i < packets->segments[s].driver_count; i++) {
			pair_below(search, &pairs, s, packets->segments[s].driver_vms[i]);
		}
	}
	return make_rows(&pairs, packets->segment_count, search->arena);
}

static void push(struct search *search, uint32_t segment, uint32_t came_by, bool down)
{
	if (search->stack_count == search->stack_room) {
		ARENA_ADD(search->arena, search->stack, search->stack_room);
	}
	search->stack[search->stack_count++] = (struct spot){segment, came_by, down};
}

static void push_below(struct search *search, uint32_t segment, uint32_t came_by)
{
	for (size_t i = search->below.first[segment]; i < search->below.first[segment + 1]; i++) {
		const struct below *low = &search->below.entries[i];
		bool up = goes_up_again(&search->packets->segments[low->segment]);

		if (low->driver_vm != came_by) {
			push(search, low->segment, up ? low->driver_vm : NOBODY, !up);
		}
	}
}

/* The VM that is searched from gets to all that hear on @segment. */
static void note(struct search *search, uint32_t s, uint32_t *group, bool up)
{
	struct packets *packets = search->packets;
	const struct segment *segment = &packets->segments[s];
	bool owner_hears = up && !segment->is_host;

	if (segment->driver_count == 0) {
		return;
	}
	if (*group == 0) {
		*group = ++packets->group_count;
		for (size_t i = 0; i < segment->driver_count + (owner_hears ? 1 : 0); i++) {
			uint32_t vm =
				i < segment->driver_count ? segment->driver_vms[i] : segment->owner;

			*ARENA_ADD(search->arena, packets->reaches, packets->reach_count) =
				(struct reach){*group - 1, vm, false};
		}
	}
	*ARENA_ADD(search->arena, packets->reaches, packets->reach_count) =
		(struct reach){*group - 1, search->vm, true};
}

static void go_down(struct search *search, uint32_t segment)
{
	struct seen *seen = &search->seen[segment];

	if (seen->down_run == search->run) {
		return;
	}
	seen->down_run = search->run;
	note(search, segment, &seen->down_group, false);
	push_below(search, segment, NOBODY);
}

static void go_up(struct search *search, const struct spot *spot)
{
	struct seen *seen = &search->seen[spot->segment];
	const struct segment *segment = &search->packets->segments[spot->segment];

	if (spot->came_by != NOBODY && seen->from_below_run != search->run) {
		seen->from_below_run = search->run;
		note(search, spot->segment, &seen->up_group, true);
	}
	if (seen->up_run == search->run) {
		/* By two ways: what one of them kept out the other lets in. */
		if (seen->came_by != NOBODY && seen->came_by != spot->came_by) {
			seen->came_by = NOBODY;
			push_below(search, spot->segment, NOBODY);
		}
		return;
	}
	seen->up_run = search->run;
	seen->came_by = spot->came_by;
	push_below(search, spot->segment, spot->came_by);
	for (size_t i = search->used.first[segment->owner];
	     segment->forwards && i < search->used.first[segment->owner + 1]; i++) {
		push(search, search->used.entries[i].segment, segment->owner, false);
	}
}

static void search_from(struct search *search, uint32_t vm)
{
	search->vm = vm;
	search->run++;
	for (size_t i = search->used.first[vm]; i < search->used.first[vm + 1]; i++) {
		push(search, search->used.entries[i].segment, NOBODY, false);
	}
	for (size_t i = search->owned.first[vm]; i < search->owned.first[vm + 1]; i++) {
		push_below(search, search->owned.entries[i].segment, vm);
	}
	while (search->stack_count > 0) {
		struct spot spot = search->stack[--search->stack_count];

		if (spot.down) {
			go_down(search, spot.segment);
		} else {
			go_up(search, &spot);
		}
	}
}

struct packets packets_from_model(const struct model *model, struct arena *arena)
{
	struct packets packets = {.segments = NULL};
	struct search search = {.packets = &packets, .arena = arena};

	make_segments(&packets, model, arena);
	add_host_segment(&packets, model, arena);
	if (packets.segments == NULL) {
		return packets;
	}
	add_empty_segments(&packets, model, arena);
	search.used = rows_of_vms(&packets, false, model->vm_count + 1, arena);
	search.owned = rows_of_vms(&packets, true, model->vm_count + 1, arena);
	search.below = rows_below(&search);
	search.seen = arena_alloc(arena, (packets.segment_count + 1) * sizeof(*search.seen));
	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		search_from(&search, vm);
	}
	return packets;
}
