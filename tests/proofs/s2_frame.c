/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s2_spec_entry() rests on what prove_nothing_changed() shows to stay: an entry that was allowed
 * in one state is allowed in any later one. Two states that share pool, the tables and the range
 * that the entry speaks of, and differ otherwise as they like, except that the counters only grow.
 */
#include "tests/proofs/s2_state.h"

int main(void)
{
	uint32_t t = nondet_u32();
	uint32_t entry = nondet_u32();
	uint64_t d = nondet_u64();
	uint32_t witness = nondet_u32();

	before = nondet_s2();
	proof_s2 = nondet_s2();
	ASSUME(s2_spec_counts(&before) && s2_spec_counts(&proof_s2));
	ASSUME(t < before.table_count && entry < S2_SPEC_ENTRIES);
	ASSUME(s2_spec_entry(&before, t, entry, d, witness));

	uint32_t target = s2_spec_target(&before, d);
	ASSUME(proof_s2.pool_page == before.pool_page);
	ASSUME(proof_s2.table_count >= before.table_count);
	ASSUME(proof_s2.range_count >= before.range_count);
	proof_s2.tables[t] = before.tables[t];
	if (target < before.table_count) {
		proof_s2.tables[target] = before.tables[target];
	}
	if (witness < before.range_count) {
		proof_s2.ranges[witness] = before.ranges[witness];
	}
	PROVE(s2_spec_entry(&proof_s2, t, entry, d, witness), "the entry is still allowed");
	COVER(d != 0 && s2_spec_is_table(before.tables[t].level, d), "a table");
	COVER(d != 0 && !s2_spec_is_table(before.tables[t].level, d), "a leaf");
	return 0;
}
