/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest is told of workarounds for speculation (Arm DEN 0070): for each, whether its CPU
 * needs none by itself, or the firmware below the kernel has it, or nobody does. The answers are
 * those of KVM (Linux, arch/arm64/kvm/hypercalls.c).
 */
#ifndef VMM_VM_WORKAROUNDS_H
#define VMM_VM_WORKAROUNDS_H

#include <stdint.h>

/* The CPU, as the kernel tells it at the start (abi/calls.h). All zero: of nothing is known. */
struct cpu {
	uint64_t has; /* PV_CPU_* */
	uint64_t midr;
};

/**
 * The answer of SMCCC_ARCH_FEATURES for @function: 0 needed and there, 1 or -2 not needed, -1 not
 * there, or no workaround at all.
 */
int64_t workaround_feature(const struct cpu *cpu, uint32_t function);

#endif
