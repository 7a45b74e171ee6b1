/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of EL2 that say what traps. What a later architecture added is trapped where the
 * CPU has it: a register that is neither trapped nor switched would be shared by all VMs.
 */
#include "kernel/aarch64/trap_controls.h"

#include "kernel/aarch64/sysreg.h"

/* MDCR_EL2: performance monitors, debug and its OS lock trap; HPMN stays. The buffers of profiling
 * and trace (E2PB, E2TB) belong to EL2. */
#define MDCR_TRAPS (1ULL << 5 | 1ULL << 6 | 1ULL << 9 | 1ULL << 10 | 1ULL << 11)
#define MDCR_HPMN 0x1fULL

#define MPAM2_TRAPS (1ULL << 58 | 1ULL << 49 | 1ULL << 48) /* TIDR, TRAPMPAM0EL1, TRAPMPAM1EL1 */
#define MPAMIDR_HAS_HCR (1ULL << 17)
#define MPAMHCR_TRAP_MPAMIDR (1ULL << 31)

/* HFGRTR, HFGWTR, HFGITR, HDFGRTR, HDFGWTR of EL2, and the second of each (FEAT_FGT2). */
#define FINE_GRAINED(X)                                                                            \
	X(S3_4_C1_C1_4) X(S3_4_C1_C1_5) X(S3_4_C1_C1_6) X(S3_4_C3_C1_4) X(S3_4_C3_C1_5)
#define FINE_GRAINED_2(X)                                                                          \
	X(S3_4_C3_C1_2) X(S3_4_C3_C1_3) X(S3_4_C3_C1_7) X(S3_4_C3_C1_0) X(S3_4_C3_C1_1)
#define WRITE_ZERO(reg) sysreg_write(reg, 0);

enum id { PFR0, DFR0, MMFR1, IDS };
enum target { HCR, CPTR, MDCR, TARGETS };

struct trap_controls trap_controls;

/* A trap bit, and the field that says whether the CPU has it: it is RES0 where that is 0. */
static const struct later {
	uint8_t id, shift;
	uint8_t target, bit;
} later[] = {
	{PFR0, 28, HCR, 36},  /* RAS: TERR, its error records */
	{PFR0, 28, HCR, 37},  /* RAS: TEA, external aborts come to EL2 */
	{MMFR1, 16, HCR, 35}, /* LO: TLOR, limited ordering regions */
	{DFR0, 4, CPTR, 20},  /* TraceVer: TTA, the trace unit */
	{PFR0, 44, CPTR, 30}, /* AMU: TAM, activity monitors */
	{DFR0, 32, MDCR, 14}, /* PMSVer: TPMS, statistical profiling */
	{DFR0, 40, MDCR, 19}, /* TraceFilt: TTRF, trace filters */
};

static void collect(uint64_t bits[TARGETS])
{
	const uint64_t ids[IDS] = {
		[PFR0] = sysreg_read(id_aa64pfr0_el1),
		[DFR0] = sysreg_read(id_aa64dfr0_el1),
		[MMFR1] = sysreg_read(id_aa64mmfr1_el1),
	};

	for (uint32_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		const struct later *l = &later[i];

		if (ID_FIELD(ids[l->id], l->shift) != 0) {
			bits[l->target] |= 1ULL << l->bit;
		}
	}
}

/* MPAM: a guest neither sees nor chooses partitions; everything runs in partition 0. */
static void init_mpam(void)
{
	if (ID_FIELD(sysreg_read(id_aa64pfr0_el1), 40) == 0 &&
	    ID_FIELD(sysreg_read(id_aa64pfr1_el1), 16) == 0) {
		return;
	}
	if (sysreg_read(MPAMIDR_EL1) & MPAMIDR_HAS_HCR) {
		sysreg_write(MPAMHCR_EL2, MPAMHCR_TRAP_MPAMIDR);
	}
	sysreg_write(MPAM2_EL2, MPAM2_TRAPS);
	sysreg_write(MPAM1_EL1, 0);
	sysreg_write(MPAM0_EL1, 0);
}

/* Registers whose 0 traps, or takes away, what came with and after them: they say "not trapped" by
 * a 1. */
static void init_fine_grained(void)
{
	uint64_t fgt = ID_FIELD(sysreg_read(id_aa64mmfr0_el1), 56);

	if (ID_FIELD(sysreg_read(id_aa64mmfr1_el1), 40) != 0) {
		sysreg_write(HCRX_EL2, 0);
	}
	if (fgt >= 1) {
		FINE_GRAINED(WRITE_ZERO)
	}
	if (fgt >= 2) {
		FINE_GRAINED_2(WRITE_ZERO)
	}
}

void trap_controls_init(void)
{
	uint64_t bits[TARGETS] = {0};

	collect(bits);
	trap_controls.hcr |= bits[HCR];
	trap_controls.cptr |= bits[CPTR];
	sysreg_write(hcr_el2, HCR_GUEST | trap_controls.hcr);
	sysreg_write(cptr_el2, CPTR_GUEST | trap_controls.cptr);
	sysreg_write(mdcr_el2, (sysreg_read(mdcr_el2) & MDCR_HPMN) | MDCR_TRAPS | bits[MDCR]);
	sysreg_write(hstr_el2, 0);
	init_fine_grained();
	init_mpam();
	if (cpu_has_ras()) {
		sysreg_write(VSESR_EL2, 0); /* the kernel injects no SError */
	}
}
