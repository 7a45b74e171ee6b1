/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-2 mapper on an array of tables: random ranges in a few spaces, mapped, then every page
 * of the windows is walked as the hardware would and compared with a plain array of what was
 * asked for; every entry of every table is held against kernel/core/s2_spec.h.
 */
/* links: kernel/core/s2.c */
#include <stdbool.h>
#include <string.h>

#include "kernel/core/s2.h"
#include "kernel/core/s2_spec.h"
#include "lib/bits.h"
#include "pte.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/runner_random.h"

#define POOL_PAGE 0x41000U
#define SPACES 3U
#define WINDOW_PAGES 8192U
#define WINDOWS 3U
#define RANGES_MAX 24U
#define ROUNDS 60U
#define BLOCK 512U
#define NOTHING UINT32_MAX

uint64_t fake_pool[FAKE_POOL_PAGES][512];
uint32_t fake_pool_page;

/* Where the windows begin: the middle one lies across a 1 GiB border, so across two entries of a
 * root; the last one ends where the space ends. */
static const uint32_t windows[WINDOWS] = {0, BIT32(18) - WINDOW_PAGES / 2,
                                          BIT32(27) - WINDOW_PAGES};

static struct s2 s2;
/* The range that maps a page, by space, window and page in the window. */
static uint32_t model[SPACES][WINDOWS][WINDOW_PAGES];

static void start(uint32_t pool_pages)
{
	memset(fake_pool, 0, sizeof(fake_pool));
	memset(model, 0xff, sizeof(model));
	fake_pool_page = POOL_PAGE;
	assert_int_equal(s2_init(&s2, POOL_PAGE, pool_pages), OK);
}

static uint32_t random_below(uint32_t limit)
{
	return (random_next() >> 8) % limit;
}

struct place {
	uint64_t pte; /* 0: a translation fault */
	uint32_t pa_page;
};

/* A walk of the hardware, Arm ARM K.a D8.2: three levels from level 1 on. */
static struct place walk(uint32_t space, uint32_t ipa_page)
{
	uint64_t table = s2_root_page(&s2, space);

	for (uint32_t shift = 18;; shift -= 9) {
		uint32_t low = ipa_page & (BIT32(shift) - 1);

		assert_in_range(table, POOL_PAGE, POOL_PAGE + s2.pool_page_count - 1);
		uint64_t pte = fake_pool[table - POOL_PAGE][ipa_page >> shift & 511];
		uint64_t page = pte >> 12 & (BIT64(36) - 1);
		if ((pte & 1) == 0) {
			assert_true(pte == 0);
			return (struct place){0, 0};
		}
		if (shift == 0 || (pte & 2) == 0) {
			assert_true(shift == 0 ? (pte & 2) != 0 : shift == 9);
			assert_int_equal(page & (BIT32(shift) - 1), 0);
			return (struct place){pte, (uint32_t)page | low};
		}
		table = page;
	}
}

/* Bits of a leaf for a range: what Arm says of them, one by one. */
static void check_attributes(uint64_t pte, const struct s2_range *range)
{
	bool is_device = range->memory == S2_MEMORY_DEVICE;

	assert_int_equal(pte >> 6 & 3, (range->rights & PV_RIGHT_WRITE) ? 3 : 1); /* S2AP */
	assert_int_equal(pte >> 53 & 3, (range->rights & PV_RIGHT_EXEC) ? 0 : 2); /* XN */
	assert_int_equal(pte >> 2 & 15, is_device ? 1 : 15);                      /* MemAttr */
	assert_int_equal(pte >> 8 & 3, is_device ? 0 : 3);                        /* SH */
	assert_int_equal(pte >> 10 & 1, 1);                                       /* AF */
}

