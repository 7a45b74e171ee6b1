/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Any state of the mapper that has the invariant", and what every operation must do to it. Each
 * harness of the mapper includes this once; it brings the mapper's source with it.
 */
#ifndef TESTS_PROOFS_S2_STATE_H
#define TESTS_PROOFS_S2_STATE_H

#include "tests/proofs/pte.h"

#include S2_SOURCE /* kernel/arm/s2.c, or a mutant of it: the runner says */

struct s2 proof_s2;
struct proof_pte proof_pte;

struct s2 nondet_s2(void);

/* The state before. */
static struct s2 before;

/* One of each thing in it. They may be any, so what is proved of them is proved of all; and the
 * invariant, which speaks of all, is assumed only of those and of what the code looks at. */
static uint32_t old_space;
static uint32_t old_range;
static uint32_t old_table;

static void assume_space(uint32_t space)
{
	if (space < S2_SPACES) {
		ASSUME(s2_spec_root(&proof_s2, space));
	}
}

static void assume_range(uint32_t range)
{
	if (range < proof_s2.range_count) {
		ASSUME(s2_spec_range(&proof_s2, range));
		assume_space(proof_s2.ranges[range].space);
	}
}

static void any_state(void)
{
	proof_s2 = nondet_s2();
	ASSUME(s2_spec_counts(&proof_s2));
	before = proof_s2;
	old_space = nondet_u32();
	old_range = nondet_u32();
	old_table = nondet_u32();
	assume_space(old_space);
	assume_range(old_range);
	if (old_table < proof_s2.table_count) {
		ASSUME(s2_spec_table(&proof_s2, old_table));
	}
}

/* The invariant holds: for the old things and for what may have come. */
static void prove_state(void)
{
	PROVE(s2_spec_counts(&proof_s2), "pool and counters are sane");
	if (old_space < S2_SPACES) {
		PROVE(s2_spec_root(&proof_s2, old_space), "roots are sane");
	}
	if (old_range < proof_s2.range_count) {
		PROVE(s2_spec_range(&proof_s2, old_range), "ranges are sane");
	}
	if (old_table < proof_s2.table_count) {
		PROVE(s2_spec_table(&proof_s2, old_table), "tables are sane");
	}
}

static bool same_range(struct s2_range a, struct s2_range b)
{
	return a.ipa_page == b.ipa_page && a.pa_page == b.pa_page && a.page_count == b.page_count &&
	       a.space == b.space && a.rights == b.rights && a.memory == b.memory;
}

/*
 * What was said once stays said. All that s2_spec_entry() says of an entry that was there before
 * rests on one table or two, one range, the pool's place and lower bounds of the two counters: none
 * of them changed, so it still says the same (s2_frame.c proves this step by itself).
 */
static void prove_nothing_changed(void)
{
	PROVE(proof_s2.pool_page == before.pool_page &&
	              proof_s2.pool_page_count == before.pool_page_count,
	      "the pool stays");
	PROVE(proof_s2.table_count >= before.table_count &&
	              proof_s2.range_count >= before.range_count,
	      "nothing is taken back");
	PROVE(!before.sealed || proof_s2.sealed, "sealed for good");
	if (old_space < S2_SPACES && before.root[old_space] != S2_NONE) {
		PROVE(proof_s2.root[old_space] == before.root[old_space], "roots stay");
	}
	if (old_range < before.range_count) {
		PROVE(same_range(proof_s2.ranges[old_range], before.ranges[old_range]),
		      "ranges stay");
	}
	if (old_table < before.table_count) {
		PROVE(same_table(proof_s2.tables[old_table], before.tables[old_table]),
		      "tables stay what they are");
	}
}

/* Nothing at all changed that anybody can see. */
static void prove_no_effect(void)
{
	PROVE(proof_s2.table_count == before.table_count &&
	              proof_s2.range_count == before.range_count &&
	              proof_s2.sealed == before.sealed && proof_pte.writes == 0,
	      "an error has no effect");
	if (old_space < S2_SPACES) {
		PROVE(proof_s2.root[old_space] == before.root[old_space],
		      "an error leaves the roots");
	}
}

#endif
