/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that go through the whole encoding space of system registers. Two VMs on one CPU:
 * one writes all that there may be, also what cannot be read, each bit in both its states, and
 * each time the other must find each of its own registers as it was, and the first one, too. What a VM must not see: in the ID registers no feature that is
 * not given to it, and no register of such a feature.
 */
#include "tests/baremetal/guest.h"

/* A register by its encoding as it stands in an MRS: op0[0] op1 CRn CRm op2. */
#define ENCODINGS 0x8000U
#define OP0(e) (2U + ((e) >> 14))
#define OP1(e) (((e) >> 11) & 7U)
#define CRN(e) (((e) >> 7) & 15U)
#define CRM(e) (((e) >> 3) & 15U)
#define OP2(e) ((e)&7U)

#define MRS_X0 0xd5300000U
#define MSR_X0 0xd5100000U
#define RET 0xd65f03c0U
#define FOUND_MAX 512U
#define PATTERN 0x5a5a5a5a5a5a5a5aUL

#define ROUNDS 2U

/* Both VMs share a page; each stage of the one is announced there to the other. */
#define STAGE_LOOKED 1U
#define STAGE_WRITTEN(round) (2U + 2U * (round))
#define STAGE_COMPARED(round) (3U + 2U * (round))

struct found {
	uint32_t encoding;
	uint64_t value;
};

static struct found found[FOUND_MAX];
static uint32_t found_count;
static uint32_t code[4] __attribute__((aligned(64), section(".data"))) = {1};
static volatile uint64_t operand;

static volatile uint64_t *stage(void)
{
	return (volatile uint64_t *)(uint64_t)T_SHARED_IPA;
}

static void await(uint64_t wanted)
{
	while (__atomic_load_n(stage(), __ATOMIC_ACQUIRE) != wanted) {
	}
}

static void announce(uint64_t reached)
{
	__atomic_store_n(stage(), reached, __ATOMIC_RELEASE);
}

/* Execute @instruction on x0 = operand. */
static void execute(uint64_t instruction)
{
	register uint64_t x0 __asm__("x0") = operand;

	code[0] = (uint32_t)instruction;
	code[1] = RET;
	__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" ::: "memory");
	__asm__ volatile("blr %1\n\tisb" : "+r"(x0) : "r"(code) : "x30", "memory");
	operand = x0;
}

static bool read_register(uint32_t encoding, uint64_t *value)
{
	operand = 0;
	if (guest_exceptions_of(execute, MRS_X0 | (uint64_t)encoding << 5) != 0) {
		return false;
	}
	*value = operand;
	return true;
}

static bool write_register(uint32_t encoding, uint64_t value)
{
	operand = value;
	return guest_exceptions_of(execute, MSR_X0 | (uint64_t)encoding << 5) == 0;
}

struct pattern {
	uint8_t op0, op1, crn, crm, op2_first, op2_last;
};

/* What changes by itself: counters and what counts with them, random numbers, what each exception
 * writes, what CSSELR selects, pending interrupts; and PSTATE, which is no register of its own. */
static const struct pattern unsteady[] = {
	{3, 0, 4, 0, 0, 1},   /* SPSR, ELR */
	{3, 0, 4, 2, 0, 7},   /* PSTATE */
	{3, 0, 12, 1, 0, 0},  /* ISR */
	{3, 0, 12, 11, 3, 3}, /* ICC_RPR: the best of the active priorities */
	{3, 1, 0, 0, 0, 2},   /* CCSIDR */
	{3, 3, 2, 4, 0, 1},   /* RNDR */
	{3, 3, 4, 2, 0, 7},   /* PSTATE */
	{3, 3, 14, 0, 1, 7},  /* counters */
	{3, 3, 14, 3, 0, 0},  /* CNTV_TVAL */
};

/* What this program runs by, and what an exception writes. */
static const struct pattern needed[] = {
	{3, 0, 1, 0, 0, 0},  /* SCTLR */
	{3, 0, 1, 0, 2, 2},  /* CPACR */
	{3, 0, 5, 2, 0, 0},  /* ESR */
	{3, 0, 12, 0, 0, 0}, /* VBAR */
	/* Others change with these: active priorities; each binary point, which has a least value. */
	{3, 0, 12, 8, 1, 1},  /* ICC_EOIR0 */
	{3, 0, 12, 8, 3, 3},  /* ICC_BPR0 */
	{3, 0, 12, 12, 1, 1}, /* ICC_EOIR1 */
	{3, 0, 12, 12, 3, 3}, /* ICC_BPR1 */
};

