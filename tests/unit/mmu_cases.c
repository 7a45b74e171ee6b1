/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables are walked as the hardware walks them. Everything that a walk can reach is looked at,
 * so that nothing is mapped which should not be, wherever a board has its RAM and its devices.
 */
#include "tests/unit/mmu_cases.h"

#include <string.h>

#include "abi/boards/fits.h"
#include "kernel/arm/mmu.c" /* its tables begin anew in each test */
#include "tests/unit/ordered_cmocka.h"

#define PAGE ((uint64_t)PV_PAGE_BYTES)
#define TEXT_PAGES 9U
#define RODATA_PAGES 3U
#define DATA_PAGES 16U
#define ADDRESS (((1ULL << 48) - 1) & ~(PAGE - 1))
#define WRITABLE_CODE_NEVER (DESC_READ_ONLY | DESC_XN)

/* NOLINTNEXTLINE(misc-redundant-expression): two headers say the same */
_Static_assert(FITS_BLOCK_BYTES == MMU_BLOCK_BYTES && FITS_GIB_BYTES == MMU_GIB_BYTES &&
                       FITS_END == MMU_ENTRIES * MMU_GIB_BYTES &&
                       FITS_DEVICES_MAX == MMU_DEVICES_MAX,
               "fits.h asks for what mmu.h has");

static const struct mmu_board *board;

static uint64_t kernel_end(void)
{
	return board->load + (TEXT_PAGES + RODATA_PAGES + DATA_PAGES) * PAGE;
}

static uint64_t ram_end(void)
{
	return board->ram.base + board->ram.bytes;
}

/* The kernel and its devices, and RAM up to @end: 0 for none. */
static void build(uint64_t end)
{
	uint64_t rodata = board->load + TEXT_PAGES * PAGE;

	memset(mmu_root, 0, sizeof(mmu_root));
	memset(&tables, 0, sizeof(tables));
	mmu_map_kernel(board->load, rodata, rodata + RODATA_PAGES * PAGE);
	for (uint32_t i = 0; i < board->device_count; i++) {
		mmu_map_device(board->devices[i].base, board->devices[i].bytes);
	}
	if (end != 0) {
		mmu_map_ram(board->ram.base, end);
	}
	assert_true(tables.used <= GIBS_MAX);
}

/* The descriptor that a walk of @address ends with, 0 for none; how many bytes it maps. */
static uint64_t walk(uint64_t address, uint64_t *bytes)
{
	const uint64_t *table = mmu_root;
	uint64_t entry = 0;

	*bytes = MMU_GIB_BYTES;
	for (uint32_t level = 1; level <= 3; level++) {
		entry = table[address / *bytes % MMU_ENTRIES];
		if ((entry & 3) != DESC_TABLE || level == 3) {
			break;
		}
		table = (const uint64_t *)(uintptr_t)(entry & ADDRESS);
		*bytes /= MMU_ENTRIES;
	}
	return entry & 1 ? entry : 0;
}

static bool in_kernel(uint64_t address)
{
	return address >= board->load && address < board->load + MMU_BLOCK_BYTES;
}

static bool in_device(uint64_t address)
{
	for (uint32_t i = 0; i < board->device_count; i++) {
		uint64_t first = board->devices[i].base / MMU_BLOCK_BYTES;
		uint64_t last =
			(board->devices[i].base + board->devices[i].bytes - 1) / MMU_BLOCK_BYTES;

		if (address / MMU_BLOCK_BYTES >= first && address / MMU_BLOCK_BYTES <= last) {
			return true;
		}
	}
	return false;
}

/* What a page of the kernel's block may be used for. */
static uint64_t kernel_rights(uint64_t address, bool sealed)
{
	uint64_t page = (address - board->load) / PAGE;

	if (page < TEXT_PAGES) {
		return NORMAL | DESC_READ_ONLY | 3;
	}
	if (page < TEXT_PAGES + RODATA_PAGES) {
		return NORMAL | DESC_READ_ONLY | DESC_XN | 3;
	}
	return sealed && address >= kernel_end() ? 0 : NORMAL | DESC_XN | 3;
}

