/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers and barriers.
 */
#ifndef KERNEL_AARCH64_SYSREG_H
#define KERNEL_AARCH64_SYSREG_H

#include <stdint.h>

#define sysreg_read(name)                                                                          \
	__extension__({                                                                            \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})

#define sysreg_write(name, value)                                                                  \
	__asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

#define isb() __asm__ volatile("isb" : : : "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain : : : "memory")
#define tlbi(what) __asm__ volatile("tlbi " #what : : : "memory")

/* HCR_EL2 (Arm ARM D19.2.48). */
#define HCR_VM (1ULL << 0)
#define HCR_FMO (1ULL << 3)
#define HCR_IMO (1ULL << 4)
#define HCR_AMO (1ULL << 5)
#define HCR_FB (1ULL << 9)
#define HCR_BSU_INNER (1ULL << 10)
#define HCR_DC (1ULL << 12)
#define HCR_TWI (1ULL << 13)
#define HCR_TSC (1ULL << 19)
#define HCR_TIDCP (1ULL << 20)
#define HCR_TACR (1ULL << 21)
#define HCR_TSW (1ULL << 22)
#define HCR_TGE (1ULL << 27)
#define HCR_RW (1ULL << 31)

/* A guest: firmware calls, WFI, implementation-defined and cache set/way registers trap. */
#define HCR_GUEST                                                                                  \
	(HCR_RW | HCR_TSW | HCR_TACR | HCR_TIDCP | HCR_TSC | HCR_TWI | HCR_BSU_INNER | HCR_FB |    \
	 HCR_AMO | HCR_IMO | HCR_FMO | HCR_VM)
/* A VMM: EL0 directly below EL2, stage-2 translation alone, cacheable memory. */
#define HCR_VMM (HCR_RW | HCR_TGE | HCR_TSC | HCR_DC | HCR_AMO | HCR_IMO | HCR_FMO | HCR_VM)

/* SCTLR_EL1 while a VMM runs: MMU off, nothing allowed at EL0, little-endian; RES1 bits. */
#define SCTLR_EL1_VMM 0x30d00800ULL

#define CPTR_GUEST 0x33ffULL               /* RES1: no trap of FP and SIMD */
#define CPTR_VMM (CPTR_GUEST | 1ULL << 10) /* TFP: a VMM has neither */

#define PSTATE_EL0T 0x0ULL
#define PSTATE_EL1T 0x4ULL
#define PSTATE_EL1H 0x5ULL
#define PSTATE_DAIF (0xfULL << 6)

#endif
