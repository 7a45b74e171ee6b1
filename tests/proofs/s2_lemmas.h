/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts of arithmetic that the mapper's proofs use. A solver finds each by itself in a second when
 * it stands alone (s2_lemmas.c), and not in minutes amidst the tables of struct s2. Each is true
 * for all values, so a harness may assume it of any.
 */
#ifndef TESTS_PROOFS_S2_LEMMAS_H
#define TESTS_PROOFS_S2_LEMMAS_H

#include "kernel/arm/s2_spec.h"

/* Where @range translates @ipa_page to; modulo 2^32 on the way. */
static inline uint32_t translate(struct s2_range range, uint32_t ipa_page)
{
	return ipa_page + (range.pa_page - range.ipa_page);
}

/* The distance from the start of the range is the same on both sides. */
static inline bool lemma_distance(struct s2_range range, uint32_t ipa_page)
{
	return translate(range, ipa_page) - range.pa_page == ipa_page - range.ipa_page;
}

/* A page of a range that is off the pool is translated to a page that is off the pool. */
static inline bool lemma_off_pool(struct s2_range range, uint32_t ipa_page, uint32_t pool_page,
                                  uint32_t pool_page_count)
{
	if (range.page_count == 0 ||
	    !pages_fit(range.ipa_page, range.page_count, S2_SPEC_IPA_PAGES) ||
	    !pages_fit(range.pa_page, range.page_count, S2_SPEC_PA_PAGES) ||
	    !pages_fit(pool_page, pool_page_count, S2_SPEC_PA_PAGES) ||
	    pages_overlap(range.pa_page, range.page_count, pool_page, pool_page_count) ||
	    !pages_inside(ipa_page, 1, range.ipa_page, range.page_count)) {
		return true;
	}
	return !pages_inside(translate(range, ipa_page), 1, pool_page, pool_page_count);
}

/* In an aligned block, the low bits that the hardware takes from the input are the right ones. */
static inline bool lemma_block(struct s2_range range, uint32_t ipa_page)
{
	uint32_t low = S2_SPEC_ENTRIES - 1;
	uint32_t base = translate(range, ipa_page & ~low);

	return (base & low) != 0 || (base | (ipa_page & low)) == translate(range, ipa_page);
}

#endif
