/* SPDX-License-Identifier: BSD-2-Clause */
/* s2_allow() from any state, with any range: what it takes is sane, and nothing old changes. */
#include "tests/proofs/s2_state.h"

struct s2_range nondet_range(void);

int main(void)
{
	struct s2_range range = nondet_range();
	uint32_t index = nondet_u32();

	any_state();
	assume_space(range.space);
	err_t err = s2_allow(&proof_s2, &range, &index);
	prove_state();
	prove_nothing_changed();
	if (err == OK) {
		PROVE(!before.sealed, "not after the seal");
		PROVE(index == before.range_count && proof_s2.range_count == index + 1,
		      "it gets the next index");
		PROVE(same_range(proof_s2.ranges[index], range), "it is what was given");
	} else {
		prove_no_effect();
	}
	PROVE(proof_pte.reads == 0 && proof_pte.writes == 0, "no table is touched");
	COVER(err == OK && range.memory == S2_MEMORY_DEVICE, "device memory");
	COVER(err == OK && range.rights == S2_SPEC_RIGHTS, "all rights");
	COVER(err == OK && range.page_count == S2_SPEC_IPA_PAGES, "the whole of a space");
	COVER(err == ERR_OVERLAP, "a range on the pool");
	COVER(err == ERR_ARG, "rights that do not exist");
	COVER(err == ERR_FULL, "too many ranges");
	COVER(err == ERR_STATE, "no root, or sealed");
	return 0;
}