static void check_page(uint32_t space, uint32_t window, uint32_t page)
{
	uint32_t ipa_page = windows[window] + page;
	uint32_t index = model[space][window][page];
	struct place place = walk(space, ipa_page);

	if (index == NOTHING) {
		assert_true(place.pte == 0);
		return;
	}
	const struct s2_range *range = &s2.ranges[index];
	assert_true(place.pte != 0);
	assert_int_equal(place.pa_page, range->pa_page + (ipa_page - range->ipa_page));
	check_attributes(place.pte, range);
}

static void check_walks(void)
{
	for (uint32_t i = 0; i < SPACES * WINDOWS * WINDOW_PAGES; i++) {
		check_page(i / WINDOW_PAGES / WINDOWS, i / WINDOW_PAGES % WINDOWS,
		           i % WINDOW_PAGES);
	}
}

static bool has_witness(uint32_t table, uint32_t entry, uint64_t pte)
{
	for (uint32_t range = 0; range <= s2.range_count; range++) {
		if (s2_spec_entry(&s2, table, entry, pte, range)) {
			return true;
		}
	}
	return false;
}

/* The invariant that the proofs keep, on all of the state. */
static void check_invariant(void)
{
	assert_true(s2_spec_state(&s2));
	for (uint32_t table = 0; table < FAKE_POOL_PAGES; table++) {
		for (uint32_t entry = 0; entry < 512; entry++) {
			uint64_t pte = fake_pool[table][entry];

			if (pte != 0) {
				assert_true(table < s2.table_count);
				assert_true(has_witness(table, entry, pte));
			}
		}
	}
}

/* A range in a window; half of them such that blocks are possible. */
static struct s2_range random_range(void)
{
	static const uint8_t rights[] = {1, 3, 5, 7};
	uint32_t count = 1 + random_below(random_next() & 256 ? 40 : 2000);
	uint32_t ipa = random_below(WINDOW_PAGES - count + 1);
	uint32_t pa = 0x100000 + random_below(BIT32(20));
	bool is_device = random_below(8) == 0;

	if (random_below(2) == 0) {
		pa = (pa & ~(BLOCK - 1)) | (ipa & (BLOCK - 1));
	}
	return (struct s2_range){
		.ipa_page = windows[random_below(WINDOWS)] + ipa,
		.pa_page = pa,
		.page_count = count,
		.space = (uint16_t)random_below(SPACES),
		.rights = rights[random_below(is_device ? 2 : 4)],
		.memory = is_device ? S2_MEMORY_DEVICE : S2_MEMORY_NORMAL,
	};
}

/* The model's cells of a range; the window is the one that it lies in. */
static uint32_t *cells_of(const struct s2_range *range)
{
	uint32_t window = WINDOWS - 1;

	while (range->ipa_page < windows[window]) {
		window--;
	}
	return &model[range->space][window][range->ipa_page - windows[window]];
}

/* Map range @index, tell the model, and compare the outcome with what the model says. */
static void map_and_compare(uint32_t index)
{
	const struct s2_range *range = &s2.ranges[index];
	uint32_t *cells = cells_of(range);
	uint32_t clash = 0;

	while (clash < range->page_count && cells[clash] == NOTHING) {
		clash++;
	}
	err_t err = s2_map(&s2, index);
	if (err == OK) {
		assert_int_equal(clash, range->page_count);
	} else if (err == ERR_OVERLAP) {
		assert_true(clash < range->page_count);
	} else {
		assert_int_equal(err, ERR_FULL);
		assert_int_equal(s2.table_count, s2.pool_page_count);
	}
	/* What was mapped before an error stays: some pages from the start, none at the clash. */
	uint32_t done = 0;
	for (; done < clash && walk(range->space, range->ipa_page + done).pte != 0; done++) {
		cells[done] = index;
	}
	if (err == OK) {
		assert_int_equal(done, range->page_count);
	} else if (err == ERR_OVERLAP) {
		assert_true(clash - done < BLOCK); /* a block that would have reached the clash */
	}
}