static bool is_one_of(uint32_t e, const struct pattern *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct pattern *p = &list[i];

		if (OP0(e) == p->op0 && OP1(e) == p->op1 && CRN(e) == p->crn && CRM(e) == p->crm &&
		    OP2(e) >= p->op2_first && OP2(e) <= p->op2_last) {
			return true;
		}
	}
	return false;
}
#define IS_ONE_OF(e, list) is_one_of(e, list, sizeof(list) / sizeof((list)[0]))

/* Read every register of EL1 and EL0 that can be read. */
static void look(void)
{
	uint64_t value;

	found_count = 0;
	for (uint32_t e = 0; e < ENCODINGS; e++) {
		if (OP1(e) <= 3 && !IS_ONE_OF(e, unsteady) && read_register(e, &value) &&
		    found_count < FOUND_MAX) {
			found[found_count++] = (struct found){e, value};
		}
	}
	check_true("registers can be read", found_count > 40 && found_count < FOUND_MAX);
}

static void name_register(uint32_t e, uint64_t now, uint64_t then)
{
	const uint64_t numbers[] = {OP0(e), OP1(e), CRN(e), CRM(e), OP2(e), then, now};

	guest_print("  register");
	for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		guest_print(" ");
		guest_print_hex(numbers[i]);
	}
	guest_print("\n");
}

/* How many registers are not as they were. */
static uint64_t compare(void)
{
	uint64_t changed = 0;

	for (uint32_t i = 0; i < found_count; i++) {
		uint64_t now = 0;

		if (!read_register(found[i].encoding, &now) || now != found[i].value) {
			name_register(found[i].encoding, now, found[i].value);
			changed++;
		}
	}
	return changed;
}

/* Where @e was found; NULL if it cannot be read. */
static struct found *found_at(uint32_t e)
{
	for (uint32_t i = 0; i < found_count; i++) {
		if (found[i].encoding == e) {
			return &found[i];
		}
	}
	return 0;
}

/* Write each register, @pattern to those that cannot be read. Returns how many have changed. */
static uint32_t write_all(uint64_t pattern)
{
	uint32_t changed = 0;

	for (uint32_t e = 0; e < ENCODINGS; e++) {
		struct found *f = found_at(e);
		uint64_t value = f ? f->value ^ pattern : pattern;

		if (IS_ONE_OF(e, needed) || (!f && IS_ONE_OF(e, unsteady)) ||
		    !write_register(e, value)) {
			continue;
		}
		if (f && read_register(e, &value) && value != f->value) {
			f->value = value;
			changed++;
		}
	}
	return changed;
}

PROGRAM(guest_registers_writer)
{
	uint64_t pattern = PATTERN;

	look();
	await(STAGE_LOOKED);
	for (uint32_t round = 0; round < ROUNDS; round++, pattern = ~pattern) {
		check_true("registers can be written", write_all(pattern) > 10);
		announce(STAGE_WRITTEN(round));
		await(STAGE_COMPARED(round));
		check_equal("each register kept what was written", compare(), 0);
	}
}

PROGRAM(guest_registers_reader)
{
	look();
	announce(STAGE_LOOKED);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		await(STAGE_WRITTEN(round));
		check_equal("no register shows what another VM wrote", compare(), 0);
		announce(STAGE_COMPARED(round));
	}
}

