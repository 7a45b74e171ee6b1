/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers and barriers.
 */
#ifndef KERNEL_AARCH64_SYSREG_H
#define KERNEL_AARCH64_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

/* The name may be a macro of the encoding. */
#define SYSREG_NAME(name) #name

#define sysreg_read(name)                                                                          \
	__extension__({                                                                            \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " SYSREG_NAME(name) : "=r"(value_));                     \
		value_;                                                                            \
	})

#define sysreg_write(name, value)                                                                  \
	__asm__ volatile("msr " SYSREG_NAME(name) ", %0" : : "r"((uint64_t)(value)) : "memory")

/* Registers by encoding, which an assembler for ARMv8.0 has no names for. */
#define VDISR_EL2 S3_4_C12_C1_1
#define VSESR_EL2 S3_4_C5_C2_3
#define HCRX_EL2 S3_4_C1_C2_2
#define MPAMIDR_EL1 S3_0_C10_C4_4
#define MPAM1_EL1 S3_0_C10_C5_0
#define MPAM0_EL1 S3_0_C10_C5_1
#define MPAMHCR_EL2 S3_4_C10_C4_0
#define MPAM2_EL2 S3_4_C10_C5_0

/* A field of 4 bits of an ID register. */
#define ID_FIELD(value, shift) (((value) >> (shift)) & 15)

/* RAS extension: SErrors can be deferred, guests have DISR_EL1. */
static inline bool cpu_has_ras(void)
{
	return ID_FIELD(sysreg_read(id_aa64pfr0_el1), 28) != 0;
}

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
#define HCR_TID3 (1ULL << 18)
#define HCR_TSC (1ULL << 19)
#define HCR_TIDCP (1ULL << 20)
#define HCR_TACR (1ULL << 21)
#define HCR_TSW (1ULL << 22)
#define HCR_TGE (1ULL << 27)
#define HCR_RW (1ULL << 31)

/* A guest: firmware calls, WFI, ID, implementation-defined and cache set/way registers trap. */
#define HCR_GUEST                                                                                  \
	(HCR_RW | HCR_TSW | HCR_TACR | HCR_TIDCP | HCR_TSC | HCR_TID3 | HCR_TWI | HCR_BSU_INNER |  \
	 HCR_FB | HCR_AMO | HCR_IMO | HCR_FMO | HCR_VM)
/* A VMM: EL0 directly below EL2, stage-2 translation alone, cacheable memory. */
#define HCR_VMM (HCR_RW | HCR_TGE | HCR_TSC | HCR_DC | HCR_AMO | HCR_IMO | HCR_FMO | HCR_VM)

/* SCTLR_EL1 while a VMM runs: MMU off, nothing allowed at EL0 (DAIF, DC ZVA, CTR, cache maintenance,
 * WFI, WFE, SCXTNUM, TPIDR2), little-endian; RES1 bits. */
#define SCTLR_EL1_VMM 0x30d00800ULL

#define CNTKCTL_EL0VCTEN 2ULL /* EL0 reads the virtual counter */

#define CPTR_GUEST 0x33ffULL               /* no trap of FP and SIMD; RES1, of SVE and SME */
#define CPTR_VMM (CPTR_GUEST | 1ULL << 10) /* TFP: a VMM has neither */

#endif