/* What the map should have of @address, without the address itself. */
static uint64_t wanted(uint64_t address, uint64_t end, bool sealed)
{
	uint64_t block = address & ~(MMU_BLOCK_BYTES - 1);

	if (in_kernel(address)) {
		return kernel_rights(address, sealed);
	}
	if (in_device(address)) {
		return DEVICE;
	}
	return !sealed && block >= board->ram.base && block < end ? RAM : 0;
}

/* Walk all addresses, by what each walk ends with. */
static void expect(uint64_t end, bool sealed)
{
	uint64_t bytes;

	for (uint64_t at = 0; at < MMU_ENTRIES * MMU_GIB_BYTES; at += bytes) {
		uint64_t entry = walk(at, &bytes);

		if (entry == 0) {
			assert_int_equal(wanted(at, end, sealed), 0);
			assert_int_equal(wanted(at + bytes - 1, end, sealed), 0);
			continue;
		}
		assert_int_equal(entry & ADDRESS, at);
		assert_int_equal(entry & ~ADDRESS, wanted(at, end, sealed));
		assert_int_equal(entry & ~ADDRESS, wanted(at + bytes - 1, end, sealed));
		assert_true(entry & WRITABLE_CODE_NEVER);
	}
}

/* Holes that a walk steps over in one are looked at by what lies in them. */
static void expect_all(uint64_t end)
{
	for (uint64_t at = board->ram.base; at < end; at += MMU_BLOCK_BYTES) {
		uint64_t bytes;

		assert_true(in_kernel(at) || walk(at, &bytes) != 0);
	}
	for (uint32_t i = 0; i < board->device_count; i++) {
		const struct mmu_range *device = &board->devices[i];
		uint64_t bytes;

		for (uint64_t at = 0; at < device->bytes; at += PAGE) {
			uint64_t entry = walk(device->base + at, &bytes);

			assert_int_equal(entry & ~ADDRESS, DEVICE);
			assert_int_equal(entry & ADDRESS,
			                 (device->base + at) & ~(MMU_BLOCK_BYTES - 1));
		}
	}
}

static void test_without_ram(void **state)
{
	(void)state;
	build(0);
	expect(0, false);
	expect_all(0);
}

static void test_ram_of_all_sizes(void **state)
{
	const uint64_t sizes[] = {PAGE,
	                          MMU_BLOCK_BYTES,
	                          MMU_BLOCK_BYTES + PAGE,
	                          64 * MMU_BLOCK_BYTES,
	                          MMU_GIB_BYTES - MMU_BLOCK_BYTES,
	                          MMU_GIB_BYTES,
	                          MMU_GIB_BYTES + 3 * PAGE,
	                          2 * MMU_GIB_BYTES + 5 * MMU_BLOCK_BYTES,
	                          board->ram.bytes - PAGE,
	                          board->ram.bytes};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t end = board->ram.base + sizes[i];

		build(end);
		expect(end, false);
		expect_all(end);
		mmu_seal(kernel_end());
		expect(end, true);
		expect_all(0);
	}
}

static void test_a_kernel_of_any_size(void **state)
{
	uint64_t bytes;

	(void)state;
	for (uint64_t end = board->load + PAGE; end < board->load + MMU_BLOCK_BYTES; end += PAGE) {
		build(ram_end());
		mmu_seal(end);
		assert_int_not_equal(walk(end - PAGE, &bytes), 0);
		assert_int_equal(walk(end, &bytes), 0);
	}
}

int mmu_cases(const struct mmu_board *rows)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_ram),
		cmocka_unit_test(test_ram_of_all_sizes),
		cmocka_unit_test(test_a_kernel_of_any_size),
	};

	board = rows;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
