/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is true of the stage-2 tables at all times, said once: the proofs of tests/proofs assume
 * and assert it, the host's tests check it after random calls, and a debug build of the kernel
 * asserts it when the tables are sealed. Written from the Arm ARM (K.a D8.3) and not from s2.c,
 * with which it shares the types only.
 *
 *   space --root--> table, level 1 --> table, level 2 --> table, level 3
 *                                          |                 |
 *                                     2 MiB block         page       inside one range of the space
 *
 * The heart is s2_spec_entry(): a statement on one entry and on state that never changes again, so
 * it stays true whatever is written elsewhere.
 */
#ifndef KERNEL_ARM_S2_SPEC_H
#define KERNEL_ARM_S2_SPEC_H

#include "kernel/arm/s2.h"
#include "lib/range.h"

#define S2_SPEC_IPA_PAGES (1U << (PV_IPA_BITS - PV_PAGE_SHIFT))
#define S2_SPEC_PA_PAGES (1U << (PV_PA_BITS - PV_PAGE_SHIFT))
#define S2_SPEC_ENTRIES 512U
#define S2_SPEC_RIGHTS (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)

/* Descriptor bits: D8.3.1 (table, block, page), D8.3.2 (attributes of stage 2). */
#define S2_SPEC_VALID UINT64_C(1)
#define S2_SPEC_TABLE UINT64_C(2) /* in levels 1 and 2: a table; in level 3: a page */
#define S2_SPEC_ADDRESS UINT64_C(0x000000fffffff000) /* as far as PV_PA_BITS go */
#define S2_SPEC_XN (UINT64_C(1) << 54)
#define S2_SPEC_AF (UINT64_C(1) << 10)
#define S2_SPEC_INNER (UINT64_C(3) << 8)
#define S2_SPEC_S2AP_READ (UINT64_C(1) << 6)
#define S2_SPEC_S2AP_WRITE (UINT64_C(2) << 6)
#define S2_SPEC_NORMAL_WB (UINT64_C(15) << 2)
#define S2_SPEC_DEVICE_NGNRE (UINT64_C(1) << 2)

/** Pages that one entry of a table of @level translates. */
static inline uint32_t s2_spec_span(uint32_t level)
{
	return level == 1 ? 1U << 18 : level == 2 ? 1U << 9 : 1U;
}

/** First page that entry @entry of a table of @level translates, counted from the table's first. */
static inline uint32_t s2_spec_offset(uint32_t level, uint32_t entry)
{
	return level == 1 ? entry << 18 : level == 2 ? entry << 9 : entry;
}

/** The pool is sane, and the counters lie in their tables. */
static inline bool s2_spec_counts(const struct s2 *s2)
{
	return s2->pool_page_count > 0 && s2->pool_page_count <= S2_TABLES_MAX &&
	       pages_fit(s2->pool_page, s2->pool_page_count, S2_SPEC_PA_PAGES) &&
	       s2->table_count <= s2->pool_page_count && s2->range_count <= S2_RANGES_MAX;
}

/** @space has no root, or one that translates the space from address 0 on. */
static inline bool s2_spec_root(const struct s2 *s2, uint32_t space)
{
	uint32_t root = s2->root[space];

	return root == S2_NONE || (root < s2->table_count && s2->tables[root].space == space &&
	                           s2->tables[root].level == 1 && s2->tables[root].ipa_page == 0);
}

/** @range is one that a space may be given, beside a pool of tables. */
static inline bool s2_spec_may_have(struct s2_range range, uint32_t pool_page,
                                    uint32_t pool_page_count)
{
	return range.page_count > 0 && range.space < S2_SPACES &&
	       pages_fit(range.ipa_page, range.page_count, S2_SPEC_IPA_PAGES) &&
	       pages_fit(range.pa_page, range.page_count, S2_SPEC_PA_PAGES) &&
	       !pages_overlap(range.pa_page, range.page_count, pool_page, pool_page_count) &&
	       (range.rights & PV_RIGHT_READ) != 0 && (range.rights & ~S2_SPEC_RIGHTS) == 0 &&
	       (range.memory == S2_MEMORY_NORMAL ||
	        (range.memory == S2_MEMORY_DEVICE && (range.rights & PV_RIGHT_EXEC) == 0));
}

/** Range @i, which is declared, is sane, and its space exists. */
static inline bool s2_spec_range(const struct s2 *s2, uint32_t i)
{
	return s2_spec_may_have(s2->ranges[i], s2->pool_page, s2->pool_page_count) &&
	       s2->root[s2->ranges[i].space] != S2_NONE;
}

/** Table @t, which is in use, translates an aligned part of a space. */
static inline bool s2_spec_table(const struct s2 *s2, uint32_t t)
{
	struct s2_table table = s2->tables[t];

	return table.space < S2_SPACES && table.level >= 1 && table.level <= 3 &&
	       table.ipa_page < S2_SPEC_IPA_PAGES &&
	       (table.ipa_page & (S2_SPEC_ENTRIES * s2_spec_span(table.level) - 1)) == 0;
}

