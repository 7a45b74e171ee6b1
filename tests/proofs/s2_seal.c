/* SPDX-License-Identifier: BSD-2-Clause */
/* s2_seal() from any state: the invariant stays, and nothing changes but that no step follows. */
#include "tests/proofs/s2_state.h"

int main(void)
{
	uint32_t index = nondet_u32();
	uint32_t mapped = nondet_u32();

	any_state();
	s2_seal(&proof_s2);
	prove_state();
	prove_nothing_changed();
	PROVE(proof_s2.sealed, "sealed");
	PROVE(s2_step(&proof_s2, index, nondet_u32(), &mapped) == ERR_STATE, "no step follows");
	PROVE(s2_space_create(&proof_s2, nondet_u32()) != OK, "no space is created");
	PROVE(proof_pte.reads == 0 && proof_pte.writes == 0, "no table is touched");
	COVER(!before.sealed && before.table_count > 0, "sealed a pool in use");
	return 0;
}
