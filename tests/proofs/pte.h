/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table memory in the proofs: there is none. A read gives any value that the specification allows
 * at that place, with some range as its witness; a write must be allowed by it, with the range
 * that is being mapped as the witness. So 512 entries cost what one costs, and what is proved
 * holds for every content of the pool that the invariant allows.
 */
#ifndef TESTS_PROOFS_PTE_H
#define TESTS_PROOFS_PTE_H

#include "kernel/arm/s2_spec.h"
#include "tests/proofs/proof.h"

struct proof_pte {
	/* What the harness is about, set by it: a walk to this page of this space, and the range
	 * that is being mapped there. */
	uint32_t space;
	uint32_t ipa_page;
	uint32_t range;
	/* What happened. */
	uint32_t reads;
	uint32_t table; /* of the last read */
	uint32_t entry;
	uint64_t value;
	uint32_t witness; /* of the value read, if it is a leaf */
	uint32_t writes;
};

extern struct s2 proof_s2;
extern struct proof_pte proof_pte;

/* The table that a walk to proof_pte.ipa_page should have come to by its last read. */
static inline struct s2_table table_on_the_way(void)
{
	uint32_t reach = S2_SPEC_ENTRIES * s2_spec_span(proof_pte.reads);

	return (struct s2_table){proof_pte.ipa_page & ~(reach - 1), (uint16_t)proof_pte.space,
	                         (uint16_t)proof_pte.reads};
}

static inline bool same_table(struct s2_table a, struct s2_table b)
{
	return a.ipa_page == b.ipa_page && a.space == b.space && a.level == b.level;
}

static inline uint64_t pte_get(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	PROVE(pool_page == proof_s2.pool_page && table < proof_s2.table_count,
	      "reads a table that is in use");
	proof_pte.reads++;
	proof_pte.table = table;
	proof_pte.entry = entry;
	proof_pte.value = nondet_u64();
	proof_pte.witness = nondet_u32();
	ASSUME(s2_spec_table(&proof_s2, table));
	struct s2_table expected = table_on_the_way();
	LEMMA(same_table(proof_s2.tables[table], expected), "each table is the one for this page");
	LEMMA((expected.ipa_page | s2_spec_offset(expected.level, entry)) ==
	                      (proof_pte.ipa_page & ~(s2_spec_span(expected.level) - 1)) &&
	              entry < S2_SPEC_ENTRIES,
	      "each entry is the one for this page");
	/* The table as a value: for the solver its level is then a constant. */
	ASSUME(s2_spec_entry_of(&proof_s2, expected, entry, proof_pte.value, proof_pte.witness));
	return proof_pte.value;
}

static inline void pte_set(uint32_t pool_page, uint32_t table, uint32_t entry, uint64_t value)
{
	PROVE(pool_page == proof_s2.pool_page, "writes the pool");
	PROVE(proof_pte.reads > 0 && proof_pte.table == table && proof_pte.entry == entry &&
	              proof_pte.value == 0,
	      "writes only an entry that it has just seen empty");
	PROVE(value != 0 && s2_spec_entry_of(&proof_s2, table_on_the_way(), entry, value,
	                                     proof_pte.range),
	      "writes only what the specification allows there");
	proof_pte.writes++;
	proof_pte.value = value;
}

#endif
