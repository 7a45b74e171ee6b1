/* SPDX-License-Identifier: BSD-2-Clause */
/* s2_init() makes the invariant out of any memory, and every table of the pool is free. */
#include "tests/proofs/s2_state.h"

int main(void)
{
	uint32_t pool_page = nondet_u32();
	uint32_t pool_page_count = nondet_u32();

	proof_s2 = nondet_s2();
	err_t err = s2_init(&proof_s2, pool_page, pool_page_count);
	if (err == OK) {
		prove_state();
		PROVE(proof_s2.table_count == 0 && proof_s2.range_count == 0, "nothing is mapped");
		PROVE(proof_s2.pool_page == pool_page &&
		              proof_s2.pool_page_count == pool_page_count && !proof_s2.sealed,
		      "the pool is the one that was given");
	}
	COVER(err == OK && pool_page_count == S2_TABLES_MAX, "the largest pool");
	COVER(err == ERR_RANGE, "a pool is refused");
	return 0;
}
