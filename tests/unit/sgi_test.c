/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/sgi.h against encodings of IHI 0069H that were put together by hand.
 */
#include "kernel/arm/sgi.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

static void test_kind(void **state)
{
	static const struct {
		uint32_t iss;
		enum sgi_kind kind;
	} rows[] = {
		/* clang-format off */
		{0x3a3016, SGI_GROUP_1}, /* msr S3_0_C12_C11_5, x0 */
		{0x3a33f6, SGI_GROUP_1}, /* xzr */
		{0x3a3017, SGI_NONE},    /* read */
		{0x3c3016, SGI_OTHER},   /* ICC_ASGI1R_EL1 */
		{0x3e3036, SGI_OTHER},   /* ICC_SGI0R_EL1, x1 */
		{0x383016, SGI_NONE},    /* op2 4 */
		{0x3a3018, SGI_NONE},    /* CRm 12 */
		{0x3a7016, SGI_NONE},    /* op1 1 */
		{0x2a3016, SGI_NONE},    /* op0 2 */
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(sgi_kind(rows[i].iss), rows[i].kind);
	}
}

static void test_decode(void **state)
{
	static const struct {
		uint64_t value;
		uint32_t self, count, intid, targets;
	} rows[] = {
		/* clang-format off */
		{0x0000000005000002, 0, 4, 5,  2},   /* a list */
		{0x000000000f00000f, 1, 4, 15, 0xf}, /* with itself */
		{0x000000000000ffff, 0, 3, 0,  7},   /* vCPUs that are not there */
		{0x0000010003000000, 2, 4, 3,  0xb}, /* all others */
		{0x0000010003000000, 0, 1, 3,  0},   /* there are none */
		{0x000001000300ffff, 0, 2, 3,  2},   /* the list says nothing then, */
		{0x00fff1ff03ff0001, 0, 2, 3,  2},   /* nor does an affinity */
		{0x0000000000010001, 0, 4, 0,  0},   /* Aff1 */
		{0x0000000100000001, 0, 4, 0,  0},   /* Aff2 */
		{0x0001000000000001, 0, 4, 0,  0},   /* Aff3 */
		{0x0000100000000001, 0, 4, 0,  0},   /* a list from Aff0 16 on */
		{0xff000e00f0000001, 0, 4, 0,  1},   /* RES0 */
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct sgi sgi = sgi_decode(rows[i].value, rows[i].self, rows[i].count);

		assert_int_equal(sgi.intid, rows[i].intid);
		assert_int_equal(sgi.targets, rows[i].targets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
