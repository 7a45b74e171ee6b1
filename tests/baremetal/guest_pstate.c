/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Undefined Instruction exception that the kernel makes must look like the CPU's own: the same
 * program takes both, with each setting of what PSTATE becomes by, and compares what its handler
 * finds. For a CPU with PAN, UAO, DIT and SSBS.
 */
#include "tests/baremetal/guest.h"

#define PAN "S3_0_C4_C2_3"
#define UAO "S3_0_C4_C2_4"
#define DIT "S3_3_C4_C2_5"
#define SSBS "S3_3_C4_C2_6"
#define HIDDEN "S3_0_C5_C3_0" /* ERRIDR_EL1 */

#define SCTLR_SPAN (1UL << 23)
#define SCTLR_DSSBS (1UL << 44)

/* What the handler saw: PAN, UAO, DIT, SSBS, DAIF, ESR, SPSR. */
struct seen {
	uint64_t value[7];
};

#define SEEN_DIT 2U

static const char *const names[] = {"PAN", "UAO", "DIT", "SSBS", "DAIF", "ESR", "SPSR"};

extern char pstate_vectors[];

/* The handler, at the vector for the current level: x9 points to a struct seen. */
__asm__(".pushsection .text\n"
        ".balign 0x800\n"
        "pstate_vectors:\n"
        ".skip 0x200\n"
        "mrs x10, " PAN "\n"
        "mrs x11, " UAO "\n"
        "stp x10, x11, [x9]\n"
        "mrs x10, " DIT "\n"
        "mrs x11, " SSBS "\n"
        "stp x10, x11, [x9, #16]\n"
        "mrs x10, daif\n"
        "mrs x11, esr_el1\n"
        "stp x10, x11, [x9, #32]\n"
        "mrs x10, spsr_el1\n"
        "mrs x11, elr_el1\n"
        "str x10, [x9, #48]\n"
        "add x11, x11, #4\n"
        "msr elr_el1, x11\n"
        "eret\n"
        ".popsection\n");

/* Execute @instruction, which is undefined, with PSTATE and SCTLR as the bits of @setting say. */
#define TAKE(instruction, setting, into)                                                           \
	do {                                                                                       \
		register struct seen *x9 __asm__("x9") = (into);                                   \
		const uint64_t s = (setting);                                                      \
                                                                                                   \
		__asm__ volatile("msr " PAN ", %1\n\tmsr " UAO ", %2\n\tmsr " DIT ", %3\n\t"       \
		                 "msr " SSBS ", %4\n\t" instruction "\n\t"                         \
		                 "msr " PAN ", xzr\n\tmsr " UAO ", xzr\n\tmsr " DIT ", xzr"        \
		                 : "+r"(x9)                                                        \
		                 : "r"((s & 1) << 22), "r"((s >> 1 & 1) << 23),                    \
		                   "r"((s >> 2 & 1) << 24), "r"((s >> 3 & 1) << 12)                \
		                 : "x10", "x11", "x12", "cc", "memory");                           \
	} while (false)

PROGRAM(guest_injected_pstate)
{
	uint64_t vbar;
	uint64_t sctlr;

	__asm__ volatile("mrs %0, vbar_el1" : "=r"(vbar));
	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
	for (uint64_t setting = 0; setting < 64; setting++) {
		struct seen own = {{0}};
		struct seen injected = {{~0UL}};
		uint64_t wanted = sctlr & ~(SCTLR_SPAN | SCTLR_DSSBS);

		wanted |= (setting & 16 ? SCTLR_SPAN : 0) | (setting & 32 ? SCTLR_DSSBS : 0);
		__asm__ volatile("msr vbar_el1, %0\n\tmsr sctlr_el1, %1\n\tisb"
		                 :
		                 : "r"(pstate_vectors), "r"(wanted)
		                 : "memory");
		TAKE("udf #0", setting, &own);
		TAKE("mrs x12, " HIDDEN, setting, &injected);
		__asm__ volatile("msr vbar_el1, %0\n\tmsr sctlr_el1, %1\n\tisb"
		                 :
		                 : "r"(vbar), "r"(sctlr)
		                 : "memory");
		/* An exception keeps DIT, but QEMU's own do not. */
		own.value[SEEN_DIT] = (setting >> 2 & 1) << 24;
		for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			check_equal(names[i], injected.value[i], own.value[i]);
		}
	}
}
