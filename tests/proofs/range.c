/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/range.h against what it means, in a type that is wide enough: for all values, no exception.
 * An empty range overlaps nothing.
 */
#include RANGE_SOURCE

#include "tests/proofs/proof.h"

static void prove_pages(void)
{
	uint32_t a = nondet_u32();
	uint32_t a_count = nondet_u32();
	uint32_t b = nondet_u32();
	uint32_t b_count = nondet_u32();
	uint64_t a_end = (uint64_t)a + a_count;
	uint64_t b_end = (uint64_t)b + b_count;

	PROVE(pages_fit(a, a_count, b) == (a_end <= b), "pages_fit");
	PROVE(pages_inside(a, a_count, b, b_count) == (a >= b && a_end <= b_end), "pages_inside");
	PROVE(pages_overlap(a, a_count, b, b_count) ==
	              (a_count > 0 && b_count > 0 && a < b_end && b < a_end),
	      "pages_overlap");
	COVER(pages_fit(a, a_count, b) && a_count > 0, "fits");
	COVER(pages_inside(a, a_count, b, b_count) && a_count > 0, "inside");
	COVER(pages_overlap(a, a_count, b, b_count) && a != b, "overlap");
}

static void prove_bytes(void)
{
	typedef unsigned __int128 wide;
	uint64_t a = nondet_u64();
	uint64_t a_size = nondet_u64();
	uint64_t b = nondet_u64();
	uint64_t b_size = nondet_u64();
	wide a_end = (wide)a + a_size;
	wide b_end = (wide)b + b_size;
	bool wraps = a_end >> 64 != 0 || b_end >> 64 != 0;

	PROVE(range_fits(a, a_size, b) == (a_end <= b), "range_fits");
	PROVE(range_inside(a, a_size, b, b_size) == (!wraps && a >= b && a_end <= b_end),
	      "range_inside");
	PROVE(range_overlap(a, a_size, b, b_size) ==
	              (a_size > 0 && b_size > 0 && a < b_end && b < a_end),
	      "range_overlap");
	COVER(range_fits(a, a_size, b) && a_size > 0, "fits");
	COVER(range_overlap(a, a_size, b, b_size) && wraps, "overlap of a range that wraps");
}

int main(void)
{
	prove_pages();
	prove_bytes();
	return 0;
}