/** The one descriptor that maps page @pa_page with the rights of @range in a table of @level. */
static inline uint64_t s2_spec_leaf(struct s2_range range, uint32_t level, uint32_t pa_page)
{
	uint64_t kind = level == 3 ? S2_SPEC_VALID | S2_SPEC_TABLE : S2_SPEC_VALID;
	uint64_t memory = range.memory == S2_MEMORY_NORMAL ? S2_SPEC_NORMAL_WB | S2_SPEC_INNER
	                                                   : S2_SPEC_DEVICE_NGNRE;
	uint64_t write = (range.rights & PV_RIGHT_WRITE) != 0 ? S2_SPEC_S2AP_WRITE : 0;
	uint64_t xn = (range.rights & PV_RIGHT_EXEC) != 0 ? 0 : S2_SPEC_XN;

	return (uint64_t)pa_page << PV_PAGE_SHIFT | kind | memory | write | xn | S2_SPEC_S2AP_READ |
	       S2_SPEC_AF;
}

/** In a table of @level, @d leads to another table. */
static inline bool s2_spec_is_table(uint32_t level, uint64_t d)
{
	return level < 3 &&
	       (d & (S2_SPEC_TABLE | S2_SPEC_VALID)) == (S2_SPEC_TABLE | S2_SPEC_VALID);
}

/** The table that such a @d leads to; S2_NONE if it is not one that is in use. */
static inline uint32_t s2_spec_target(const struct s2 *s2, uint64_t d)
{
	uint32_t page = (uint32_t)((d & S2_SPEC_ADDRESS) >> PV_PAGE_SHIFT);

	if (page < s2->pool_page || page - s2->pool_page >= s2->table_count) {
		return S2_NONE;
	}
	return page - s2->pool_page;
}

/** @d may lead from entry @entry of @table to @next: the same space, and just that part of it. */
static inline bool s2_spec_link(struct s2_table table, uint32_t entry, uint64_t d,
                                struct s2_table next)
{
	return (d & ~S2_SPEC_ADDRESS) == (S2_SPEC_TABLE | S2_SPEC_VALID) &&
	       next.space == table.space && next.level == table.level + 1U &&
	       next.ipa_page == (table.ipa_page | s2_spec_offset(table.level, entry));
}

/** @d may stand in entry @entry of @table as the end of a walk: @range says just this. */
static inline bool s2_spec_map(struct s2_table table, uint32_t entry, uint64_t d,
                               struct s2_range range)
{
	uint32_t span = s2_spec_span(table.level);
	uint32_t ipa_page = table.ipa_page | s2_spec_offset(table.level, entry);

	if (table.level == 1 || range.space != table.space || ipa_page < range.ipa_page ||
	    !pages_fit(ipa_page - range.ipa_page, span, range.page_count)) {
		return false;
	}
	/* The hardware takes a block's low address bits from the input: it must be aligned. */
	uint32_t pa_page = ipa_page + (range.pa_page - range.ipa_page); /* modulo 2^32 */
	return (pa_page & (span - 1)) == 0 && d == s2_spec_leaf(range, table.level, pa_page);
}

/**
 * Descriptor @d may stand in entry @entry of @table: it is 0, or leads to the table that goes on
 * for that very part of the space, or maps what range @witness says. For a leaf the statement is
 * "there is a witness".
 */
static inline bool s2_spec_entry_of(const struct s2 *s2, struct s2_table table, uint32_t entry,
                                    uint64_t d, uint32_t witness)
{
	if ((d & S2_SPEC_VALID) == 0) {
		return d == 0;
	}
	if (s2_spec_is_table(table.level, d)) {
		uint32_t target = s2_spec_target(s2, d);
		return target != S2_NONE && s2_spec_link(table, entry, d, s2->tables[target]);
	}
	return witness < s2->range_count && s2_spec_map(table, entry, d, s2->ranges[witness]);
}

/** The same of table @t. */
static inline bool s2_spec_entry(const struct s2 *s2, uint32_t t, uint32_t entry, uint64_t d,
                                 uint32_t witness)
{
	return s2_spec_entry_of(s2, s2->tables[t], entry, d, witness);
}

/** All of the state outside of the tables. Slow; for tests and debug builds. */
static inline bool s2_spec_state(const struct s2 *s2)
{
	if (!s2_spec_counts(s2)) {
		return false;
	}
	for (uint32_t space = 0; space < S2_SPACES; space++) {
		if (!s2_spec_root(s2, space)) {
			return false;
		}
	}
	for (uint32_t i = 0; i < S2_RANGES_MAX; i++) {
		if (i < s2->range_count && !s2_spec_range(s2, i)) {
			return false;
		}
	}
	for (uint32_t t = 0; t < S2_TABLES_MAX; t++) {
		if (t < s2->table_count && !s2_spec_table(s2, t)) {
			return false;
		}
	}
	return true;
}

#endif
