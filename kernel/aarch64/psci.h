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

	__asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return (int64_t)x0;
}

#endif
