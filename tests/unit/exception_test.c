/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/exception.h against the Arm ARM (DDI 0487 D1.3 and D24.2.37): every state that a guest
 * can be in when EL2 makes it take an exception.
 */
#include "kernel/arm/exception.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

static void test_vectors(void **state)
{
	static const struct {
		uint64_t pstate, vector;
	} rows[] = {
		/* clang-format off */
		{0x600003c0, 0x400}, /* EL0t, flags and masks say nothing */
		{0x00000004, 0x000}, /* EL1t */
		{0x80000005, 0x200}, /* EL1h */
		{0x00000010, 0x600}, /* A32 user */
		{0x60000030, 0x600}, /* T32 user */
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(exception_vector(rows[i].pstate), rows[i].vector);
	}
}

static void test_pstate(void **state)
{
	(void)state;
	/* All masked at EL1h; PAN is set unless SPAN says that it stays; SSBS is what DSSBS says. */
	assert_int_equal(exception_pstate(0x0, 0), 0x4003c5);
	assert_int_equal(exception_pstate(0x0, 1ULL << 23), 0x3c5);
	assert_int_equal(exception_pstate(0x400000, 1ULL << 23), 0x4003c5);
	assert_int_equal(exception_pstate(0x0, 1ULL << 23 | 1ULL << 44), 0x13c5);
	assert_int_equal(exception_pstate(0x1000, 1ULL << 23), 0x3c5);
	/* NZCV and DIT stay; single step, illegal state, IT and T32, UAO, BTYPE do not. */
	assert_int_equal(exception_pstate(0xffffffff, 1ULL << 23), 0xf14003c5);
}

static void test_external_abort(void **state)
{
	static const struct {
		uint64_t esr, pstate, want;
	} rows[] = {
		/* clang-format off */
		{0x93c00046, 0x0, 0x92000050},  /* a store of user space, a translation fault at EL2 */
		{0x93c00046, 0x5, 0x96000050},  /* the kernel's own */
		{0x93800006, 0x10, 0x92000010}, /* a load of A32 user space */
		{0x92000146, 0x4, 0x96000150},  /* cache maintenance keeps CM and WnR */
		{0x82000006, 0x0, 0x82000010},  /* a fetch */
		{0x82000006, 0x5, 0x86000010},
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(exception_external_abort(rows[i].esr, rows[i].pstate),
		                 rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pstate),
		cmocka_unit_test(test_external_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
