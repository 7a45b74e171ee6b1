/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One s2_step() from any state that has the invariant, with any arguments: it keeps the invariant,
 * changes nothing that was there, writes one entry at most and only an empty one, and makes
 * progress. s2_map() is nothing but such steps.
 */
#include "tests/proofs/s2_state.h"

static void prove_progress(struct s2_range range, uint32_t ipa_page, uint32_t mapped)
{
	uint32_t leaf = proof_s2.tables[proof_pte.table].ipa_page +
	                proof_pte.entry * s2_spec_span(proof_s2.tables[proof_pte.table].level);

	PROVE(!before.sealed, "not after the seal");
	PROVE(proof_pte.writes == 1, "writes one entry");
	if (mapped == 0) {
		PROVE(proof_s2.table_count == before.table_count + 1,
		      "a step that maps nothing takes a table");
		return;
	}
	PROVE(proof_s2.table_count == before.table_count, "a leaf takes no table");
	PROVE(pages_inside(ipa_page, mapped, range.ipa_page, range.page_count),
	      "maps nothing behind the range");
	PROVE(proof_pte.reads == (mapped == 1 ? 3U : 2U), "maps as much as it says, at this page");
}

int main(void)
{
	uint32_t index = nondet_u32();
	uint32_t ipa_page = nondet_u32();
	uint32_t mapped = nondet_u32();

	any_state();
	assume_range(index);
	proof_pte.range = index;
	proof_pte.ipa_page = ipa_page;
	proof_pte.space = index < S2_RANGES_MAX ? before.ranges[index].space : 0;
	err_t err = s2_step(&proof_s2, index, ipa_page, &mapped);
	prove_state();
	prove_nothing_changed();
	PROVE(proof_pte.reads <= 3, "three reads at most");
	PROVE(proof_s2.range_count == before.range_count, "ranges are not made here");
	if (err == OK) {
		prove_progress(before.ranges[index], ipa_page, mapped);
	} else {
		prove_no_effect();
		PROVE(mapped == 0, "an error maps nothing");
		PROVE(err == ERR_STATE || err == ERR_FULL || err == ERR_OVERLAP ||
		              (err == ERR_RANGE && proof_pte.reads == 0),
		      "the errors are those that are documented");
	}
	COVER(err == OK && mapped == 512, "a block");
	COVER(err == OK && mapped == 1, "a page");
	COVER(err == OK && mapped == 0 && proof_pte.reads == 2, "a table of level 3");
	COVER(err == OK && proof_pte.value >> 54 == 0 && mapped == 1, "an executable page");
	COVER(err == ERR_OVERLAP && proof_pte.reads == 2, "a block is in the way");
	COVER(err == ERR_OVERLAP && proof_pte.reads == 3, "a page is in the way");
	COVER(err == ERR_FULL, "the pool is used up");
	return 0;
}
