/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses that nobody answers: the VMM has the guest take a synchronous External abort, as a bus
 * would. What EL1 is told of it: Arm ARM D24.2.37 (ESR_EL1), D1.3 (vectors).
 */
#include "tests/baremetal/guest.h"

#define DEVICE ((uint64_t)T_DEVICE_IPA)
#define PATTERN 0x8182838485868788ULL

#define EXTERNAL 0x2000010UL /* IL, FSC: synchronous External abort, not on a table walk */
#define WNR 0x40UL
#define DATA_LOWER (0x24UL << 26 | EXTERNAL)
#define DATA_SAME (0x25UL << 26 | EXTERNAL)
#define FETCH_LOWER (0x20UL << 26 | EXTERNAL)
#define FETCH_SAME (0x21UL << 26 | EXTERNAL)

#define PSTATE_USER32 0x10U
#define PSTATE_USER64 0x00U
#define PSTATE_DAIF 0x3c0U
#define PSTATE_T32 0x20U

/* Destinations, and a base with write-back: an access that was aborted leaves both alone. */
static uint64_t kept[2];

/* NOLINTBEGIN(bugprone-macro-parentheses): the text is that of an instruction */
#define ACCESS(name, text)                                                                         \
	static void do_##name(uint64_t address)                                                    \
	{                                                                                          \
		register uint64_t x9 __asm__("x9") = PATTERN;                                      \
		register uint64_t x10 __asm__("x10") = address;                                    \
                                                                                                   \
		__asm__ volatile(text : "+r"(x9), "+r"(x10) : : "x11", "v0", "memory");            \
		kept[0] = x9;                                                                      \
		kept[1] = x10;                                                                     \
	}
ACCESS(load, "ldr w9, [x10]")
ACCESS(load_byte, "ldrb w9, [x10]")
ACCESS(store, "str x9, [x10]")
ACCESS(store_zero, "str wzr, [x10]")
ACCESS(load_pair, "ldp x9, x11, [x10]")
ACCESS(store_pair, "stp x9, x9, [x10]")
ACCESS(post_index, "str w9, [x10], #4")
ACCESS(pre_index, "ldr w9, [x10, #8]!")
ACCESS(exclusive, "ldxr w9, [x10]")
ACCESS(acquire_exclusive, "ldaxr x9, [x10]")
ACCESS(simd_load, ".arch_extension fp\n\tldr d0, [x10]")
ACCESS(simd_store, ".arch_extension fp\n\tstr d0, [x10]")
#undef ACCESS
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct {
	const char *name;
	void (*run)(uint64_t address);
	uint64_t wnr;
	uint64_t offset; /* of the access, from the base */
} accesses[] = {
	{"load", do_load, 0, 0},
	{"load of a byte", do_load_byte, 0, 0},
	{"store", do_store, WNR, 0},
	{"store of zero", do_store_zero, WNR, 0},
	{"load of a pair", do_load_pair, 0, 0},
	{"store of a pair", do_store_pair, WNR, 0},
	{"post-index", do_post_index, WNR, 0},
	{"pre-index", do_pre_index, 0, 8},
	{"exclusive load", do_exclusive, 0, 0},
	{"acquire load", do_acquire_exclusive, 0, 0},
	{"load of SIMD", do_simd_load, 0, 0},
	{"store of SIMD", do_simd_store, WNR, 0},
};

static void do_fetch(uint64_t address)
{
	__asm__ volatile("blr %0" : : "r"(address) : "x30", "memory");
}

/* With SP_EL0 as the stack pointer; the exception comes back to that. */
static void do_el1t(uint64_t address)
{
	__asm__ volatile("msr spsel, #0\n\tldr wzr, [%0]\n\tmsr spsel, #1"
	                 :
	                 : "r"(address)
	                 : "memory");
}

static void abort_all(void)
{
	guest_call(T_SET_ACCESS, PV_REPLY_ABORT, 0, 0);
	guest_call(T_SET_FAULT, PV_REPLY_ABORT, 0, 0);
}

static void check_abort(const char *name, void (*run)(uint64_t address), uint64_t address,
                        uint64_t esr)
{
	check_equal(name, guest_exceptions_of(run, address), 1);
	check_equal("  its syndrome", guest_esr, esr);
}