static void random_round(uint32_t pool_pages)
{
	start(pool_pages);
	for (uint32_t space = 0; space < SPACES; space++) {
		assert_int_equal(s2_space_create(&s2, space), OK);
	}
	for (uint32_t i = 0; i < RANGES_MAX; i++) {
		struct s2_range range = random_range();
		uint32_t index;

		assert_int_equal(s2_allow(&s2, &range, &index), OK);
		assert_int_equal(index, i);
		map_and_compare(index);
	}
	check_walks();
	check_invariant();
}

static void test_random_maps(void **state)
{
	(void)state;
	random_start(1);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		random_round(FAKE_POOL_PAGES);
	}
}

static void test_small_pools(void **state)
{
	(void)state;
	random_start(2);
	for (uint32_t pool_pages = SPACES; pool_pages < 30; pool_pages++) {
		random_round(pool_pages);
	}
}

static struct s2_range range_of(uint32_t ipa_page, uint32_t pa_page, uint32_t page_count)
{
	return (struct s2_range){.ipa_page = ipa_page,
	                         .pa_page = pa_page,
	                         .page_count = page_count,
	                         .rights = PV_RIGHT_READ | PV_RIGHT_WRITE};
}

static uint32_t tables_for(uint32_t ipa_page, uint32_t pa_page, uint32_t page_count)
{
	struct s2_range range = range_of(ipa_page, pa_page, page_count);
	uint32_t index;

	start(FAKE_POOL_PAGES);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_allow(&s2, &range, &index), OK);
	assert_int_equal(s2_map(&s2, index), OK);
	check_invariant();
	return s2.table_count;
}

/* Blocks are taken where they can be, which is what keeps the pool small. */
static void test_blocks(void **state)
{
	(void)state;
	assert_int_equal(tables_for(0, 0x80000, BLOCK), 2);
	assert_int_equal(tables_for(0, 0x80000, BLOCK - 1), 3);
	assert_int_equal(tables_for(0, 0x80001, BLOCK), 3);
	assert_int_equal(tables_for(BLOCK, 0x80000, 512 * BLOCK), 3); /* 1 GiB over a border */
	assert_int_equal(tables_for(BLOCK - 1, 0x80000 + BLOCK - 1, BLOCK + 2), 4);
	assert_int_equal(tables_for(0, 0x800000, 8 * 512 * BLOCK), 9); /* 8 GiB */
	assert_int_equal(walk(0, 8 * 512 * BLOCK - 1).pa_page, 0x800000 + 8 * 512 * BLOCK - 1);
	assert_true(walk(0, 8 * 512 * BLOCK).pte == 0);
}

static void test_ranges_are_refused(void **state)
{
	(void)state;
	static const struct {
		struct s2_range range;
		err_t err;
	} cases[] = {
		{{0, 0x100, 0, 0, 1, 0},                           ERR_RANGE  },
		{{BIT32(27), 0x100, 1, 0, 1, 0},                   ERR_RANGE  },
		{{BIT32(27) - 1, 0x100, 2, 0, 1, 0},               ERR_RANGE  },
		{{1, 0x100, UINT32_MAX, 0, 1, 0},                  ERR_RANGE  },
		{{UINT32_MAX, 0x100, 2, 0, 1, 0},                  ERR_RANGE  },
		{{0, BIT32(28) - 1, 2, 0, 1, 0},                   ERR_RANGE  },
		{{0, UINT32_MAX, 1, 0, 1, 0},                      ERR_RANGE  },
		{{0, 0x100, 1, S2_SPACES, 1, 0},                   ERR_RANGE  },
		{{0, 0x100, 1, 1, 1, 0},                           ERR_STATE  },
		{{0, 0x100, 1, 0, 0, 0},                           ERR_ARG    },
		{{0, 0x100, 1, 0, 2, 0},                           ERR_ARG    },
		{{0, 0x100, 1, 0, 9, 0},                           ERR_ARG    },
		{{0, 0x100, 1, 0, 1, 2},                           ERR_ARG    },
		{{0, 0x100, 1, 0, 5, S2_MEMORY_DEVICE},            ERR_ARG    },
		{{0, POOL_PAGE, 1, 0, 1, 0},                       ERR_OVERLAP},
		{{0, POOL_PAGE + FAKE_POOL_PAGES - 1, 1, 0, 1, 0}, ERR_OVERLAP},
		{{0, POOL_PAGE - 1, 2, 0, 1, 0},                   ERR_OVERLAP},
	};
	uint32_t index = 77;

	start(FAKE_POOL_PAGES);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(s2_allow(&s2, &cases[i].range, &index), cases[i].err);
	}
	assert_int_equal(index, 77);
	assert_int_equal(s2.range_count, 0);
	struct s2_range last = range_of(BIT32(27) - 1, BIT32(28) - 1, 1);
	assert_int_equal(s2_allow(&s2, &last, &index), OK);
	assert_int_equal(s2_map(&s2, index), OK);
	assert_int_equal(walk(0, BIT32(27) - 1).pa_page, BIT32(28) - 1);
	for (uint32_t i = 1; i < S2_RANGES_MAX; i++) {
		assert_int_equal(s2_allow(&s2, &last, &index), OK);
	}
	assert_int_equal(s2_allow(&s2, &last, &index), ERR_FULL);
}

