/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debug build looks at every entry of every stage-2 table before the first VM runs.
 */
#include "kernel/core/invariants.h"
#include "kernel/core/s2_spec.h"
#include "pte.h"

/* Whether some declared range says what entry @entry of table @t holds. */
static bool entry_holds(const struct s2 *s2, uint32_t t, uint32_t entry)
{
	uint64_t d = pte_get(s2->pool_page, t, entry);

	if (s2_spec_entry(s2, t, entry, d, S2_NONE)) {
		return true;
	}
	for (uint32_t i = 0; i < S2_RANGES_MAX; i++) {
		if (i < s2->range_count && s2_spec_entry(s2, t, entry, d, i)) {
			return true;
		}
	}
	return false;
}

bool invariants_hold(const struct s2 *s2)
{
	if (!s2_spec_state(s2)) {
		return false;
	}
	for (uint32_t t = 0; t < S2_TABLES_MAX; t++) {
		for (uint32_t entry = 0; entry < S2_SPEC_ENTRIES; entry++) {
			if (t < s2->table_count && !entry_holds(s2, t, entry)) {
				return false;
			}
		}
	}
	return true;
}
