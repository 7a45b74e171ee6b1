/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s2_map() with s2_step() replaced (by the runner, in the call) by what s2_step.c proves of it: an
 * error, or a table and nothing mapped, or pages from the one it was asked for on. It asks for
 * each page of the range in order, leaves none out, and stops at the first error.
 *
 * Three turns are any number of turns: the loop's only state is the page that it stands at, and
 * the first turn may already leave it anywhere in the range.
 */
#include "kernel/arm/s2.h"
#include "tests/proofs/proof.h"

#define TURNS 3U

static struct s2_range proof_range;
static uint32_t proof_index;
static uint32_t next; /* the page that is to be asked for */
static uint32_t turns;
static bool failed;

/* There is no table memory here: nobody gets that far. */
static inline uint64_t pte_get(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	(void)pool_page;
	(void)table;
	(void)entry;
	PROVE(false, "s2_map() reads no table itself");
	return 0;
}

static inline void pte_set(uint32_t pool_page, uint32_t table, uint32_t entry, uint64_t value)
{
	(void)value;
	(void)pte_get(pool_page, table, entry);
}

static err_t proof_step(struct s2 *s2, uint32_t index, uint32_t ipa_page, uint32_t *mapped)
{
	uint32_t end = proof_range.ipa_page + proof_range.page_count;

	(void)s2;
	PROVE(!failed, "no step follows an error");
	PROVE(index == proof_index, "of the range that was named");
	PROVE(ipa_page == next && ipa_page < end, "the next page that is not mapped");
	*mapped = 0;
	if (nondet_bool()) {
		failed = true;
		return ERR_FULL;
	}
	*mapped = nondet_u32();
	ASSUME(*mapped <= end - ipa_page);
	turns++;
	ASSUME(turns < TURNS || *mapped == end - ipa_page);
	next = ipa_page + *mapped;
	return OK;
}

#define TESTS_PROOFS_PTE_H /* the source's own include of pte.h stays empty */
#include S2_SOURCE

struct s2 nondet_s2(void);

int main(void)
{
	struct s2 s2 = nondet_s2();

	proof_index = nondet_u32();
	ASSUME(s2.range_count <= S2_RANGES_MAX);
	if (proof_index < s2.range_count) {
		proof_range = s2.ranges[proof_index];
		ASSUME(proof_range.page_count > 0 && proof_range.ipa_page < 1U << 27 &&
		       proof_range.page_count <= (1U << 27) - proof_range.ipa_page);
	}
	next = proof_range.ipa_page;
	err_t err = s2_map(&s2, proof_index);
	PROVE((err == OK) == (proof_index < s2.range_count && !failed), "OK is OK");
	PROVE(err != OK || next == proof_range.ipa_page + proof_range.page_count,
	      "every page was mapped");
	PROVE(turns == 0 || proof_index < s2.range_count, "of a declared range only");
	COVER(err == OK && turns == TURNS, "three turns");
	COVER(err == ERR_FULL && turns == 1, "an error later");
	COVER(err == ERR_RANGE, "no such range");
	return 0;
}