PROGRAM(guest_aborts)
{
	abort_all();
	for (unsigned int i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		uint64_t base = DEVICE + 0x40UL * i;

		check_abort(accesses[i].name, accesses[i].run, base, DATA_SAME | accesses[i].wnr);
		check_equal("  its address", guest_far, base + accesses[i].offset);
		check_equal("  the register", kept[0], PATTERN);
		check_equal("  the base", kept[1], base);
		check_true("  by the vector of EL1h", !guest_was_el1t);
	}
	check_abort("fetch", do_fetch, DEVICE + 0x100, FETCH_SAME);
	check_equal("  its address", guest_far, DEVICE + 0x100);
	check_abort("from EL1t", do_el1t, DEVICE, DATA_SAME);
	check_true("  by its vector", guest_was_el1t);
	check_abort("at the top of the space", do_load, 0x7ffffffff0, DATA_SAME);
	check_equal("the guest goes on", guest_call(T_NOTHING, 1, 2, 3), 6);
}

static const uint32_t load_a64[] = {
	0xb9400020, /* ldr w0, [x1] */
	0xd4000001, /* svc #0 */
};

static const uint32_t store_pair_a64[] = {
	0xa900003f, /* stp xzr, x0, [x1] */
	0xd4000001,
};

static const uint32_t fetch_a64[] = {
	0xd61f0020, /* br x1 */
};

static const uint32_t load_a32[] = {
	0xe5910000, /* ldr r0, [r1] */
	0xef000000, /* svc #0 */
};

static const uint32_t load_many_a32[] = {
	0xe8910005, /* ldm r1, {r0, r2} */
	0xef000000,
};

static const uint16_t store_t32[] __attribute__((aligned(4))) = {
	0x6008, /* str r0, [r1] */
	0xdf00, /* svc #0 */
};

static const struct user {
	const char *name;
	const void *code;
	uint32_t pstate;
	uint32_t fetch; /* it aborts at its target, not at its first instruction */
	uint64_t esr;
} users[] = {
	{"A64 load", load_a64, PSTATE_USER64, 0, DATA_LOWER},
	{"A64 pair", store_pair_a64, PSTATE_USER64, 0, DATA_LOWER | WNR},
	{"A64 fetch", fetch_a64, PSTATE_USER64, 1, FETCH_LOWER},
	{"A32 load", load_a32, PSTATE_USER32, 0, DATA_LOWER},
	{"A32 loads", load_many_a32, PSTATE_USER32, 0, DATA_LOWER},
	{"T32 store", store_t32, PSTATE_USER32 | PSTATE_T32, 0, DATA_LOWER | WNR},
};

PROGRAM(guest_aborts_user)
{
	abort_all();
	for (unsigned int i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const struct user *u = &users[i];

		guest_run_el0((uint64_t)u->code, u->pstate | PSTATE_DAIF, DEVICE + 0x80);
		check_equal(u->name, guest_el0.esr, u->esr);
		check_equal("  where", guest_el0.elr, u->fetch ? DEVICE + 0x80 : (uint64_t)u->code);
		check_equal("  its address", guest_el0.far, DEVICE + 0x80);
		check_equal("  from there", guest_el0.spsr & 0x3f, u->pstate);
		check_equal("  by its vector", guest_el0.wide, (u->pstate & PSTATE_USER32) == 0);
		check_equal("  nothing loaded", guest_el0.x0, 0);
	}
	check_equal("the guest goes on", guest_call(T_NOTHING, 1, 2, 3), 6);
}

/* Its vectors lie where nothing is: the abort is aborted, and so on. */
PROGRAM(guest_abort_for_ever)
{
	abort_all();
	__asm__ volatile("msr vbar_el1, %0\n\tisb\n\tldr wzr, [%0]" : : "r"(DEVICE) : "memory");
	check_true("the guest came back from nowhere", false);
}

/* The same under the real VMM: what no device answers, and what none can answer. */
PROGRAM(guest_aborts_real)
{
	guest_under_real_vmm();
	guest_print("\n");
	check_abort("a load from nowhere", do_load, 0x30000000, DATA_SAME);
	check_abort("a store to nowhere", do_store, 0x7ffffffff8, DATA_SAME | WNR);
	check_abort("a store behind the console", do_store, DEVICE + 0x1000, DATA_SAME | WNR);
	check_abort("a load across the end of the distributor", do_load,
	            T_GICD_IPA + (guest_gicv3() ? 0xfffe : 0xffe), DATA_SAME);
	check_abort("a pair of the distributor", do_load_pair, T_GICD_IPA, DATA_SAME);
	check_abort("an exclusive load of the console", do_exclusive, DEVICE, DATA_SAME);
	check_abort("SIMD to the console", do_simd_store, DEVICE, DATA_SAME | WNR);
	check_abort("a fetch from the distributor", do_fetch, T_GICD_IPA, FETCH_SAME);
	check_equal("a device answers as before", mmio_read32(T_GICD_IPA + 8) & 0xfff, 0x43b);
}
