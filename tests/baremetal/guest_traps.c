/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest programs for every class of trap: accesses that the VMM answers, calls, registers. */
#include "tests/baremetal/guest.h"

#define DEVICE ((uint64_t)T_DEVICE_IPA)
#define PATTERN 0x8182838485868788ULL

/* What the VMM was told of the last access: kind, address, bytes. */
static void check_message(const char *name, uint64_t kind, uint64_t ipa, uint64_t bytes)
{
	bool same = guest_call(T_LAST, 0, 0, 0) == kind && guest_call(T_LAST, 1, 0, 0) == 0 &&
	            guest_call(T_LAST, 2, 0, 0) == ipa && guest_call(T_LAST, 3, 0, 0) == bytes;

	check_true(name, same);
}

#define LOAD(text, type, operand)                                                                  \
	static uint64_t load_##text(uint64_t address)                                              \
	{                                                                                          \
		uint64_t value = UINT64_MAX;                                                       \
                                                                                                   \
		__asm__ volatile(type " %" operand "0, [%1]"                                       \
		                 : "+r"(value)                                                     \
		                 : "r"(address)                                                    \
		                 : "memory");                                                      \
		return value;                                                                      \
	}
LOAD(ldrb, "ldrb", "w")
LOAD(ldrh, "ldrh", "w")
LOAD(ldrw, "ldr", "w")
LOAD(ldrx, "ldr", "x")
LOAD(ldrsb_w, "ldrsb", "w")
LOAD(ldrsh_w, "ldrsh", "w")
LOAD(ldrsb_x, "ldrsb", "x")
LOAD(ldrsh_x, "ldrsh", "x")
LOAD(ldrsw_x, "ldrsw", "x")
LOAD(ldar, "ldar", "w")
#undef LOAD

static const struct {
	const char *name;
	uint64_t (*load)(uint64_t address);
	uint64_t bytes;
	uint64_t want; /* of PATTERN */
} loads[] = {
	{"load ldrb", load_ldrb, 1, 0x88},
	{"load ldrh", load_ldrh, 2, 0x8788},
	{"load ldr w", load_ldrw, 4, 0x85868788},
	{"load ldr x", load_ldrx, 8, PATTERN},
	{"load ldrsb w", load_ldrsb_w, 1, 0xffffff88},
	{"load ldrsh w", load_ldrsh_w, 2, 0xffff8788},
	{"load ldrsb x", load_ldrsb_x, 1, 0xffffffffffffff88ULL},
	{"load ldrsh x", load_ldrsh_x, 2, 0xffffffffffff8788ULL},
	{"load ldrsw x", load_ldrsw_x, 4, 0xffffffff85868788ULL},
	{"load ldar w", load_ldar, 4, 0x85868788},
};

PROGRAM(guest_loads)
{
	guest_call(T_SET_READ, PATTERN, 0, 0);
	for (unsigned int i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		uint64_t address = DEVICE + 16UL * i + (loads[i].bytes == 1 ? 3 : 0);

		check_equal(loads[i].name, loads[i].load(address), loads[i].want);
		check_message("its message", PV_MSG_READ, address, loads[i].bytes);
	}
	/* To the zero register, and to the highest one. */
	uint64_t lr;

	__asm__ volatile("ldr xzr, [%0]" : : "r"(DEVICE) : "memory");
	check_message("load to xzr", PV_MSG_READ, DEVICE, 8);
	__asm__ volatile("ldr x30, [%1]\n\tmov %0, x30" : "=r"(lr) : "r"(DEVICE) : "x30", "memory");
	check_equal("load to x30", lr, PATTERN);
}

static void check_store(const char *name, uint64_t address, uint64_t bytes, uint64_t value)
{
	check_message(name, PV_MSG_WRITE, address, bytes);
	check_equal("its value", guest_call(T_LAST, 4, 0, 0), value);
}