static void test_spaces_and_pools_are_refused(void **state)
{
	(void)state;
	assert_int_equal(s2_init(&s2, POOL_PAGE, 0), ERR_RANGE);
	assert_int_equal(s2_init(&s2, POOL_PAGE, S2_TABLES_MAX + 1), ERR_RANGE);
	assert_int_equal(s2_init(&s2, BIT32(28) - 1, 2), ERR_RANGE);
	assert_int_equal(s2_init(&s2, UINT32_MAX, 1), ERR_RANGE);
	start(2);
	assert_int_equal(s2_root_page(&s2, 0), S2_NONE);
	assert_int_equal(s2_root_page(&s2, S2_SPACES), S2_NONE);
	assert_int_equal(s2_space_create(&s2, S2_SPACES), ERR_RANGE);
	assert_int_equal(s2_space_create(&s2, S2_SPACES - 1), OK);
	assert_int_equal(s2_space_create(&s2, S2_SPACES - 1), ERR_STATE);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_space_create(&s2, 1), ERR_FULL);
	assert_int_equal(s2_root_page(&s2, 0), POOL_PAGE + 1);
	assert_int_equal(s2_space_of(3, PV_SPACE_VMM), 7);
}

static void test_nothing_moves_when_sealed(void **state)
{
	(void)state;
	static uint64_t before[FAKE_POOL_PAGES][512];
	struct s2_range range = range_of(5, 0x100, 3);
	uint32_t index;
	uint32_t mapped;

	start(FAKE_POOL_PAGES);
	assert_int_equal(s2_space_create(&s2, 0), OK);
	assert_int_equal(s2_allow(&s2, &range, &index), OK);
	assert_int_equal(s2_map(&s2, index + 1), ERR_RANGE);
	assert_int_equal(s2_step(&s2, index, 4, &mapped), ERR_RANGE);
	assert_int_equal(s2_step(&s2, index, 8, &mapped), ERR_RANGE);
	s2_seal(&s2);
	memcpy(before, fake_pool, sizeof(before));
	assert_int_equal(s2_space_create(&s2, 1), ERR_STATE);
	assert_int_equal(s2_allow(&s2, &range, &index), ERR_STATE);
	assert_int_equal(s2_map(&s2, 0), ERR_STATE);
	assert_int_equal(s2_step(&s2, 0, 5, &mapped), ERR_STATE);
	assert_memory_equal(before, fake_pool, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_maps),
		cmocka_unit_test(test_small_pools),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_ranges_are_refused),
		cmocka_unit_test(test_spaces_and_pools_are_refused),
		cmocka_unit_test(test_nothing_moves_when_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
