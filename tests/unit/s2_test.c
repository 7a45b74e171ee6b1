/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-2 mapper over real tables: what is declared and mapped is found by a walk, with its
 * rights, in blocks where that is possible, and nothing else is; after random calls the invariant
 * of kernel/arm/s2_spec.h holds for every entry of every table. tests/proofs shows what no call
 * can break; here it is shown that the mapper maps at all.
 */
/* links: kernel/arm/s2.c */
#include <stdlib.h>
#include <string.h>

#include "kernel/arm/s2.h"
#include "kernel/arm/s2_spec.h"
#include "ordered_cmocka.h"
#include "pte.h"
#include "tests/unit/steady_random.h"

#define POOL 0x41000U
#define RWX (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)
#define RW (PV_RIGHT_READ | PV_RIGHT_WRITE)

uint64_t fake_pool[FAKE_POOL_PAGES][512];
uint32_t fake_pool_page;

static struct s2 s2;

static void start(uint32_t tables)
{
	memset(fake_pool, 0, sizeof(fake_pool));
	memset(&s2, 0xa5, sizeof(s2));
	fake_pool_page = POOL;
	assert_int_equal(s2_init(&s2, POOL, tables), OK);
}

/* The hardware's walk: the page that @ipa_page leads to and its leaf, or 0 for a fault. */
static uint64_t walk(uint32_t space, uint32_t ipa_page, uint32_t *pa_page)
{
	uint32_t page = s2_root_page(&s2, space);

	for (uint32_t level = 1; level <= 3; level++) {
		uint32_t span = s2_spec_span(level);
		uint64_t d = pte_get(POOL, page - POOL, ipa_page / span % 512);

		if ((d & 1) == 0) {
			return 0;
		}
		page = (uint32_t)((d & S2_SPEC_ADDRESS) >> PV_PAGE_SHIFT);
		if (level == 3 || (d & 2) == 0) {
			*pa_page = page + ipa_page % span;
			return d;
		}
	}
	fail();
	return 0;
}

/* Every entry of every table has a range that it may stand for. */
static void check_invariant(void)
{
	assert_true(s2_spec_state(&s2));
	for (uint32_t t = 0; t < s2.table_count; t++) {
		for (uint32_t entry = 0; entry < 512; entry++) {
			uint64_t d = fake_pool[t][entry];
			bool allowed = s2_spec_entry(&s2, t, entry, d, S2_NONE);

			for (uint32_t w = 0; w < s2.range_count && !allowed; w++) {
				allowed = s2_spec_entry(&s2, t, entry, d, w);
			}
			assert_true(allowed);
		}
	}
	for (uint32_t t = s2.table_count; t < FAKE_POOL_PAGES; t++) {
		for (uint32_t entry = 0; entry < 512; entry++) {
			assert_int_equal(fake_pool[t][entry], 0);
		}
	}
}

static uint32_t map(struct s2_range range)
{
	uint32_t index = S2_NONE;

	assert_int_equal(s2_allow(&s2, &range, &index), OK);
	assert_int_equal(s2_map(&s2, index), OK);
	return index;
}

static void expect_mapped(struct s2_range range)
{
	for (uint32_t i = 0; i < range.page_count; i++) {
		uint32_t pa_page = 0;
		uint64_t d = walk(range.space, range.ipa_page + i, &pa_page);

		assert_int_not_equal(d, 0);
		assert_int_equal(pa_page, range.pa_page + i);
		assert_int_equal(d >> 7 & 1, (range.rights & PV_RIGHT_WRITE) != 0);
		assert_int_equal(d >> 54 & 1, (range.rights & PV_RIGHT_EXEC) == 0);
		assert_int_equal(d >> 2 & 15, range.memory == S2_MEMORY_DEVICE ? 1 : 15);
	}
}

static void test_pages_and_blocks(void **state)
{
	const struct s2_range ragged = {0x40000 - 3, 0x80000 - 3, 512 * 3 + 8, 1, RWX, 0};
	const struct s2_range shifted = {0x100000, 0x90001, 1030, 1, RW, 0};
	const struct s2_range device = {0x8010, 0x8040, 2, 1, RW, S2_MEMORY_DEVICE};
	uint32_t pa_page;

	(void)state;
	start(64);
	assert_int_equal(s2_root_page(&s2, 1), S2_NONE);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_space_create(&s2, 1), OK);
	map(ragged);
	/* Roots, and around the 1 GiB border: two of level 2, two of level 3 for the edges. */
	assert_int_equal(s2.table_count, 2 + 4);
	assert_int_equal(walk(1, 0x40000 + 512, &pa_page) & 3, 1);
	assert_int_equal(walk(1, 0x40000 - 1, &pa_page) & 3, 3);
	map(shifted);
	assert_int_equal(walk(1, 0x100000, &pa_page) & 3, 3);
	map(device);
	expect_mapped(ragged);
	expect_mapped(shifted);
	expect_mapped(device);
	check_invariant();
	assert_int_equal(walk(1, ragged.ipa_page - 1, &pa_page), 0);
	assert_int_equal(walk(1, ragged.ipa_page + ragged.page_count, &pa_page), 0);
	assert_int_equal(walk(0, ragged.ipa_page, &pa_page), 0);
}