PROGRAM(guest_stores)
{
	uint64_t v = PATTERN;

	__asm__ volatile("strb %w0, [%1]" : : "r"(v), "r"(DEVICE + 5) : "memory");
	check_store("store strb", DEVICE + 5, 1, 0x88);
	__asm__ volatile("strh %w0, [%1]" : : "r"(v), "r"(DEVICE + 6) : "memory");
	check_store("store strh", DEVICE + 6, 2, 0x8788);
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(DEVICE + 0xffc) : "memory");
	check_store("store str w", DEVICE + 0xffc, 4, 0x85868788);
	__asm__ volatile("str %0, [%1]" : : "r"(v), "r"(DEVICE + 8) : "memory");
	check_store("store str x", DEVICE + 8, 8, PATTERN);
	__asm__ volatile("str xzr, [%0]" : : "r"(DEVICE) : "memory");
	check_store("store xzr", DEVICE, 8, 0);
	__asm__ volatile("stlr %w0, [%1]" : : "r"(v), "r"(DEVICE) : "memory");
	check_store("store stlr", DEVICE, 4, 0x85868788);
	/* Far up in the address space, and on the last page of it. */
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(0x7ffffff000UL) : "memory");
	check_store("store at the top", 0x7ffffff000UL, 4, 0x85868788);
}

static void do_stp(uint64_t address)
{
	__asm__ volatile("stp xzr, xzr, [%0]" : : "r"(address) : "memory");
}

static void do_post_index(uint64_t address)
{
	__asm__ volatile("str wzr, [%0], #4" : "+r"(address) : : "memory");
}

static void do_exclusive(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldxr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
}

static void do_fetch(uint64_t address)
{
	__asm__ volatile("blr %0" : : "r"(address) : "x30", "memory");
}

static void do_load(uint64_t address)
{
	__asm__ volatile("ldr wzr, [%0]" : : "r"(address) : "memory");
}

static void check_fault(const char *name, void (*function)(uint64_t), uint64_t address)
{
	uint64_t before = guest_call(T_COUNT, 0, 0, 0);

	check_equal(name, guest_exceptions_of(function, address), 1);
	check_equal("  one message", guest_call(T_COUNT, 0, 0, 0) - before, 1);
	check_equal("  of a fault", guest_call(T_LAST, 0, 0, 0), PV_MSG_FAULT);
	check_equal("  at its address", guest_call(T_LAST, 2, 0, 0), address);
	check_equal("  taken as undefined", ESR_CLASS(guest_esr), 0);
}

PROGRAM(guest_faults)
{
	check_fault("stp has no syndrome", do_stp, DEVICE + 0x10);
	check_fault("a post-indexed store neither", do_post_index, DEVICE + 0x20);
	check_fault("nor an exclusive load", do_exclusive, DEVICE + 0x40);
	check_fault("fetch from unmapped memory", do_fetch, DEVICE + 0x100);
	/* Beyond the input size of stage 2 there is nothing either: a fault, or the VMM is asked. */
	uint64_t before = guest_call(T_COUNT, 0, 0, 0);
	uint64_t taken = guest_exceptions_of(do_load, 1UL << 43);
	uint64_t told = guest_call(T_COUNT, 0, 0, 0) - before;

	check_true("beyond the IPA space there is nothing", taken == 1 || told == 1);
	check_true("  once", taken <= 1 && told <= 1);
	check_true("  and not at another address",
	           told == 0 || taken == 1 || guest_call(T_LAST, 2, 0, 0) == 1UL << 43);
}

PROGRAM(guest_calls)
{
	check_equal("hvc returns x0", guest_call(T_NOTHING, 1, 20, 300), 321);
	check_equal("smc is a call too", guest_call_smc(T_NOTHING, 4, 50, 600), 654);
	check_equal("a call keeps x1 to x30", guest_call_keeps(T_NOTHING), 0);
	check_equal("SMC of PSCI stays inside", guest_call_smc(0x84000008, 0, 0, 0),
	            (uint64_t)ERR_CALL);
	check_equal("HVC with another immediate", guest_call(T_NOTHING, 0, 0, 7), 7);
}

static void do_undef_call(uint64_t argument)
{
	guest_call(T_UNDEF, argument, 0, 0);
}

PROGRAM(guest_undefined)
{
	check_equal("the VMM makes a call undefined", guest_exceptions_of(do_undef_call, 0), 1);
	check_equal("  of class 0", ESR_CLASS(guest_esr), 0);
	check_equal("and the guest goes on", guest_call(T_NOTHING, 1, 1, 1), 3);
}

