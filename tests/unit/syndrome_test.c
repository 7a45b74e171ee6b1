/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/syndrome.h against encodings of the Arm ARM (DDI 0487 D24.2.40) that were put together
 * by hand.
 */
/* links: */
#include "kernel/arm/syndrome.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

#define DATA_ABORT 0x93000000ULL /* EC 0x24, IL, ISV */

static void test_loads_fill_their_register(void **state)
{
	static const struct {
		uint64_t sas_sse_sf, value, want;
	} loads[] = {
		/* clang-format off */
		{0x000000, 0xffffffffffffff80, 0x80},               /* LDRB w */
		{0x200000, 0x80, 0xffffff80},                       /* LDRSB w */
		{0x208000, 0x80, 0xffffffffffffff80},               /* LDRSB x */
		{0x208000, 0x7f, 0x7f},
		{0x400000, 0x12348001, 0x8001},                     /* LDRH w */
		{0x608000, 0x8001, 0xffffffffffff8001},             /* LDRSH x */
		{0x800000, 0xfedcba9876543210, 0x76543210},         /* LDR w */
		{0xa08000, 0x80000000, 0xffffffff80000000},         /* LDRSW x */
		{0xc08000, 0xfedcba9876543210, 0xfedcba9876543210}, /* LDR x */
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(loads); i++) {
		const struct trap trap = {.esr = DATA_ABORT | 5 << 16 | loads[i].sas_sse_sf};
		struct access access = trap_access(&trap);

		assert_int_equal(access.reg, 5);
		assert_int_equal(access_extend(access, loads[i].value), loads[i].want);
	}
}

static void test_stores_are_cut(void **state)
{
	static const uint64_t want[] = {0x10, 0x3210, 0x76543210, 0xfedcba9876543210};

	(void)state;
	for (uint64_t sas = 0; sas < 4; sas++) {
		const struct trap trap = {.esr = DATA_ABORT | sas << 22 | 1 << 6};

		assert_true(trap_is_write(&trap));
		assert_int_equal(trap_access(&trap).bytes, 1U << sas);
		assert_int_equal(access_truncate(trap_access(&trap), 0xfedcba9876543210),
		                 want[sas]);
	}
}

/* Only where the hardware says so is the page that of this fault. */
static void test_an_address_only_where_there_is_one(void **state)
{
	(void)state;
	for (uint64_t fsc = 0; fsc < 64; fsc++) {
		const struct trap trap = {.esr = DATA_ABORT | fsc, .far = 0xabc, .hpfar = 0x12340};
		bool known = (fsc >= 4 && fsc <= 7) || (fsc >= 12 && fsc <= 15);

		assert_int_equal(trap_ipa(&trap), known ? 0x1234abc : UINT64_MAX);
	}
}

static void test_which_access_is_described(void **state)
{
	(void)state;
	assert_true(trap_has_access(&(struct trap){.esr = DATA_ABORT}));
	assert_false(trap_has_access(&(struct trap){.esr = DATA_ABORT & ~(1ULL << 24)}));
	assert_false(trap_has_access(&(struct trap){.esr = DATA_ABORT | 1 << 8})); /* CM */
	assert_int_equal(trap_class(&(struct trap){.esr = DATA_ABORT}), TRAP_DATA_ABORT);
	assert_int_equal(trap_instruction_bytes(DATA_ABORT), 4);
	assert_int_equal(trap_instruction_bytes(DATA_ABORT & ~(1ULL << 25)), 2);
	assert_true(trap_is_wfi(&(struct trap){.esr = 0x06000000}));
	assert_false(trap_is_wfi(&(struct trap){.esr = 0x06000001}));
}

static void test_registers_read_reach_theirs(void **state)
{
	(void)state;
	struct access read = trap_sysreg_target(&(struct trap){.esr = 7 << 5 | 1});

	assert_int_equal(read.reg, 7);
	assert_int_equal(access_extend(read, 0xfedcba9876543210), 0xfedcba9876543210);
	assert_int_equal(trap_sysreg_target(&(struct trap){.esr = 7 << 5}).reg, 31);
	assert_int_equal(trap_sysreg_source(&(struct trap){.esr = 7 << 5}), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_fill_their_register),
		cmocka_unit_test(test_stores_are_cut),
		cmocka_unit_test(test_an_address_only_where_there_is_one),
		cmocka_unit_test(test_which_access_is_described),
		cmocka_unit_test(test_registers_read_reach_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
