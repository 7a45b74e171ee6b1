/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Apertures: for all lists of four sizes that matter, each is a power of two, holds what is wanted,
 * lies at a multiple of itself and touches no other one, and nothing is between them.
 *
 * links: topo/image/apertures.c
 */
#include <stdbool.h>

#include "abi/limits.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "topo/image/apertures.h"

#define COUNT 4U

static const uint64_t sizes[] = {0, 1, 0x100, 0x1000, 0x1001, 0x4000, 0x20000, 0x1000000};

static bool touches(const struct aperture *a, const struct aperture *b)
{
	return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static void check(const struct aperture *list, const struct apertures *all)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		const struct aperture *a = &list[i];

		sum += a->bytes;
		if (a->wanted == 0) {
			assert_int_equal(a->bytes, 0);
			continue;
		}
		assert_true(a->bytes >= a->wanted && a->bytes >= PV_PAGE_BYTES);
		assert_true(a->bytes == PV_PAGE_BYTES || a->bytes < 2 * a->wanted);
		assert_int_equal(a->bytes & (a->bytes - 1), 0);
		assert_int_equal(a->offset % a->bytes, 0);
		assert_int_equal(all->align % a->bytes, 0);
		assert_true(a->offset + a->bytes <= all->bytes);
		for (uint32_t j = 0; j < i; j++) {
			assert_false(list[j].wanted != 0 && touches(a, &list[j]));
		}
	}
	assert_int_equal(sum, all->bytes);
}

static void test_all_lists(void **state)
{
	uint32_t kinds = ARRAY_COUNT(sizes);

	(void)state;
	for (uint32_t n = 0; n < kinds * kinds * kinds * kinds; n++) {
		struct aperture list[COUNT] = {0};
		uint32_t rest = n;

		for (uint32_t i = 0; i < COUNT; i++, rest /= kinds) {
			list[i].wanted = sizes[rest % kinds];
		}
		struct apertures all = apertures_lay(list, COUNT);

		check(list, &all);
	}
}

static void test_none(void **state)
{
	struct apertures all = apertures_lay(NULL, 0);

	(void)state;
	assert_int_equal(all.bytes, 0);
	assert_int_equal(all.align, PV_PAGE_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_lists),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
