/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lookup of the VMM's register tables: each access of each width at each offset hits the row that
 * holds all of it and takes its width, or none.
 */
/* links: vmm/base/regs.c */
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "vmm/base/regs.h"

#define WINDOW 64U

static uint64_t read_row(void *device, const struct access *access)
{
	uint32_t *hits = device;

	++*hits;
	return ~(uint64_t)access->offset;
}

static void write_row(void *device, const struct access *access)
{
	(void)read_row(device, access);
}

static const struct reg rows[] = {
	{0, 12, W32 | W64, read_row, write_row},
	{16, 4, W8 | W32, read_row, write_row},
	{20, 2, W16, read_row, write_row},
	{32, 8, W64, read_row, write_row},
};
static const struct reg_table table = REG_TABLE(rows);

/* Said once more, row by row. */
static const struct reg *row_of(uint64_t offset, uint32_t bytes)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (offset >= rows[i].offset && offset + bytes <= rows[i].offset + rows[i].bytes &&
		    (rows[i].widths & bytes) && offset % bytes == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static void test_each_access(void **state)
{
	(void)state;
	for (uint32_t offset = 0; offset < WINDOW; offset++) {
		for (uint32_t bytes = 0; bytes <= 16; bytes++) {
			bool sane = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
			const struct reg *row = sane ? row_of(offset, bytes) : NULL;
			struct access access = {.offset = offset, .bytes = bytes, .value = ~0ULL};
			uint32_t hits = 0;
			uint64_t value = regs_read(&table, &hits, &access);

			regs_write(&table, &hits, &access);
			assert_int_equal(hits, row ? 2 : 0);
			if (row) {
				uint64_t all = ~0ULL >> (64 - 8 * bytes);

				assert_int_equal(value, ~(uint64_t)(offset - row->offset) & all);
			} else {
				assert_int_equal(value, 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
