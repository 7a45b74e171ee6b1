/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-2 mapper. Boot calls it on one CPU, before any space is in use; nobody calls it after
 * s2_seal(). It owns struct s2 and the page pool; its invariant is kernel/arm/s2_spec.h.
 */
#include "kernel/arm/s2.h"

#include "lib/bits.h"
#include "lib/range.h"
#include "pte.h"

#define IPA_PAGES BIT32(PV_IPA_BITS - PV_PAGE_SHIFT)
#define PA_PAGES BIT32(PV_PA_BITS - PV_PAGE_SHIFT)
#define INDEX_BITS 9U
#define ENTRIES BIT32(INDEX_BITS)
#define BLOCK_PAGES ENTRIES
#define BLOCK_LEVEL 2U
#define PAGE_LEVEL 3U

/* Arm ARM K.a D8.3.1, D8.3.2 "Stage 2 attribute fields". */
#define PTE_VALID BIT64(0)
#define PTE_TABLE BIT64(1)
#define PTE_PAGE BIT64(1)
#define PTE_MEMORY_DEVICE_NGNRE (UINT64_C(0x1) << 2)
#define PTE_MEMORY_NORMAL_WB (UINT64_C(0xf) << 2)
#define PTE_READ BIT64(6)
#define PTE_WRITE BIT64(7)
#define PTE_INNER_SHAREABLE (UINT64_C(3) << 8)
#define PTE_ACCESSED BIT64(10)
#define PTE_ADDRESS MASK64(PV_PAGE_SHIFT, 36)
#define PTE_EXECUTE_NEVER BIT64(54)

#define RIGHTS_KNOWN (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)

/* Index in a table of @level for a page. */
static uint32_t entry_of(uint32_t ipa_page, uint32_t level)
{
	return (ipa_page >> (INDEX_BITS * (PAGE_LEVEL - level))) & (ENTRIES - 1);
}

/* The page as far as a table of @level and all above it translate it. */
static uint32_t prefix_of(uint32_t ipa_page, uint32_t level)
{
	return ipa_page & ~(BIT32(INDEX_BITS * (PAGE_LEVEL - level)) - 1);
}

static uint64_t leaf_pte(const struct s2_range *range, uint32_t pa_page, uint32_t level)
{
	uint64_t pte = (uint64_t)pa_page << PV_PAGE_SHIFT | PTE_VALID | PTE_READ | PTE_ACCESSED;

	if (level == PAGE_LEVEL) {
		pte |= PTE_PAGE;
	}
	if (range->memory == S2_MEMORY_DEVICE) {
		pte |= PTE_MEMORY_DEVICE_NGNRE;
	} else {
		pte |= PTE_MEMORY_NORMAL_WB | PTE_INNER_SHAREABLE;
	}
	if ((range->rights & PV_RIGHT_WRITE) != 0) {
		pte |= PTE_WRITE;
	}
	if ((range->rights & PV_RIGHT_EXEC) == 0) {
		pte |= PTE_EXECUTE_NEVER;
	}
	return pte;
}

/* Take the next table of the pool; the caller has seen that there is one. */
static uint32_t take_table(struct s2 *s2, uint32_t space, uint32_t level, uint32_t ipa_page)
{
	uint32_t table = s2->table_count;

	s2->tables[table].ipa_page = ipa_page;
	s2->tables[table].space = (uint16_t)space;
	s2->tables[table].level = (uint16_t)level;
	s2->table_count = table + 1;
	return table;
}

err_t s2_init(struct s2 *s2, uint32_t pool_page, uint32_t pool_page_count)
{
	if (pool_page_count == 0 || pool_page_count > S2_TABLES_MAX ||
	    !pages_fit(pool_page, pool_page_count, PA_PAGES)) {
		return ERR_RANGE;
	}
	s2->pool_page = pool_page;
	s2->pool_page_count = pool_page_count;
	s2->table_count = 0;
	s2->range_count = 0;
	for (uint32_t space = 0; space < S2_SPACES; space++) {
		s2->root[space] = S2_NONE;
	}
	s2->sealed = false;
	return OK;
}

err_t s2_space_create(struct s2 *s2, uint32_t space)
{
	if (space >= S2_SPACES) {
		return ERR_RANGE;
	}
	if (s2->sealed || s2->root[space] != S2_NONE) {
		return ERR_STATE;
	}
	if (s2->table_count >= s2->pool_page_count) {
		return ERR_FULL;
	}
	s2->root[space] = take_table(s2, space, 1, 0);
	return OK;
}

