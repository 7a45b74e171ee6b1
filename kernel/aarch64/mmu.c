/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2 stage-1 tables: VMSAv8-64, 4 KiB granule, 39-bit addresses (Arm ARM D8.3). Four static
 * tables: the kernel lies in one 2 MiB block of the first GiB of RAM, all devices in GiB 0.
 */
#include "kernel/aarch64/mmu.h"

#include "abi/limits.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/board.h"

#define ENTRIES 512U
#define GIB_SHIFT 30U
#define BLOCK_SHIFT 21U

#define DESC_BLOCK 1ULL
#define DESC_TABLE 3ULL
#define DESC_PAGE 3ULL
#define DESC_DEVICE (1ULL << 2) /* AttrIndx 1 */
#define DESC_RES1 (1ULL << 6)   /* AP[1] */
#define DESC_READ_ONLY (1ULL << 7)
#define DESC_INNER (3ULL << 8)
#define DESC_ACCESSED (1ULL << 10)
#define DESC_XN (1ULL << 54)

#define NORMAL (DESC_RES1 | DESC_INNER | DESC_ACCESSED)
#define DEVICE (DESC_RES1 | DESC_ACCESSED | DESC_DEVICE | DESC_XN)

extern const char __text_start[], __rodata_start[], __data_start[], __kernel_end[];

_Alignas(4096) uint64_t mmu_root[ENTRIES]; /* level 1 */

static struct {
	_Alignas(4096) uint64_t devices[ENTRIES]; /* level 2, GiB 0 */
	uint64_t ram[ENTRIES];                    /* level 2, the GiB where RAM starts */
	uint64_t kernel[ENTRIES];                 /* level 3, the kernel's block */
} tables;

static uint32_t ram_gib(void)
{
	return BOARD_RAM_PAGE >> (GIB_SHIFT - PV_PAGE_SHIFT);
}

/* The kernel's pages by section, and what follows in the same block as RAM. */
static void map_kernel(void)
{
	uintptr_t start = (uintptr_t)__text_start;

	for (uintptr_t page = start; page < start + (1U << BLOCK_SHIFT); page += PV_PAGE_BYTES) {
		uint64_t rights = DESC_XN;

		if (page < (uintptr_t)__rodata_start) {
			rights = DESC_READ_ONLY;
		} else if (page < (uintptr_t)__data_start) {
			rights = DESC_READ_ONLY | DESC_XN;
		}
		tables.kernel[(page >> PV_PAGE_SHIFT) % ENTRIES] =
			page | NORMAL | rights | DESC_PAGE;
	}
	tables.ram[(start >> BLOCK_SHIFT) % ENTRIES] = (uintptr_t)tables.kernel | DESC_TABLE;
}

/* The 2 MiB block around a device's registers. */
static void map_device(uint64_t pa)
{
	uint64_t block = pa >> BLOCK_SHIFT;

	tables.devices[block % ENTRIES] = block << BLOCK_SHIFT | DEVICE | DESC_BLOCK;
}

void mmu_build(void)
{
	uint64_t base = (uint64_t)BOARD_RAM_PAGE << PV_PAGE_SHIFT;

	for (uint64_t i = 0; i < ENTRIES; i++) {
		tables.ram[i] = (base + (i << BLOCK_SHIFT)) | NORMAL | DESC_XN | DESC_BLOCK;
	}
	map_kernel();
	map_device(board_gicd);
	map_device(board_gicc);
	map_device(board_gich);
	map_device(board_uart);
	mmu_root[0] = (uintptr_t)tables.devices | DESC_TABLE;
	mmu_root[ram_gib()] = (uintptr_t)tables.ram | DESC_TABLE;
}

void mmu_map_ram(uint64_t end_page)
{
	uint64_t end = end_page << PV_PAGE_SHIFT;

	for (uint64_t i = ram_gib() + 1; i < ENTRIES && i << GIB_SHIFT < end; i++) {
		mmu_root[i] = i << GIB_SHIFT | NORMAL | DESC_XN | DESC_BLOCK;
	}
	dsb(ishst);
	isb();
}

void mmu_seal(void)
{
	uint64_t kernel = ((uintptr_t)__text_start >> BLOCK_SHIFT) % ENTRIES;

	for (uint64_t i = 0; i < ENTRIES; i++) {
		if (i != kernel) {
			tables.ram[i] = 0;
		}
		if (i > ram_gib()) {
			mmu_root[i] = 0;
		}
		if (((uintptr_t)__text_start + (i << PV_PAGE_SHIFT)) >= (uintptr_t)__kernel_end) {
			tables.kernel[i] = 0;
		}
	}
	dsb(ishst);
	tlbi(alle2is);
	dsb(ish);
	isb();
}
