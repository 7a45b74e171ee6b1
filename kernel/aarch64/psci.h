/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware below us: PSCI (Arm DEN 0022) by SMC.
 */
#ifndef KERNEL_AARCH64_PSCI_H
#define KERNEL_AARCH64_PSCI_H

#include <stdint.h>

#define PSCI_CPU_ON 0xc4000003ULL
#define PSCI_SYSTEM_OFF 0x84000008ULL

static inline int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
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

#endif
