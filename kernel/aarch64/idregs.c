/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest reads from the ID registers (HCR_EL2.TID3): what the CPU has, but no more than is
 * given to guests. That is what works without help of EL2, by instructions or by registers that are
 * switched with the vCPU. What is not given is trapped (trap_controls.c).
 */
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"

/* In a trapped access's syndrome: op0, op1, CRn and direction; and a read of op0 3, op1 0, CRn 0. */
#define ISS_SPACE 0x31fc01U
#define ISS_ID_READ 0x300001U
#define ISS_CRM(iss) (((iss) >> 1) & 15U)
#define ISS_OP2(iss) (((iss) >> 17) & 7U)

/* Whether the CPU interface is one of system registers: with memory-mapped ones guests have none. */
#define GIC_REGISTERS (BOARD_GIC_VERSION >= 3 ? 1ULL : 0ULL)

/*
 * X(CRm, op2, most): registers S3_0_C0_C<CRm>_<op2> (Arm ARM D19.2), with the most that each field
 * of 4 bits may show; f shows what there is. Those that are not listed, and the fields of features
 * yet to come, read as 0, which is "not implemented" but where f is.
 */
#define ID_REGISTERS(X)                                                                            \
	X(1, 0, 0x0000000000f1ffff)                       /* PFR0: no RAS, AMU */                  \
	X(1, 1, 0x00000000000f000f | GIC_REGISTERS << 28) /* PFR1: the timer; no EL2, no EL3 */    \
	X(1, 4, 0x00000000ffffffff)                       /* MMFR0 */                              \
	X(1, 5, 0x00000000ffffffff)                       /* MMFR1 */                              \
	X(1, 6, 0x00000000ffffffff)                       /* MMFR2 */                              \
	X(1, 7, 0x00000000ffffffff)                       /* MMFR3 */                              \
	X(2, 0, 0x00000000ffffffff)                       /* ISAR0 */                              \
	X(2, 1, 0x00000000ffffffff)                       /* ISAR1 */                              \
	X(2, 2, 0x00000000ffffffff)                       /* ISAR2 */                              \
	X(2, 3, 0x00000000ffffffff)                       /* ISAR3 */                              \
	X(2, 4, 0x00000000ffffffff)                       /* ISAR4 */                              \
	X(2, 5, 0x00000000ffffffff)                       /* ISAR5 */                              \
	X(2, 7, 0x00000000fff0ffff)                       /* ISAR6: no SPECRES */                  \
	X(3, 0, 0x00000000ffffffff)                       /* MVFR0 */                              \
	X(3, 1, 0x00000000ffffffff)                       /* MVFR1 */                              \
	X(3, 2, 0x00000000ffffffff)                       /* MVFR2 */                              \
	X(3, 4, 0x00000000000000ff)                       /* PFR2: CSV3, SSBS */                   \
	/* AA64PFR0: CSV3, CSV2 without SCXTNUM, DIT, SIMD, FP, AArch32 at EL0 alone */            \
	X(4, 0, 0xf101000000ff0012 | GIC_REGISTERS << 24)                                          \
	/* AA64PFR1: CSV2_frac without SCXTNUM, SSBS, BTI */                                       \
	X(4, 1, 0x00000001000000ff)                                                                \
	/* AA64DFR0: the least that there can be; OS double lock as it is */                       \
	X(5, 0, 0x000000f000101006)                                                                \
	/* AA64ISAR0: all but transactions (TME) */                                                \
	X(6, 0, 0xfffffffff0fffff0)                                                                \
	/* AA64ISAR1: no LS64, XS, SPECRES, pointer authentication */                              \
	X(6, 1, 0x00fff0ff00fff00f)                                                                \
	/* AA64ISAR2: CLRBHB, BC */                                                                \
	X(6, 2, 0x00000000f0f00000)                                                                \
	/* AA64MMFR0: granules, none with 52 bits; endianness; ASIDs; 40-bit addresses */          \
	X(7, 0, 0x000000000f1f0ff2)                                                                \
	/* AA64MMFR1: ECBHB, nTLBPA, AFP, ETS, SpecSEI, PAN, HPDS, HAFDBS */                       \
	X(7, 1, 0xf00f10f00f302002)                                                                \
	/* AA64MMFR2: E0PD, BBM, TTL, IDS, AT, CCIDX, UAO */                                       \
	X(7, 2, 0xf0ff00ff00f000f0)

/* Field by field the smaller one. A field whose 15 means "none" is limited by f or 0 alone. */
static uint64_t at_most(uint64_t value, uint64_t most)
{
	uint64_t result = 0;

	for (uint32_t shift = 0; shift < 64; shift += 4) {
		uint64_t a = (value >> shift) & 15;
		uint64_t b = (most >> shift) & 15;

		result |= (a < b ? a : b) << shift;
	}
	return result;
}

bool arch_sysreg_read(uint32_t iss, uint64_t *value)
{
	if (gic_sysreg(iss, value)) {
		return true;
	}
	if ((iss & ISS_SPACE) != ISS_ID_READ || ISS_CRM(iss) < 1 || ISS_CRM(iss) > 7) {
		return false;
	}
	switch (ISS_CRM(iss) << 3 | ISS_OP2(iss)) {
#define X(crm, op2, most)                                                                          \
	case (crm) << 3 | (op2):                                                                   \
		*value = at_most(sysreg_read(S3_0_C0_C##crm##_##op2), most);                       \
		break;
		ID_REGISTERS(X)
#undef X
	default:
		*value = 0;
		break;
	}
	return true;
}
