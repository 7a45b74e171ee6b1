/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only places where sums of foreign numbers are compared. Ranges are half-open,
 * [base, base + size); none of these functions can wrap, whatever it is given.
 *
 * The functions range_* work on bytes (64 bits), pages_* on page numbers (32 bits). The page
 * forms subtract instead of adding in a wider type, since that is what the model checker of
 * tests/proofs follows best.
 */
#ifndef LIB_RANGE_H
#define LIB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/** Does [base, base + size) lie inside [0, limit)? An empty range may stand at the limit. */
static inline bool range_fits(uint64_t base, uint64_t size, uint64_t limit)
{
	uint64_t end;

	return !__builtin_add_overflow(base, size, &end) && end <= limit;
}

/** Does [base, base + size) lie inside [outer, outer + outer_size)? False if either one wraps. */
static inline bool range_inside(uint64_t base, uint64_t size, uint64_t outer, uint64_t outer_size)
{
	uint64_t end;
	uint64_t outer_end;

	return !__builtin_add_overflow(base, size, &end) &&
	       !__builtin_add_overflow(outer, outer_size, &outer_end) && base >= outer &&
	       end <= outer_end;
}

/**
 * Do the two ranges have a byte in common? An empty range overlaps nothing; a range that wraps
 * is taken to end at 2^64.
 */
static inline bool range_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	if (a_size == 0 || b_size == 0) {
		return false;
	}
	return a < b ? b - a < a_size : a - b < b_size;
}

/** Does [page, page + count) lie inside [0, limit)? */
static inline bool pages_fit(uint32_t page, uint32_t count, uint32_t limit)
{
	return count <= limit && page <= limit - count;
}

/** Does [page, page + count) lie inside [outer, outer + outer_count)? */
static inline bool pages_inside(uint32_t page, uint32_t count, uint32_t outer, uint32_t outer_count)
{
	return page >= outer && pages_fit(page - outer, count, outer_count);
}

/** Do the two ranges have a page in common? */
static inline bool pages_overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	if (a_count == 0 || b_count == 0) {
		return false;
	}
	return a < b ? b - a < a_count : a - b < b_count;
}

#endif
