/* SPDX-License-Identifier: BSD-2-Clause */
/* s2_space_create() from any state: the invariant stays, nothing old changes. */
#include "tests/proofs/s2_state.h"

int main(void)
{
	uint32_t space = nondet_u32();

	any_state();
	assume_space(space);
	err_t err = s2_space_create(&proof_s2, space);
	prove_state();
	prove_nothing_changed();
	if (err == OK) {
		PROVE(!before.sealed && before.root[space] == S2_NONE, "creates once, unsealed");
		PROVE(proof_s2.root[space] == before.table_count, "the root is a fresh table");
		PROVE(s2_root_page(&proof_s2, space) == proof_s2.pool_page + before.table_count,
		      "and that is what the CPU gets");
	} else {
		prove_no_effect();
	}
	COVER(err == OK, "a space is created");
	COVER(err == ERR_FULL, "the pool is used up");
	COVER(err == ERR_STATE && !before.sealed, "a space is refused its second root");
	COVER(err == ERR_STATE && before.sealed, "sealed");
	return 0;
}
