/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Synchronous exceptions from below EL2, as the hardware describes them: Arm ARM (DDI 0487)
 * D24.2.40, ESR_EL2. Pure functions; what is done about an exception is kernel/core/trap.c.
 */
#ifndef KERNEL_ARM_SYNDROME_H
#define KERNEL_ARM_SYNDROME_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"

struct trap {
	uint64_t esr;   /* ESR_EL2 */
	uint64_t far;   /* FAR_EL2 */
	uint64_t hpfar; /* HPFAR_EL2; meaningful for translation and access-flag faults only */
};

/* ESR_EL2.EC, bits 31:26. */
enum trap_class {
	TRAP_WFX = 0x01,
	TRAP_SVC64 = 0x15,
	TRAP_HVC64 = 0x16,
	TRAP_SMC64 = 0x17,
	TRAP_SYSREG = 0x18,
	TRAP_INST_ABORT = 0x20,
	TRAP_DATA_ABORT = 0x24
};

static inline uint32_t trap_class(const struct trap *trap)
{
	return (uint32_t)(trap->esr >> 26) & 0x3fU;
}

/** Bytes of the instruction that a trap with syndrome @esr was taken from: 2 in T32 user space. */
static inline uint64_t trap_instruction_bytes(uint64_t esr)
{
	return (esr & (1U << 25)) != 0 ? 4 : 2; /* IL */
}

/** Of TRAP_WFX: it was a WFI; WFE and its kin are hints. */
static inline bool trap_is_wfi(const struct trap *trap)
{
	return !(trap->esr & 3);
}

/* Of an abort, FSC[5:2]. */
enum trap_fault { TRAP_FAULT_TRANSLATION = 1, TRAP_FAULT_PERMISSION = 3 };

static inline uint32_t trap_fault(const struct trap *trap)
{
	return (uint32_t)trap->esr >> 2 & 15U;
}

/** The page of the access: HPFAR_EL2[39:4] is IPA[47:12]. */
static inline uint64_t trap_page(const struct trap *trap)
{
	return (trap->hpfar >> 4) & ((1ULL << 36) - 1);
}

static inline uint32_t trap_offset(const struct trap *trap)
{
	return (uint32_t)trap->far & (PV_PAGE_BYTES - 1U);
}

/** The address of the access; UINT64_MAX: other faults, an address beyond the input size among them,
 * leave a stale value in HPFAR_EL2. */
static inline uint64_t trap_ipa(const struct trap *trap)
{
	uint32_t fault = trap_fault(trap);

	if (fault != TRAP_FAULT_TRANSLATION && fault != TRAP_FAULT_PERMISSION) {
		return UINT64_MAX;
	}
	return trap_page(trap) << PV_PAGE_SHIFT | trap_offset(trap);
}

/** Whether the syndrome of a data abort says which register was loaded or stored: ISV, and no CM,
 * cache maintenance. */
static inline bool trap_has_access(const struct trap *trap)
{
	return (trap->esr & (1U << 24 | 1U << 8)) == 1U << 24;
}

static inline bool trap_is_write(const struct trap *trap)
{
	return trap->esr & (1U << 6); /* WnR */
}

/* How the value of a load reaches the guest's register, or a store's comes from there. */
struct access {
	uint8_t reg;   /* 0..31; 31 is the zero register */
	uint8_t bytes; /* 1 2 4 8 */
	bool sign;
	bool wide; /* 64-bit destination */
};

static inline struct access trap_access(const struct trap *trap)
{
	uint32_t iss = (uint32_t)trap->esr;

	return (struct access){.reg = iss >> 16 & 31U,                     /* SRT */
	                       .bytes = (uint8_t)(1U << (iss >> 22 & 3U)), /* SAS */
	                       .sign = iss & (1U << 21),                   /* SSE */
	                       .wide = iss & (1U << 15)};                  /* SF */
}

/** The low @bytes bytes of @value. */
static inline uint64_t access_truncate(struct access access, uint64_t value)
{
	return value & (UINT64_MAX >> (64U - 8U * access.bytes));
}

/** What the register holds after a load of @value. */
static inline uint64_t access_extend(struct access access, uint64_t value)
{
	uint32_t unused = 64U - 8U * access.bytes;

	value = access.sign ? (uint64_t)((int64_t)(value << unused) >> unused)
	                    : access_truncate(access, value);
	return access.wide ? value : (uint32_t)value;
}

/** Of TRAP_SYSREG: the register that the value read goes to; the zero register, where it is a write. */
static inline struct access trap_sysreg_target(const struct trap *trap)
{
	return (struct access){
		.reg = (trap->esr & 1) ? trap->esr >> 5 & 31U : 31U, .bytes = 8, .wide = true};
}

/** The register that the value written comes from; 31 is the zero register. */
static inline uint32_t trap_sysreg_source(const struct trap *trap)
{
	return (uint32_t)trap->esr >> 5 & 31U;
}

/** The rest of the syndrome: which register it is. */
static inline uint32_t trap_iss(const struct trap *trap)
{
	return (uint32_t)trap->esr & 0x1ffffffU;
}

#endif