static void test_refusals(void **state)
{
	const struct s2_range good = {0x400, 0x80000, 512, 0, RW, 0};
	const struct refusal {
		struct s2_range range;
		err_t err;
	} refusals[] = {
		{{0x400, 0x80000, 0, 0, RW, 0}, ERR_RANGE},
		{{S2_SPEC_IPA_PAGES - 1, 0x80000, 2, 0, RW, 0}, ERR_RANGE},
		{{UINT32_MAX, 0x80000, 2, 0, RW, 0}, ERR_RANGE},
		{{0x400, S2_SPEC_PA_PAGES - 1, 2, 0, RW, 0}, ERR_RANGE},
		{{0x400, 0x80000, 1, S2_SPACES, RW, 0}, ERR_RANGE},
		{{0x400, 0x80000, 1, 1, RW, 0}, ERR_STATE},
		{{0x400, 0x80000, 1, 0, PV_RIGHT_WRITE, 0}, ERR_ARG},
		{{0x400, 0x80000, 1, 0, 0x81, 0}, ERR_ARG},
		{{0x400, 0x80000, 1, 0, RW, 2}, ERR_ARG},
		{{0x400, 0x8040, 1, 0, RWX, S2_MEMORY_DEVICE}, ERR_ARG},
		{{0x400, POOL + 7, 1, 0, RW, 0}, ERR_OVERLAP},
		{{0x400, POOL - 1, 2, 0, RW, 0}, ERR_OVERLAP},
	};
	uint32_t index;
	uint32_t mapped;

	(void)state;
	start(8);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_space_create(&s2, 0), ERR_STATE);
	assert_int_equal(s2_space_create(&s2, S2_SPACES), ERR_RANGE);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		assert_int_equal(s2_allow(&s2, &refusals[i].range, &index), refusals[i].err);
	}
	map(good);
	assert_int_equal(s2_map(&s2, 0), ERR_OVERLAP);
	assert_int_equal(s2_map(&s2, 1), ERR_RANGE);
	assert_int_equal(s2_step(&s2, 0, 0x400 + 512, &mapped), ERR_RANGE);
	assert_int_equal(s2_step(&s2, 0, 0x3ff, &mapped), ERR_RANGE);
	/* A page in the middle of a block that is there. */
	const struct s2_range inside = {0x401, 0x90000, 1, 0, RW, 0};
	assert_int_equal(s2_allow(&s2, &inside, &index), OK);
	assert_int_equal(s2_map(&s2, index), ERR_OVERLAP);
	check_invariant();
	s2_seal(&s2);
	assert_int_equal(s2_map(&s2, index), ERR_STATE);
	assert_int_equal(s2_allow(&s2, &good, &index), ERR_STATE);
	assert_int_equal(s2_space_create(&s2, 1), ERR_STATE);
}

static void test_pool_bounds(void **state)
{
	const struct s2_range range = {0x40000, 0x80000, 1, 0, RW, 0};
	uint32_t index;

	(void)state;
	assert_int_equal(s2_init(&s2, POOL, 0), ERR_RANGE);
	assert_int_equal(s2_init(&s2, POOL, S2_TABLES_MAX + 1), ERR_RANGE);
	assert_int_equal(s2_init(&s2, S2_SPEC_PA_PAGES - 1, 2), ERR_RANGE);
	/* One page needs a table of each level: two are too few, three are enough. */
	start(2);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_allow(&s2, &range, &index), OK);
	assert_int_equal(s2_map(&s2, index), ERR_FULL);
	check_invariant();
	start(3);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	map(range);
	assert_int_equal(s2_space_create(&s2, 1), ERR_FULL);
	expect_mapped(range);
}

/* Ranges that often meet, so that every refusal happens too. */
static void test_random(void **state)
{
	uint32_t mapped = 0;
	uint32_t refused = 0;

	(void)state;
	random_start(1);
	for (uint32_t round = 0; round < 30; round++) {
		start(1 + random_below(FAKE_POOL_PAGES));
		for (uint32_t call = 0; call < 40; call++) {
			const struct s2_range range = {
				.ipa_page = 0x3fc00 + random_below(0x800),
				.pa_page = POOL - 0x1000 + random_below(0x4000),
				.page_count = random_below(1200),
				.space = (uint16_t)random_below(3),
				.rights = (uint8_t)random_below(16),
				.memory = (uint8_t)random_below(3),
			};
			uint32_t index;

			if (random_below(4) == 0) {
				(void)!s2_space_create(&s2, random_below(3));
			}
			if (s2_allow(&s2, &range, &index) != OK) {
				continue;
			}
			if (s2_map(&s2, index) == OK) {
				expect_mapped(range);
				mapped++;
			} else {
				refused++;
			}
		}
		check_invariant();
	}
	assert_true(mapped > 20 && refused > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_and_blocks),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_pool_bounds),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
