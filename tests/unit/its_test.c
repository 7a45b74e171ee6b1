/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/its.h against encodings of IHI 0069, 5.3, that were put together by hand.
 */
#include "abi/limits.h"
#include "kernel/arm/its.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

#define TYPER 0x1f0001efb1ULL /* what QEMU's says: 12 bytes an entry, 16 bits each, no PTA */

static void test_commands(void **state)
{
	const struct {
		struct its_command command;
		uint64_t words[4];
	} rows[] = {
		/* clang-format off */
		{its_mapd(0x18, 0x40301000),
		 {0x0000001800000008, 8, 0x8000000040301000, 0}},
		{its_mapc(3, 0x80a0000), {0x09, 0, 0x80000000080a0003, 0}},
		{its_mapti(0x100, 97, 8195, 3), {0x000001000000000a, 0x0000200300000061, 3, 0}},
		{its_invall(3), {0x0d, 0, 3, 0}},
		{its_sync(0x30000), {0x05, 0, 0x30000, 0}},
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (size_t w = 0; w < ARRAY_COUNT(rows[i].words); w++) {
			assert_int_equal(rows[i].command.word[w], rows[i].words[w]);
		}
	}
}

static void test_targets(void **state)
{
	(void)state;
	assert_int_equal(its_target(TYPER, 0x80a0000, 3), 0x30000);
	assert_int_equal(its_target(TYPER | 1 << 19, 0x80a0000, 3), 0x80a0000);
}

static void test_tables(void **state)
{
	(void)state;
	assert_int_equal(its_itt_bytes(TYPER), 512 * 12);
	assert_int_equal(its_itt_bytes(TYPER & ~0xf0ULL), 512);
	assert_int_equal(its_lpi_on(0xa0), 0xa3);
	assert_int_equal(its_lpi_on(0xfb), 0xfb);
	assert_true(PV_VIRQS <= 1U << ITS_EVENT_BITS);
}

static void test_fits(void **state)
{
	(void)state;
	assert_true(its_fits(TYPER));
	assert_false(its_fits(TYPER & ~1ULL));
	assert_true(its_fits((TYPER & ~0x1f00ULL) | 8 << 8));
	assert_false(its_fits((TYPER & ~0x1f00ULL) | 7 << 8));
	assert_true(its_fits((TYPER & ~(31ULL << 13)) | 8 << 13));
	assert_false(its_fits((TYPER & ~(31ULL << 13)) | 7 << 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
