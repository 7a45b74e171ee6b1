/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware below us, by SMC: PSCI (Arm DEN 0022) and SMCCC (DEN 0028).
 */
#ifndef KERNEL_AARCH64_FIRMWARE_H
#define KERNEL_AARCH64_FIRMWARE_H

#include <stdint.h>

#define PSCI_CPU_ON 0xc4000003ULL
#define PSCI_SYSTEM_OFF 0x84000008ULL
#define PSCI_FEATURES 0x8400000aULL
#define SMCCC_VERSION 0x80000000ULL
#define SMCCC_VERSION_1_1 0x10001
#define SMCCC_ARCH_FEATURES 0x80000001ULL

static inline int64_t firmware_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	/* SMCCC 1.0 firmware keeps x18 to x30 alone (DEN 0028, 2.5.1). */
	__asm__ volatile("smc #0"
	                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
	                 :
	                 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
	                   "x15", "x16", "x17", "memory");
	return (int64_t)x0;
}

/** Ask this CPU's firmware for its workarounds. */
void firmware_init(void);

/** What it said, as PV_CPU_WORKAROUND_SHIFT says. */
uint32_t firmware_workarounds(void);

#endif