#define SYSREG_FUNCTIONS(name, reg)                                                                \
	static void write_##name(uint64_t value)                                                   \
	{                                                                                          \
		__asm__ volatile("msr " reg ", %0" : : "r"(value));                                \
	}                                                                                          \
	static volatile uint64_t seen_##name;                                                      \
	static void read_##name(uint64_t value)                                                    \
	{                                                                                          \
		__asm__ volatile("mrs %0, " reg : "=r"(value));                                    \
		seen_##name = value;                                                               \
	}

/* X(name, register): reads as zero and ignores writes. */
#define SILENT(X)                                                                                  \
	X(pmcr, "pmcr_el0")                                                                        \
	X(pmccntr, "pmccntr_el0")                                                                  \
	X(pmcntenset, "pmcntenset_el0")                                                            \
	X(pmuserenr, "pmuserenr_el0")                                                              \
	X(pmintenset, "pmintenset_el1")                                                            \
	X(pmccfiltr, "pmccfiltr_el0")                                                              \
	X(pmevtyper0, "pmevtyper0_el0")                                                            \
	X(pmselr, "pmselr_el0")                                                                    \
	X(mdscr, "mdscr_el1")                                                                      \
	X(dbgbvr0, "dbgbvr0_el1")                                                                  \
	X(dbgbcr0, "dbgbcr0_el1")                                                                  \
	X(dbgwvr0, "dbgwvr0_el1")                                                                  \
	X(osdlr, "osdlr_el1")                                                                      \
	X(dbgclaimset, "dbgclaimset_el1")

/* X(name, register): an undefined instruction. */
#define UNDEFINED(X)                                                                               \
	X(cntp_ctl, "cntp_ctl_el0")                                                                \
	X(cntp_cval, "cntp_cval_el0")                                                              \
	X(cntp_tval, "cntp_tval_el0")                                                              \
	X(hcr, "hcr_el2")                                                                          \
	X(vttbr, "vttbr_el2")                                                                      \
	X(vtcr, "vtcr_el2")                                                                        \
	X(sctlr2, "sctlr_el2")                                                                     \
	X(vbar2, "vbar_el2")                                                                       \
	X(cptr2, "cptr_el2")                                                                       \
	X(cntvoff, "cntvoff_el2")                                                                  \
	X(cnthctl, "cnthctl_el2")                                                                  \
	X(mdcr, "mdcr_el2")                                                                        \
	X(elr2, "elr_el2")                                                                         \
	X(actlr2, "actlr_el2")

SILENT(SYSREG_FUNCTIONS)
UNDEFINED(SYSREG_FUNCTIONS)

PROGRAM(guest_silent_registers)
{
#define CHECK_SILENT(name, reg)                                                                    \
	check_equal(reg " can be written", guest_exceptions_of(write_##name, ~1UL), 0);            \
	check_equal("  and read", guest_exceptions_of(read_##name, 1), 0);                         \
	check_equal("  as zero", seen_##name, 0);
	SILENT(CHECK_SILENT)
#undef CHECK_SILENT
}

static void read_cntpct(uint64_t value)
{
	__asm__ volatile("mrs %0, cntpct_el0" : "=r"(value));
}

PROGRAM(guest_undefined_registers)
{
#define CHECK_UNDEFINED(name, reg)                                                                 \
	check_equal(reg " cannot be written", guest_exceptions_of(write_##name, 0), 1);            \
	check_equal("  nor read", guest_exceptions_of(read_##name, 0), 1);
	UNDEFINED(CHECK_UNDEFINED)
#undef CHECK_UNDEFINED
	check_equal("the physical counter cannot be read", guest_exceptions_of(read_cntpct, 0), 1);
}

PROGRAM(guest_id_registers)
{
	uint64_t midr;
	uint64_t mpidr;
	uint64_t pfr0;

	__asm__ volatile("mrs %0, midr_el1" : "=r"(midr));
	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
	check_true("MIDR is an Arm CPU's", (midr >> 24) == 0x41);
	check_equal("MPIDR affinity 0 is the vCPU's number", mpidr & 0xffffff, 0);
	check_true("EL1 is AArch64 alone", (pfr0 & 0xf0) == 0x10);
	check_true("EL0 is AArch64, AArch32 perhaps", (pfr0 & 0xf) == 1 || (pfr0 & 0xf) == 2);
	uint64_t then = guest_now();

	while (guest_now() == then) {
	}
	check_true("the virtual counter runs", guest_hertz() != 0 && guest_now() > then);
}
