/* SPDX-License-Identifier: BSD-2-Clause */
/* The facts of s2_lemmas.h, for all values. */
#include "tests/proofs/s2_lemmas.h"

#include "tests/proofs/proof.h"

struct s2_range nondet_range(void);

int main(void)
{
	struct s2_range range = nondet_range();
	uint32_t ipa_page = nondet_u32();

	LEMMA(lemma_distance(range, ipa_page), "lemma_distance");
	PROVE(lemma_off_pool(range, ipa_page, nondet_u32(), nondet_u32()), "lemma_off_pool");
	PROVE(lemma_block(range, ipa_page), "lemma_block");
	COVER(range.page_count > 0, "any range");
	return 0;
}
