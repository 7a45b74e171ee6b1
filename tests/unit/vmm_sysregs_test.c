/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmm/vm/sysregs.c: what a guest reads of registers that trap, against the Arm ARM's tables; what
 * undefined registers there are in between.
 *
 * links: vmm/vm/sysregs.c
 */
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "vmm/vm/sysregs.h"

#define THERE 0x1122334455667788ULL

/* Syndrome of an access that reads, or not, x7. */
static uint64_t esr(uint32_t op0, uint32_t op1, uint32_t crn, uint32_t crm, uint32_t op2,
                    bool reads)
{
	return 0x18ULL << 26 | 1U << 25 | op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | 7U << 5 |
	       crm << 1 | reads;
}

static uint64_t id(uint32_t crm, uint32_t op2, uint64_t there, bool has_gicv3)
{
	uint64_t value = ~0ULL;

	assert_true(sysreg_read(esr(3, 0, 0, crm, op2, true), there, has_gicv3, &value));
	return value;
}

static void test_silent_and_undefined(void **state)
{
	static const struct {
		uint8_t op0, op1, crn, crm, op2;
		bool silent;
	} rows[] = {
		{2, 0, 1, 0, 4, true},  /* OSLAR_EL1 */
		{2, 0, 0, 2, 2, true},  /* MDSCR_EL1 */
		{2, 0, 0, 5, 4, true},  /* DBGBVR5_EL1 */
		{3, 3, 9, 12, 0, true}, /* PMCR_EL0 */
		{1, 0, 7, 14, 2, true}, /* DC CISW */
		{3, 0, 1, 0, 1, true},  /* ACTLR_EL1 */
		{3, 0, 1, 1, 1, false},   {1, 0, 7, 5, 2, false},
		{3, 3, 14, 0, 1, false},  /* CNTPCT_EL0 */
		{3, 0, 12, 12, 5, false}, /* ICC_SRE_EL1, without a GICv3 */
		{3, 0, 0, 8, 0, false},   {3, 4, 0, 4, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (uint32_t reads = 0; reads < 2; reads++) {
			uint64_t value = 1;

			assert_int_equal(sysreg_read(esr(rows[i].op0, rows[i].op1, rows[i].crn,
			                                 rows[i].crm, rows[i].op2, reads),
			                             THERE, false, &value),
			                 rows[i].silent);
			assert_int_equal(value, 0);
		}
	}
}

static void test_ids_show_no_more_than_there_is(void **state)
{
	(void)state;
	for (uint32_t crm = 1; crm < 8; crm++) {
		for (uint32_t op2 = 0; op2 < 8; op2++) {
			uint64_t shown = id(crm, op2, THERE, true);

			for (uint32_t shift = 0; shift < 64; shift += 4) {
				assert_true((shown >> shift & 15) <= (THERE >> shift & 15));
			}
			assert_int_equal(id(crm, op2, 0, true), 0);
		}
	}
}

static void test_ids_hide_what_is_not_given(void **state)
{
	(void)state;
	assert_int_equal(id(4, 0, ~0ULL, false), 0xf101000000ff0012);
	assert_int_equal(id(4, 0, ~0ULL, true), 0xf101000001ff0012);
	assert_int_equal(id(1, 1, ~0ULL, false), 0x000f000f);
	assert_int_equal(id(1, 1, ~0ULL, true), 0x100f000f);
	assert_int_equal(id(4, 4, ~0ULL, true), 0); /* ID_AA64ZFR0_EL1 */
	assert_int_equal(id(7, 3, ~0ULL, true), 0); /* ID_AA64MMFR3_EL1 */
	assert_int_equal(id(6, 0, 0x0221100111212120, true), 0x0221100110212120); /* TME */
}

static void test_physical_counter_is_read_alone(void **state)
{
	(void)state;
	assert_true(sysreg_is_counter(esr(3, 3, 14, 0, 1, true)));
	assert_false(sysreg_is_counter(esr(3, 3, 14, 0, 1, false)));
	assert_false(sysreg_is_counter(esr(3, 3, 14, 0, 5, true))); /* CNTPCTSS_EL0 */
	assert_false(sysreg_is_counter(esr(3, 3, 14, 2, 1, true))); /* CNTP_CTL_EL0 */
}

static void test_interface_of_registers(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(sysreg_read(esr(3, 0, 12, 12, 5, true), 0, true, &value));
	assert_int_equal(value, 7);
	assert_true(sysreg_read(esr(3, 0, 12, 12, 5, false), 0, true, &value));
	assert_false(sysreg_read(esr(3, 0, 12, 12, 7, true), 0, true, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_and_undefined),
		cmocka_unit_test(test_ids_show_no_more_than_there_is),
		cmocka_unit_test(test_ids_hide_what_is_not_given),
		cmocka_unit_test(test_physical_counter_is_read_alone),
		cmocka_unit_test(test_interface_of_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
