/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of a GiB is taken when its first block is mapped. RAM that fills a GiB in which there is
 * nothing else needs none.
 */
#include "kernel/arm/mmu.h"

#include <stdbool.h>

#include "abi/limits.h"

/* Of the GiB in which RAM begins and ends and the kernel lies; a device may lie across two. */
#define GIBS_MAX (3U + 2U * MMU_DEVICES_MAX)

#define DESC_BLOCK 1ULL
#define DESC_TABLE 3ULL         /* or a page; all bits of the type */
#define DESC_DEVICE (1ULL << 2) /* AttrIndx 1 */
#define DESC_RES1 (1ULL << 6)   /* AP[1] */
#define DESC_READ_ONLY (1ULL << 7)
#define DESC_INNER (3ULL << 8)
#define DESC_ACCESSED (1ULL << 10)
#define DESC_XN (1ULL << 54)

#define NORMAL (DESC_RES1 | DESC_INNER | DESC_ACCESSED)
#define DEVICE (DESC_RES1 | DESC_ACCESSED | DESC_DEVICE | DESC_XN | DESC_BLOCK)
#define RAM (NORMAL | DESC_XN | DESC_BLOCK)

_Alignas(4096) uint64_t mmu_root[MMU_ENTRIES]; /* level 1 */

static struct {
	_Alignas(4096) uint64_t gibs[GIBS_MAX][MMU_ENTRIES]; /* level 2 */
	uint64_t kernel[MMU_ENTRIES];                        /* level 3, the kernel's block */
	uint32_t used;                                       /* of gibs */
} tables;

/* The entry of the block at @pa. */
static uint64_t *block_entry(uint64_t pa)
{
	uint64_t *gib = &mmu_root[pa / MMU_GIB_BYTES];

	if (!*gib) {
		*gib = (uintptr_t)tables.gibs[tables.used++] | DESC_TABLE;
	}
	return (uint64_t *)(uintptr_t)(*gib - DESC_TABLE) + pa / MMU_BLOCK_BYTES % MMU_ENTRIES;
}

void mmu_map_kernel(uint64_t text, uint64_t rodata, uint64_t data)
{
	for (uint32_t i = 0; i < MMU_ENTRIES; i++) {
		uint64_t page = text + ((uint64_t)i << PV_PAGE_SHIFT);
		uint64_t rights = DESC_XN;

		if (page < rodata) {
			rights = DESC_READ_ONLY;
		} else if (page < data) {
			rights = DESC_READ_ONLY | DESC_XN;
		}
		tables.kernel[i] = page | NORMAL | rights | DESC_TABLE;
	}
	*block_entry(text) = (uintptr_t)tables.kernel | DESC_TABLE;
}

void mmu_map_device(uint64_t base, uint64_t bytes)
{
	for (uint64_t pa = base & ~(MMU_BLOCK_BYTES - 1); pa < base + bytes;
	     pa += MMU_BLOCK_BYTES) {
		*block_entry(pa) = pa | DEVICE;
	}
}

/* At most MMU_ENTRIES steps of a GiB, and of a block for each entry of a table. */
void mmu_map_ram(uint64_t base, uint64_t end)
{
	for (uint64_t pa = base, step; pa < end; pa += step) {
		uint64_t *gib = &mmu_root[pa / MMU_GIB_BYTES];
		bool whole = !*gib && pa % MMU_GIB_BYTES == 0 && end - pa >= MMU_GIB_BYTES;
		uint64_t *entry = whole ? gib : block_entry(pa);

		*entry = *entry ? *entry : pa | RAM;
		step = whole ? MMU_GIB_BYTES : MMU_BLOCK_BYTES;
	}
}

static void drop_ram(uint64_t *table)
{
	for (uint32_t i = 0; i < MMU_ENTRIES; i++) {
		if ((table[i] & DESC_TABLE) == DESC_BLOCK && !(table[i] & DESC_DEVICE)) {
			table[i] = 0;
		}
	}
}

void mmu_seal(uint64_t end)
{
	drop_ram(mmu_root);
	for (uint32_t i = 0; i < GIBS_MAX; i++) {
		drop_ram(tables.gibs[i]);
	}
	for (uint64_t i = end % MMU_BLOCK_BYTES >> PV_PAGE_SHIFT; i < MMU_ENTRIES; i++) {
		tables.kernel[i] = 0;
	}
}
