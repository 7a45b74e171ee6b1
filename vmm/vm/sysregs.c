/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers: Arm ARM (DDI 0487) D19.2 (ID registers), D22 (tables of debug and
 * performance-monitor registers), D24.2.40 (syndromes).
 */
#include "vmm/vm/sysregs.h"

#include <stddef.h>

#include "lib/bits.h"

/* A register in a syndrome: op0, op1, CRn, CRm, op2. */
#define ISS_REGISTER(op0, op1, crn, crm, op2)                                                      \
	((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_MASK ISS_REGISTER(3U, 7U, 15U, 15U, 7U)
#define ISS_SPACE ISS_REGISTER(3U, 7U, 15U, 0U, 0U)
#define ISS_ID ISS_REGISTER(3U, 0U, 0U, 0U, 0U)
#define ISS_ICC_SRE_EL1 ISS_REGISTER(3U, 0U, 12U, 12U, 5U)
#define ISS_CNTPCT_EL0 ISS_REGISTER(3U, 3U, 14U, 0U, 1U)
#define ISS_IS_READ 1U
#define ISS_CRM(iss) ((iss) >> 1 & 15U)
#define ISS_OP2(iss) ((iss) >> 17 & 7U)

#define ICC_SRE_FIXED 7U /* system registers and no bypass */

/*
 * Registers S3_0_C0_C<CRm>_<op2>, with the most that each field of 4 bits may show; f shows what there
 * is. Those that are not listed, and the fields of features yet to come, read as 0, which is "not
 * implemented" but where f is.
 *
 * Given is what works without help of EL2, by instructions or by registers that are switched with the
 * vCPU. What is not given is trapped (kernel/aarch64/trap_controls.c).
 */
static const struct {
	uint8_t crm, op2;
	uint64_t most;
	uint64_t gicv3; /* and so much more with its registers */
} ids[] = {
	/* clang-format off */
	{1, 0, 0x0000000000f1ffff, 0},        /* PFR0: no RAS, AMU */
	{1, 1, 0x00000000000f000f, 1U << 28}, /* PFR1: the timer; no EL2, no EL3 */
	{1, 4, 0x00000000ffffffff, 0},        /* MMFR0 */
	{1, 5, 0x00000000ffffffff, 0},        /* MMFR1 */
	{1, 6, 0x00000000ffffffff, 0},        /* MMFR2 */
	{1, 7, 0x00000000ffffffff, 0},        /* MMFR3 */
	{2, 0, 0x00000000ffffffff, 0},        /* ISAR0 */
	{2, 1, 0x00000000ffffffff, 0},        /* ISAR1 */
	{2, 2, 0x00000000ffffffff, 0},        /* ISAR2 */
	{2, 3, 0x00000000ffffffff, 0},        /* ISAR3 */
	{2, 4, 0x00000000ffffffff, 0},        /* ISAR4 */
	{2, 5, 0x00000000ffffffff, 0},        /* ISAR5 */
	{2, 7, 0x00000000fff0ffff, 0},        /* ISAR6: no SPECRES */
	{3, 0, 0x00000000ffffffff, 0},        /* MVFR0 */
	{3, 1, 0x00000000ffffffff, 0},        /* MVFR1 */
	{3, 2, 0x00000000ffffffff, 0},        /* MVFR2 */
	{3, 4, 0x00000000000000ff, 0},        /* PFR2: CSV3, SSBS */
	/* AA64PFR0: CSV3, CSV2 without SCXTNUM, DIT, SIMD, FP, AArch32 at EL0 alone */
	{4, 0, 0xf101000000ff0012, 1U << 24},
	/* AA64PFR1: CSV2_frac without SCXTNUM, SSBS, BTI */
	{4, 1, 0x00000001000000ff, 0},
	/* AA64DFR0: the least that there can be; OS double lock as it is */
	{5, 0, 0x000000f000101006, 0},
	/* AA64ISAR0: all but transactions (TME) */
	{6, 0, 0xfffffffff0fffff0, 0},
	/* AA64ISAR1: no LS64, XS, SPECRES, pointer authentication */
	{6, 1, 0x00fff0ff00fff00f, 0},
	/* AA64ISAR2: CLRBHB, BC */
	{6, 2, 0x00000000f0f00000, 0},
	/* AA64MMFR0: granules, none with 52 bits; endianness; ASIDs; 40-bit addresses */
	{7, 0, 0x000000000f1f0ff2, 0},
	/* AA64MMFR1: ECBHB, nTLBPA, AFP, ETS, SpecSEI, PAN, HPDS, HAFDBS */
	{7, 1, 0xf00f10f00f302002, 0},
	/* AA64MMFR2: E0PD, BBM, TTL, IDS, AT, CCIDX, UAO */
	{7, 2, 0xf0ff00ff00f000f0, 0},
	/* clang-format on */
};

/* Read as zero and ignore writes: a guest may look for them, but they are not its. */
static const struct {
	uint8_t op0, op1, crn, crm_first, crm_last;
} silent[] = {
	/* clang-format off */
	{1, 0,  7,  6, 14}, /* DC ISW, CSW, CISW: a guest cannot own a cache */
	{2, 0,  0,  0, 15}, /* MDCCINT, MDSCR, DBGBVR.. DBGWCR, OSDTRRX/TX, OSECCR */
	{2, 0,  1,  0, 15}, /* MDRAR, OSLAR, OSLSR, OSDLR, DBGPRCR */
	{2, 0,  7,  8, 14}, /* DBGCLAIM, DBGAUTHSTATUS */
	{2, 3,  0,  1,  7}, /* MDCCSR, DBGDTR */
	{3, 0,  1,  0,  0}, /* ACTLR_EL1 */
	{3, 0,  9, 14, 14}, /* PMINTENSET, PMINTENCLR, PMMIR */
	{3, 3,  9, 12, 14}, /* PMCR .. PMOVSSET */
	{3, 3, 14,  8, 15}, /* PMEVCNTR, PMEVTYPER, PMCCFILTR */
	/* clang-format on */
};

static bool is_silent(uint32_t iss)
{
	for (size_t i = 0; i < ARRAY_COUNT(silent); i++) {
		uint32_t space = ISS_REGISTER((uint32_t)silent[i].op0, (uint32_t)silent[i].op1,
		                              (uint32_t)silent[i].crn, 0U, 0U);

		if ((iss & ISS_SPACE) == space && ISS_CRM(iss) >= silent[i].crm_first &&
		    ISS_CRM(iss) <= silent[i].crm_last) {
			return true;
		}
	}
	return false;
}

/* Field by field the smaller one. A field whose 15 means "none" is limited by f or 0 alone. */
static uint64_t at_most(uint64_t value, uint64_t most)
{
	uint64_t result = 0;

	for (uint32_t shift = 0; shift < 64; shift += 4) {
		uint64_t a = value >> shift & 15;
		uint64_t b = most >> shift & 15;

		result |= (a < b ? a : b) << shift;
	}
	return result;
}

static uint64_t id_register(uint32_t iss, uint64_t there, bool has_gicv3)
{
	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		if (ids[i].crm == ISS_CRM(iss) && ids[i].op2 == ISS_OP2(iss)) {
			return at_most(there, ids[i].most | (has_gicv3 ? ids[i].gicv3 : 0));
		}
	}
	return 0;
}

bool sysreg_is_counter(uint64_t esr)
{
	return ((uint32_t)esr & (ISS_MASK | ISS_IS_READ)) == (ISS_CNTPCT_EL0 | ISS_IS_READ);
}

bool sysreg_read(uint64_t esr, uint64_t there, bool has_gicv3, uint64_t *value)
{
	uint32_t iss = (uint32_t)esr;

	*value = 0;
	if (has_gicv3 && (iss & ISS_MASK) == ISS_ICC_SRE_EL1) {
		*value = ICC_SRE_FIXED;
		return true;
	}
	if ((iss & ISS_SPACE) == ISS_ID && (iss & ISS_IS_READ) && ISS_CRM(iss) >= 1 &&
	    ISS_CRM(iss) <= 7) {
		*value = id_register(iss, there, has_gicv3);
		return true;
	}
	return is_silent(iss);
}