/* ID registers, op0 3, op1 0, CRn 0: the fields of what is hidden. */
static const struct {
	uint8_t crm, op2;
	uint64_t hidden;
} ids[] = {
	{1, 1, 0xfffffffffff0ff00}, /* ID_PFR1: GIC, virtualization */
	{1, 2, ~0UL},               /* ID_DFR0 */
	{4, 0, 0x00f0ffffff00ff00}, /* AA64PFR0: EL2, EL3, GIC, RAS, SVE, SEL2, MPAM, AMU, RME */
	{4, 1, 0xfffffff0ffffff00}, /* AA64PFR1: MTE, RAS, MPAM, SME, NMI, GCS, .. */
	{4, 2, ~0UL},               /* AA64PFR2 */
	{4, 4, ~0UL},               /* AA64ZFR0: SVE */
	{4, 5, ~0UL},               /* AA64SMFR0: SME */
	{5, 0, 0xffffff0f00000ff0}, /* AA64DFR0: trace, performance monitors, profiling, .. */
	{5, 1, ~0UL},               /* AA64DFR1 */
	{6, 0, 0x000000000f000000}, /* AA64ISAR0: TME */
	{6, 1, 0xff000f00ff000ff0}, /* AA64ISAR1: pointer authentication, LS64, XS, SPECRES */
	{6, 2, 0x000000000f0fff0f}, /* AA64ISAR2: pointer authentication, WFxT, MOPS */
	{7, 0, 0xff00000000000000}, /* AA64MMFR0: FGT, ECV */
	{7, 1, 0x00000f0ff00f0ff0}, /* AA64MMFR1: LO, VH, VMIDBits, XNX, TWED, HCX */
	{7, 2, 0x0f000f000f00f000}, /* AA64MMFR2: NV, FWB, EVT, IESB */
	{7, 3, ~0UL},               /* AA64MMFR3 */
	{7, 4, ~0UL},               /* AA64MMFR4 */
};

/* Registers of what is hidden. */
static const struct pattern hidden[] = {
	{2, 1, 0, 8, 7, 7},   /* TRCIDR */
	{3, 0, 1, 0, 5, 6},   /* RGSR, GCR: MTE */
	{3, 0, 1, 2, 0, 1},   /* ZCR: SVE; TRFCR */
	{3, 0, 1, 2, 6, 6},   /* SMCR: SME */
	{3, 0, 2, 1, 0, 3},   /* keys of pointer authentication */
	{3, 0, 2, 3, 0, 1},   /* one more of them */
	{3, 0, 5, 3, 0, 1},   /* ERRIDR, ERRSELR: RAS */
	{3, 0, 5, 4, 0, 7},   /* ERX*: error records */
	{3, 0, 5, 6, 0, 0},   /* TFSR: MTE */
	{3, 0, 9, 9, 0, 7},   /* PMS*: profiling */
	{3, 0, 9, 10, 0, 3},  /* PMB*: its buffer */
	{3, 0, 9, 11, 0, 7},  /* TRB*: trace buffer */
	{3, 0, 10, 4, 0, 7},  /* LOR*; MPAMIDR */
	{3, 0, 10, 5, 0, 1},  /* MPAM1, MPAM0 */
	{3, 0, 12, 12, 5, 5}, /* ICC_SRE */
	{3, 0, 13, 0, 7, 7},  /* SCXTNUM_EL1 */
	{3, 3, 13, 0, 5, 5},  /* TPIDR2: SME */
	{3, 3, 13, 0, 7, 7},  /* SCXTNUM_EL0 */
	{3, 3, 13, 2, 0, 7},  /* AM*: activity monitors */
	{3, 3, 13, 4, 0, 3},  /* their counters */
	{3, 3, 14, 0, 5, 5},  /* CNTPCTSS */
};

#define ENCODED(op0, op1, crn, crm, op2)                                                           \
	(((op0)-2U) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC_SRE ENCODED(3U, 0U, 12U, 12U, 5U)

static uint64_t shown_by_gicv3(uint32_t encoding)
{
	switch (encoding) {
	case ENCODED(3U, 0U, 0U, 1U, 1U): /* ID_PFR1 */
		return 0xfUL << 28;
	case ENCODED(3U, 0U, 0U, 4U, 0U): /* AA64PFR0 */
		return 0xfUL << 24;
	default:
		return 0;
	}
}

PROGRAM(guest_hidden_features)
{
	for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint32_t encoding = 1U << 14 | (uint32_t)ids[i].crm << 3 | ids[i].op2;
		uint64_t value = ~0UL;

		check_true("an ID register can be read", read_register(encoding, &value));
		/* But a GICv3's interface, by which a guest knows that it has it. */
		value &= guest_gicv3() ? ~shown_by_gicv3(encoding) : ~0UL;
		check_equal("  and shows nothing hidden", value & ids[i].hidden, 0);
	}
	for (uint32_t e = 0; e < ENCODINGS; e++) {
		uint64_t value = 0;

		if (IS_ONE_OF(e, hidden) && !(guest_gicv3() && e == ICC_SRE) &&
		    read_register(e, &value)) {
			name_register(e, value, 0);
			check_true("a register of a hidden feature is undefined", false);
		}
	}
}
