/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/range.h against arithmetic in a wider type, which cannot wrap: every combination of numbers
 * at the edges, and random ones near each other.
 */
#include "lib/bits.h"
#include "lib/range.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

__extension__ typedef unsigned __int128 wide_t;

#define RANDOM_CASES 200000U

static const uint64_t edges64[] = {
	0,
	1,
	2,
	4095,
	4096,
	BIT64(31),
	BIT64(32) - 1,
	BIT64(32),
	BIT64(32) + 1,
	BIT64(63) - 1,
	BIT64(63),
	BIT64(63) + 1,
	UINT64_MAX - 4096,
	UINT64_MAX - 1,
	UINT64_MAX,
};

static const uint32_t edges32[] = {
	0,
	1,
	2,
	3,
	511,
	512,
	513,
	BIT32(27),
	BIT32(28),
	BIT32(31) - 1,
	BIT32(31),
	BIT32(31) + 1,
	UINT32_MAX - 512,
	UINT32_MAX - 2,
	UINT32_MAX - 1,
	UINT32_MAX,
};

static bool wide_overlap(wide_t a, wide_t a_size, wide_t b, wide_t b_size)
{
	return a_size > 0 && b_size > 0 && a < b + b_size && b < a + a_size;
}

static void compare_bytes(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	wide_t limit = (wide_t)1 << 64;
	wide_t a_end = (wide_t)a + a_size;
	wide_t b_end = (wide_t)b + b_size;
	bool inside = a_end < limit && b_end < limit && a >= b && a_end <= b_end;

	assert_int_equal(range_fits(a, a_size, b), a_end <= b);
	assert_int_equal(range_inside(a, a_size, b, b_size), inside);
	assert_int_equal(range_overlap(a, a_size, b, b_size), wide_overlap(a, a_size, b, b_size));
}

static void compare_pages(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	uint64_t a_end = (uint64_t)a + a_count;
	uint64_t b_end = (uint64_t)b + b_count;

	assert_int_equal(pages_fit(a, a_count, b), a_end <= b);
	assert_int_equal(pages_inside(a, a_count, b, b_count), a >= b && a_end <= b_end);
	assert_int_equal(pages_overlap(a, a_count, b, b_count),
	                 wide_overlap(a, a_count, b, b_count));
}

static void test_bytes_at_the_edges(void **state)
{
	(void)state;
	uint32_t n = ARRAY_COUNT(edges64);

	for (uint32_t i = 0; i < n * n * n * n; i++) {
		compare_bytes(edges64[i % n], edges64[i / n % n], edges64[i / n / n % n],
		              edges64[i / n / n / n]);
	}
}

static void test_pages_at_the_edges(void **state)
{
	(void)state;
	uint32_t n = ARRAY_COUNT(edges32);

	for (uint32_t i = 0; i < n * n * n * n; i++) {
		compare_pages(edges32[i % n], edges32[i / n % n], edges32[i / n / n % n],
		              edges32[i / n / n / n]);
	}
}

/* Small ranges that touch, meet or miss each other, at any place, the end of the type included. */
static void test_near_each_other(void **state)
{
	(void)state;
	random_start(1);
	for (uint32_t i = 0; i < RANDOM_CASES; i++) {
		uint32_t place = edges32[random_next() % ARRAY_COUNT(edges32)];
		uint32_t a = place + random_next() % 16 - 8;
		uint32_t b = place + random_next() % 16 - 8;
		uint32_t a_size = random_next() % 12;
		uint32_t b_size = random_next() % 12;
		uint64_t high = (uint64_t)(random_next() & 1 ? UINT32_MAX : random_next()) << 32;

		compare_pages(a, a_size, b, b_size);
		compare_bytes(high | a, a_size, high | b, b_size);
	}
}

static void test_bits(void **state)
{
	(void)state;
	assert_true(BIT64(63) == UINT64_C(0x8000000000000000));
	assert_true(MASK64(12, 36) == UINT64_C(0x0000fffffffff000));
	assert_true(MASK64(0, 63) == UINT64_MAX >> 1);
	for (uint32_t i = 0; i < 64; i++) {
		assert_true(is_power_of_two(BIT64(i)));
		assert_true(is_aligned(BIT64(i), BIT64(i)));
		assert_int_equal(is_power_of_two(BIT64(i) + 1), i == 0);
		assert_int_equal(is_aligned(BIT64(i) + 1, BIT64(i)), i == 0);
		assert_true(is_aligned(0, BIT64(i)));
	}
	assert_false(is_power_of_two(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_at_the_edges),
		cmocka_unit_test(test_pages_at_the_edges),
		cmocka_unit_test(test_near_each_other),
		cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
