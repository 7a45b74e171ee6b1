/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/image/loads.h. The ROMs of a VM go to their places in ascending order, and zeros between
 * them, so that no byte of RAM is left out and none is stored twice. Where RAM holds zeros when the
 * machine starts they are left out at a VM's first start, so that RAM which nobody uses is not touched.
 */
#include "topo/image/loads.h"

#include <string.h>

#include "abi/loader.h"
#include "topo/image/layout_parts.h"
#include "topo/image/seed.h"

/* The next address up to which all is loaded, and the loads so far. */
struct loads {
	struct pv_load list[2 * BOOT_ROMS_MAX + 1];
	uint64_t count;
	uint64_t at;
	uint64_t stale, stale_end; /* what of RAM may hold other than zeros before */
};

_Static_assert(2 * BOOT_ROMS_MAX + 1 <= PV_LOADS_MAX, "they fit into a page");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are copied as they are");

static void add_rom(struct loads *loads, uint64_t from, uint64_t bytes)
{
	loads->list[loads->count++] = (struct pv_load){loads->at, from, bytes};
	loads->at += bytes;
}

/* What is stale from here to @end. */
static void add_zeros(struct loads *loads, uint64_t end)
{
	const uint64_t from = loads->at > loads->stale ? loads->at : loads->stale;
	const uint64_t to = end < loads->stale_end ? end : loads->stale_end;

	if (from < to) {
		loads->list[loads->count++] = (struct pv_load){from, 0, to - from};
	}
	loads->at = end;
}

/* Where the next of the VM's ROMs goes that is not before @at; kernel, archives, tree. */
static uint64_t next_place(const struct layout *layout, uint32_t vm, uint64_t at, uint32_t *rom)
{
	const struct layout_vm *laid = &layout->vms[vm];
	uint64_t archive = laid->initrd_ipa;
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < laid->boot_rom_count; i++) {
		const uint64_t bytes = layout->roms[laid->boot_roms[i]].bytes;
		uint64_t place = archive;

		if (i == 0) {
			place = laid->kernel_ipa;
		} else if (i == laid->boot_rom_count - 1) {
			place = laid->dtb_ipa;
		} else {
			archive += layout_align(bytes, PV_PAGE_BYTES);
		}
		if (place >= at && place < next) {
			next = place;
			*rom = laid->boot_roms[i];
		}
	}
	return next;
}

/* The VM's RAM as it is before the first start: what it shares with the machine's device tree. */
static struct loads before_first(const struct layout *layout, uint32_t vm)
{
	const struct vm *source = &layout->model->vms[vm];
	const struct pv_region *ram = &layout->tables.regions[layout->vms[vm].ram_region];
	const uint64_t begin = (uint64_t)ram->page << PV_PAGE_SHIFT;
	const uint64_t end = begin + source->ram_bytes;
	const uint64_t tree =
		board_tree_at(layout->model->board, layout->ram_bytes, layout->pool_base);
	const uint64_t from = tree > begin ? tree : begin;
	const uint64_t to = tree + BOARD_TREE_BYTES < end ? tree + BOARD_TREE_BYTES : end;
	struct loads loads = {.at = source->ram_base};

	if (from < to) {
		loads.stale = source->ram_base + (from - begin);
		loads.stale_end = source->ram_base + (to - begin);
	}
	return loads;
}

static void write(const struct layout *layout, uint32_t vm, uint64_t seed, struct loads *loads,
                  uint8_t *out)
{
	const struct vm *source = &layout->model->vms[vm];
	const struct layout_vm *laid = &layout->vms[vm];
	struct pv_loads head = {.entry = laid->kernel_ipa, .entry_arg = laid->dtb_ipa};
	uint32_t rom = 0;

	head.seed = seed ? laid->dtb_ipa + seed : 0;
	for (uint64_t next; (next = next_place(layout, vm, loads->at, &rom)) != UINT64_MAX;) {
		add_zeros(loads, next);
		add_rom(loads, layout_rom_ipa(layout, rom),
		        layout_align(layout->roms[rom].bytes, PV_PAGE_BYTES));
	}
	add_zeros(loads, source->ram_base + source->ram_bytes);
	head.count = loads->count;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), loads->list, loads->count * sizeof(loads->list[0]));
}

void loads_write(const struct layout *layout, uint32_t vm, struct blob tree, uint8_t *out)
{
	struct loads again = {.at = layout->model->vms[vm].ram_base, .stale_end = UINT64_MAX};
	struct loads first = layout->model->board->ram_zeroed ? before_first(layout, vm) : again;
	const uint64_t seed = seed_place(tree);

	write(layout, vm, seed, &first, out);
	write(layout, vm, seed, &again, out + PV_LOADS_AGAIN);
}
