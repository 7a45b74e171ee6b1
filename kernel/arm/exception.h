/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exception to EL1 does to a guest, for those that EL2 makes it take: Arm ARM (DDI 0487)
 * D1.3. Pure functions; kernel/aarch64/context.c writes the registers.
 */
#ifndef KERNEL_ARM_EXCEPTION_H
#define KERNEL_ARM_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

#define PSTATE_EL0T 0x0ULL
#define PSTATE_EL1T 0x4ULL
#define PSTATE_EL1H 0x5ULL
#define PSTATE_AARCH32 (1ULL << 4)
#define PSTATE_DAIF (0xfULL << 6)
#define PSTATE_SSBS (1ULL << 12)
#define PSTATE_PAN (1ULL << 22)
#define PSTATE_KEPT (PSTATE_PAN | 1ULL << 24 | 0xfULL << 28) /* by an exception: DIT, NZCV too */

#define SCTLR_SPAN (1ULL << 23)
#define SCTLR_DSSBS (1ULL << 44)

/* Syndromes, ESR_EL1 (D24.2.37). */
#define ESR_UNKNOWN_64 (1ULL << 25)     /* EC 0, IL: undefined instruction */
#define ESR_SAME_LEVEL (1ULL << 26)     /* in the class of an abort: from EL1 itself */
#define ESR_ABORT_KEPT 0xfc000140ULL    /* EC, CM, WnR: said alike of the same abort at EL2 */
#define ESR_EXTERNAL_ABORT 0x2000010ULL /* IL; FSC: synchronous, not on a table walk */

#define VECTOR_LOWER_LEVEL 0x400U

/** Where among the vectors it goes, by the PSTATE that it comes from (D1.3.1). */
static inline uint64_t exception_vector(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32) {
		return 0x600; /* EL0: there is no other */
	}
	switch (pstate & 0xf) {
	case PSTATE_EL0T:
		return VECTOR_LOWER_LEVEL;
	case PSTATE_EL1T:
		return 0x000;
	default:
		return 0x200;
	}
}

/** PSTATE as it leaves it (D1.3.3), without features that are hidden. @sctlr: SCTLR_EL1. */
static inline uint64_t exception_pstate(uint64_t before, uint64_t sctlr)
{
	return PSTATE_EL1H | PSTATE_DAIF | (before & PSTATE_KEPT) |
	       ((sctlr & SCTLR_SPAN) ? 0 : PSTATE_PAN) | ((sctlr & SCTLR_DSSBS) ? PSTATE_SSBS : 0);
}

/** ESR_EL1 of a synchronous External abort in the place of the abort that came to EL2 with @esr, at
 * @pstate. To EL2 both classes come as "from a lower level". A walk of the guest's own tables that
 * met the abort is not told apart: EL2 does not learn at which level of them it was. */
static inline uint64_t exception_external_abort(uint64_t esr, uint64_t pstate)
{
	bool user = exception_vector(pstate) >= VECTOR_LOWER_LEVEL;

	return (esr & ESR_ABORT_KEPT) | ESR_EXTERNAL_ABORT | (user ? 0 : ESR_SAME_LEVEL);
}

#endif
