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
		{its_movi(0x100, 97, 3), {0x0000010000000001, 97, 3, 0}},
		{its_inv(0x100, 97), {0x000001000000000c, 97, 0, 0}},
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
	assert_int_equal(its_lpi(0xa0, true), 0xa3);
	assert_int_equal(its_lpi(0xfb, false), 0xfa);
	assert_true(PV_VIRQS <= 1U << ITS_EVENT_BITS);
}

/* Fields of IHI 0069, 12.11.33, 12.11.34, 12.19.1 and 12.19.3. */
static void test_registers(void **state)
{
	const uint64_t devices = 0x0107000000000000;
	const uint64_t collections = 0x0407000000000000;

	(void)state;
	assert_int_equal(its_baser_type(devices), ITS_BASER_DEVICES);
	assert_int_equal(its_baser_type(collections), ITS_BASER_COLLECTIONS);
	assert_true(its_baser(devices, 0x40301000, 512) == 0xb800000040301400);
	assert_true(its_baser(devices | 31ULL << 48, 0x40301000, 512) == 0xb800000040301403);
	assert_true(its_baser(collections, 0x40301000, 8) == 0xb800000040301400);
	assert_true(its_cbaser(0x40310000) == 0xb800000040310400);
	assert_true(its_propbaser(0x40301000) == 0x4030178d);
	assert_true(its_pendbaser(0x40310000) == 0x4000000040310780);
}

static void test_fits(void **state)
{
	const uint32_t gicd = 0x37a0008; /* QEMU's: LPIs, of 16 bits */

	(void)state;
	assert_true(its_fits(TYPER, gicd));
	assert_false(its_fits(TYPER & ~1ULL, gicd));
	assert_true(its_fits((TYPER & ~0x1f00ULL) | 8 << 8, gicd));
	assert_false(its_fits((TYPER & ~0x1f00ULL) | 7 << 8, gicd));
	assert_true(its_fits((TYPER & ~(31ULL << 13)) | 8 << 13, gicd));
	assert_false(its_fits((TYPER & ~(31ULL << 13)) | 7 << 13, gicd));
	assert_false(its_fits(TYPER, gicd & ~(1U << 17)));
	assert_true(its_fits(TYPER, (gicd & ~(31U << 19)) | 13U << 19));
	assert_false(its_fits(TYPER, (gicd & ~(31U << 19)) | 12U << 19));
	assert_true(its_fits(TYPER, gicd | 9U << 11));
	assert_false(its_fits(TYPER, gicd | 8U << 11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands), cmocka_unit_test(test_targets),
		cmocka_unit_test(test_tables),   cmocka_unit_test(test_registers),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