/* May a space have this range at all? */
static err_t check_range(const struct s2 *s2, const struct s2_range *range)
{
	if (range->page_count == 0 || !pages_fit(range->ipa_page, range->page_count, IPA_PAGES) ||
	    !pages_fit(range->pa_page, range->page_count, PA_PAGES)) {
		return ERR_RANGE;
	}
	if (pages_overlap(range->pa_page, range->page_count, s2->pool_page, s2->pool_page_count)) {
		return ERR_OVERLAP;
	}
	if ((range->rights & PV_RIGHT_READ) == 0 || (range->rights & ~RIGHTS_KNOWN) != 0) {
		return ERR_ARG;
	}
	if (range->memory != S2_MEMORY_NORMAL &&
	    (range->memory != S2_MEMORY_DEVICE || (range->rights & PV_RIGHT_EXEC) != 0)) {
		return ERR_ARG;
	}
	return OK;
}

err_t s2_allow(struct s2 *s2, const struct s2_range *range, uint32_t *index)
{
	if (range->space >= S2_SPACES) {
		return ERR_RANGE;
	}
	if (s2->sealed || s2->root[range->space] == S2_NONE) {
		return ERR_STATE;
	}
	err_t err = check_range(s2, range);
	if (err != OK) {
		return err;
	}
	if (s2->range_count >= S2_RANGES_MAX) {
		return ERR_FULL;
	}
	*index = s2->range_count;
	s2->ranges[s2->range_count] = *range;
	s2->range_count++;
	return OK;
}

/* Put a new table into the empty entry of @parent that leads to @ipa_page. */
static err_t add_table(struct s2 *s2, uint32_t parent, uint32_t level, uint32_t ipa_page)
{
	if (s2->table_count >= s2->pool_page_count) {
		return ERR_FULL;
	}
	uint32_t table =
		take_table(s2, s2->tables[parent].space, level + 1, prefix_of(ipa_page, level));
	uint64_t pte = (uint64_t)(s2->pool_page + table) << PV_PAGE_SHIFT;
	pte_set(s2->pool_page, parent, entry_of(ipa_page, level), pte | PTE_TABLE | PTE_VALID);
	return OK;
}

err_t s2_step(struct s2 *s2, uint32_t index, uint32_t ipa_page, uint32_t *mapped)
{
	*mapped = 0;
	if (s2->sealed) {
		return ERR_STATE;
	}
	if (index >= s2->range_count) {
		return ERR_RANGE;
	}
	const struct s2_range range = s2->ranges[index];
	if (!pages_inside(ipa_page, 1, range.ipa_page, range.page_count)) {
		return ERR_RANGE;
	}
	/* Modulo 2^32 on the way, which the solver likes better than two sums. */
	uint32_t pa_page = ipa_page + (range.pa_page - range.ipa_page);
	bool block = pages_inside(ipa_page, BLOCK_PAGES, range.ipa_page, range.page_count) &&
	             ((ipa_page | pa_page) & (BLOCK_PAGES - 1)) == 0;
	uint32_t table = s2->root[range.space];

	for (uint32_t level = 1; level <= PAGE_LEVEL; level++) {
		uint32_t entry = entry_of(ipa_page, level);
		uint64_t pte = pte_get(s2->pool_page, table, entry);

		if (level == (block ? BLOCK_LEVEL : PAGE_LEVEL)) {
			if (pte != 0) {
				return ERR_OVERLAP;
			}
			pte_set(s2->pool_page, table, entry, leaf_pte(&range, pa_page, level));
			*mapped = block ? BLOCK_PAGES : 1;
			return OK;
		}
		if (pte == 0) {
			return add_table(s2, table, level, ipa_page);
		}
		if ((pte & PTE_TABLE) == 0) {
			return ERR_OVERLAP; /* a block is there already */
		}
		table = (uint32_t)((pte & PTE_ADDRESS) >> PV_PAGE_SHIFT) - s2->pool_page;
	}
	return ERR_RANGE; /* not reached: the last level is a leaf */
}

err_t s2_map(struct s2 *s2, uint32_t index)
{
	if (index >= s2->range_count) {
		return ERR_RANGE;
	}
	/* Ends: a step that maps nothing takes a table, and the pool has S2_TABLES_MAX at most. */
	uint32_t page = s2->ranges[index].ipa_page;
	uint32_t end = page + s2->ranges[index].page_count;
	while (page < end) {
		uint32_t mapped;
		err_t err = s2_step(s2, index, page, &mapped);
		if (err != OK) {
			return err;
		}
		page += mapped;
	}
	return OK;
}

uint32_t s2_root_page(const struct s2 *s2, uint32_t space)
{
	if (space >= S2_SPACES || s2->root[space] == S2_NONE) {
		return S2_NONE;
	}
	return s2->pool_page + s2->root[space];
}

void s2_seal(struct s2 *s2)
{
	s2->sealed = true;
}
