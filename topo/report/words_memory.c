/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for memory: what connections open, who has which range, and what DMA changes.
 */
#include <inttypes.h>

#include "topo/analysis/parts.h"
#include "topo/base/units.h"
#include "topo/model/device_options.h"
#include "topo/report/words.h"

#define NAMES_MAX 8U

static const char *messages_text(const struct analysis *analysis, uint32_t vm,
                                 enum messages messages, struct arena *arena)
{
	struct vm_list others;

	switch (messages) {
	case MESSAGES_ISOLATED:
		return "MSIs isolated by the ITS";
	case MESSAGES_FORGEABLE:
		others = words_forgers(analysis, vm, arena);
		return others.count == 0 ? "MSIs that no other VM can forge"
		                         : arena_printf(arena, "MSIs that %s can forge",
		                                        vm_list_text(analysis, &others, NAMES_MAX));
	case MESSAGES_UNKNOWN:
		return "MSIs; not known who can forge them";
	case MESSAGES_NONE:
	default:
		return "-";
	}
}

size_t words_hardware_rows(const struct analysis *analysis, struct table *table)
{
	static const char *const texts[] = {
		[DMA_NONE] = "none",
		[DMA_CONFINED] = "confined by the SMMU",
		[DMA_OPEN] = "reaches all memory",
		[DMA_UNKNOWN] = "not known to be confined: assumed to reach all memory",
	};
	size_t count = 0;

	for (uint32_t vm = 0; vm < words_rows(analysis); vm++) {
		const struct hardware *hardware = &analysis->vms[vm].hardware;

		for (size_t i = 0; i < hardware->count; i++) {
			table_cell(table, vm_name_of(analysis, vm));
			table_cell(table, hardware->units[i].name);
			table_cell(table, hardware->units[i].where);
			table_cell(table, hardware->units[i].kernel
			                          ? "the kernel's own, and so all memory"
			                          : texts[hardware->units[i].dma]);
			table_cell(table, messages_text(analysis, vm, hardware->units[i].messages,
			                                table->arena));
			count++;
		}
	}
	return count;
}

static bool has_dma(const struct analysis *analysis)
{
	for (uint32_t vm = 0; vm < analysis->model->vm_count; vm++) {
		const struct hardware *hardware = &analysis->vms[vm].hardware;

		for (size_t i = 0; i < hardware->count; i++) {
			if (hardware->units[i].dma != DMA_NONE) {
				return true;
			}
		}
	}
	return false;
}

const char *words_dma_effect(const struct analysis *analysis, struct arena *arena)
{
	size_t safer = 0;
	uint32_t now = FALLS_NEVER;
	uint32_t confined = FALLS_NEVER;

	for (size_t i = 0; i < analysis->assets.count; i++) {
		const struct vm_analysis *row = &analysis->vms[analysis->assets.vms[i]];

		safer += row->falls != row->falls_confined ? 1 : 0;
		now = row->falls < now ? row->falls : now;
		confined = row->falls_confined < confined ? row->falls_confined : confined;
	}
	if (!has_dma(analysis)) {
		return "No device reaches memory by itself.";
	}
	if (analysis->dma_open.count == 0) {
		return "Every answer stands as it is: no DMA leaves its VM.";
	}
	if (safer == 0) {
		return "If all DMA were confined, no asset would be safer.";
	}
	const char *weakest = confined == now ? "the weakest asset would be as weak"
	                      : confined == FALLS_NEVER
	                              ? "no asset could be reached from any entrance"
	                              : arena_printf(arena,
	                                             "%u VMs instead of %u would have to fall "
	                                             "for the weakest asset",
	                                             confined, now);

	return arena_printf(
		arena, "If all DMA were confined, %s; %zu of %zu asset%s would be safer.", weakest,
		safer, analysis->assets.count, words_plural(analysis->assets.count));
}

size_t words_dma_pairs(const struct analysis *analysis, struct table *table)
{
	size_t count = 0;

	for (uint32_t vm = 0; vm < words_rows(analysis) && analysis->dma_open.count != 0; vm++) {
		const struct vm_analysis *row = &analysis->vms[vm];

		if (row->exposed_bytes == row->exposed_confined &&
		    row->foreign_bytes == row->foreign_confined &&
		    row->falls == row->falls_confined) {
			continue;
		}
		table_cell(table, vm_name_of(analysis, vm));
		table_cell(table, size_text(table->arena, row->exposed_bytes));
		table_cell(table, size_text(table->arena, row->exposed_confined));
		table_cell(table, size_text(table->arena, row->foreign_bytes));
		table_cell(table, size_text(table->arena, row->foreign_confined));
		table_cell(table, words_falls(row->falls, table->arena));
		table_cell(table, words_falls(row->falls_confined, table->arena));
		count++;
	}
	return count;
}

