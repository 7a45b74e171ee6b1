/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk as the hardware does it (Arm ARM K.a D8.2.8, D8.3.1), from any root, for any address, in
 * any pool that has the invariant: it stays in tables of this very space and address on the way
 * (the lemmas of tests/proofs/pte.h), and ends nowhere or at a leaf of one of the space's ranges.
 * What such a leaf means is s2_leaf.c.
 */
#include "tests/proofs/s2_state.h"

int main(void)
{
	uint32_t space = nondet_u32();
	uint32_t ipa_page = nondet_u32();

	any_state();
	assume_space(space);
	if (s2_root_page(&proof_s2, space) == S2_NONE) {
		return 0;
	}
	PROVE(s2_root_page(&proof_s2, space) == proof_s2.pool_page + proof_s2.root[space],
	      "the walk begins at the root");
	uint32_t table = proof_s2.root[space];
	ASSUME(ipa_page < S2_SPEC_IPA_PAGES); /* more is an address size fault */
	proof_pte.space = space;
	proof_pte.ipa_page = ipa_page;
	for (uint32_t level = 1; level <= 3; level++) {
		uint32_t shift = level == 1 ? 18 : level == 2 ? 9 : 0;
		uint32_t entry = ipa_page >> shift & (S2_SPEC_ENTRIES - 1);
		uint64_t d = pte_get(proof_s2.pool_page, table, entry);

		if ((d & 1) == 0) {
			COVER(level == 3, "nothing is there");
			return 0; /* translation fault */
		}
		if (level == 3 || (d & 2) == 0) {
			PROVE(level == 3 ? (d & 2) != 0 : level == 2, "a block or a page");
			PROVE(proof_pte.witness < proof_s2.range_count, "of a declared range");
			PROVE(s2_spec_map(table_on_the_way(), entry, d,
			                  proof_s2.ranges[proof_pte.witness]),
			      "which says just this");
			PROVE(proof_s2.ranges[proof_pte.witness].space == space,
			      "and is one of this very space");
			COVER(level == 2, "a block");
			COVER(level == 3, "a page");
			return 0;
		}
		PROVE((d & ~S2_SPEC_ADDRESS) == 3, "a table descriptor has no attributes");
		table = (uint32_t)((d & S2_SPEC_ADDRESS) >> PV_PAGE_SHIFT) - proof_s2.pool_page;
	}
	PROVE(false, "a walk ends at level 3");
	return 0;
}