static bool same_list(const struct vm_list *a, const struct vm_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		same = a->vms[i] == b->vms[i];
	}
	return same;
}

const struct blast *words_other_blast(const struct blast *blast)
{
	const struct blast *other = blast->confined;
	bool same =
		other == NULL ||
		(other->bytes == blast->bytes && other->wave_count == blast->wave_count &&
	         other->safe_count == blast->safe_count && same_list(&other->held, &blast->held) &&
	         same_list(&other->restarts, &blast->restarts) &&
	         same_list(&other->stops, &blast->stops));

	for (size_t wave = 0; same && other != NULL && wave < blast->wave_count; wave++) {
		same = same_list(&other->waves[wave], &blast->waves[wave]);
	}
	return same ? NULL : other;
}

const struct attack *words_other_attack(const struct attack *attack)
{
	const struct attack *other = attack->confined;
	bool same = other == NULL ||
	            (other->falls == attack->falls && other->way_count == attack->way_count &&
	             other->listed == attack->listed && other->direct == attack->direct &&
	             same_list(&other->chokes, &attack->chokes) &&
	             same_list(&other->cut, &attack->cut));

	for (size_t i = 0; same && other != NULL && i < attack->listed; i++) {
		const struct vm_list a = {attack->ways[i].vms, attack->ways[i].count};
		const struct vm_list b = {other->ways[i].vms, other->ways[i].count};

		same = same_list(&a, &b);
	}
	return same ? NULL : other;
}

/* "net and blk" */
static const char *devices_text(const struct connection *connection, struct arena *arena)
{
	const char *text = connection->device_count == 0 ? "no device" : "";

	for (size_t i = 0; i < connection->device_count; i++) {
		text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ",
		                    device_type_name(connection->devices[i].type));
	}
	return text;
}

void words_connection(const struct analysis *analysis, uint32_t id, struct table *table)
{
	const struct model *model = analysis->model;
	const struct connection *connection = &model->connections[id];
	uint64_t bytes = connection->swiotlb ? connection->pool_bytes
	                                     : model->vms[connection->driver_vm].ram_bytes;

	table_cell(table, vm_name_of(analysis, connection->device_vm));
	table_cell(table, vm_name_of(analysis, connection->driver_vm));
	table_cell(table, devices_text(connection, table->arena));
	table_cell(table, connection->swiotlb
	                          ? arena_printf(table->arena, "pool of %s",
	                                         size_text(table->arena, bytes))
	                          : arena_printf(table->arena, "whole RAM, %s (VMSWIOTLB=0)",
	                                         size_text(table->arena, bytes)));
	table_cell(table, connection->swiotlb ? "answers and data of back ends; an exploit"
	                                      : "writes to all its RAM; no exploit");
	table_cell(table, "rings and requests that back ends read; an exploit");
}

const char *words_where(const struct memory_range *range, const struct analysis *analysis,
                        struct arena *arena)
{
	const char *here = range->base == 0 ? NULL : arena_printf(arena, "0x%" PRIx64, range->base);
	const char *peer;

	/* The driver VM's own side of a control page is in its VMM. */
	if (range->connection == NODE_NONE) {
		return here == NULL ? "placed" : here;
	}
	if (range->peer_base == 0) {
		return here == NULL ? "placed" : here;
	}
	peer = vm_name_of(analysis, analysis->model->connections[range->connection].device_vm);
	return here == NULL ? arena_printf(arena, "0x%" PRIx64 " in %s", range->peer_base, peer)
	                    : arena_printf(arena, "%s, 0x%" PRIx64 " in %s", here, range->peer_base,
	                                   peer);
}

const char *words_users(const struct memory_range *range, const struct vm_list *list,
                        const struct analysis *analysis, struct arena *arena)
{
	const char *text = list->count == 0 ? "-" : vm_list_text(analysis, list, NAMES_MAX);
	struct vm_list dma = {NULL, 0};
	size_t more = range->dma_total;

	for (size_t i = 0; i < range->dma.count; i++) {
		bool listed = false;

		for (size_t j = 0; j < list->count; j++) {
			listed |= list->vms[j] == range->dma.vms[i];
		}
		more -= listed ? 1 : 0;
		if (!listed) {
			vm_list_add(&dma, range->dma.vms[i], arena);
		}
	}
	if (dma.count == 0) {
		return text;
	}
	return arena_printf(arena, "%s; by DMA: %s%s", text,
	                    vm_list_text(analysis, &dma, NAMES_MAX),
	                    more > dma.count ? arena_printf(arena, ", %zu in all", more) : "");
}

const char *words_places(const struct analysis *analysis)
{
	return analysis->places != NULL
	               ? "Addresses as topo build places them. A control page of the driver VM is in "
	                 "its VMM alone."
	               : "placed: by topo build. This system cannot be laid out yet, so only addresses "
	                 "that the topology gives are known.";
}
