/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DEN 0070 (workarounds.h). 1 is for branches that one context trains for another (Spectre v2), 2
 * for loads that pass stores (v4), 3 for the branch history.
 */
#include "vmm/vm/workarounds.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/calls.h"
#include "lib/bits.h"

#define SMCCC_ARCH_WORKAROUND_1 0x80008000U
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffU
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffU

#define NEEDED_AND_THERE 0
#define UNAFFECTED 1
#define NOT_SUPPORTED (-1)
#define NOT_REQUIRED (-2) /* of 2: not needed, or on for good */

#define CSV2_TRAINING 1U /* branches are trained by their own context alone */
#define CSV2_HISTORY 3U  /* the same of their history (FEAT_CSV2_3) */

/* Cores of Arm that do not speculate far enough for any of the three. */
static bool is_simple(uint64_t midr)
{
	static const uint16_t parts[] = {0xd03, 0xd04, 0xd05}; /* Cortex-A53, A35, A55 */

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		if (midr >> 24 == 0x41 && (midr >> 4 & 0xfff) == parts[i]) {
			return true;
		}
	}
	return false;
}

static int64_t branches(const struct cpu *cpu, uint32_t csv2, enum pv_workaround firmware)
{
	if (is_simple(cpu->midr) || (cpu->has >> PV_CPU_CSV2_SHIFT & 0xf) >= csv2 ||
	    firmware == PV_WORKAROUND_NEEDLESS) {
		return UNAFFECTED;
	}
	return firmware == PV_WORKAROUND_THERE ? NEEDED_AND_THERE : NOT_SUPPORTED;
}

/* With PSTATE.SSBS a guest helps itself, and is safe until it does. */
static int64_t stores(const struct cpu *cpu, enum pv_workaround firmware)
{
	if (is_simple(cpu->midr)) {
		return NOT_REQUIRED;
	}
	return (cpu->has & PV_CPU_SSBS) != 0 || firmware == PV_WORKAROUND_NONE ? NOT_SUPPORTED
	                                                                       : NOT_REQUIRED;
}

int64_t workaround_feature(const struct cpu *cpu, uint32_t function)
{
	uint64_t firmware = cpu->has >> PV_CPU_WORKAROUND_SHIFT;

	switch (function) {
	case SMCCC_ARCH_WORKAROUND_1:
		return branches(cpu, CSV2_TRAINING, (enum pv_workaround)(firmware & 3));
	case SMCCC_ARCH_WORKAROUND_2:
		return stores(cpu, (enum pv_workaround)(firmware >> 2 & 3));
	case SMCCC_ARCH_WORKAROUND_3:
		return branches(cpu, CSV2_HISTORY, (enum pv_workaround)(firmware >> 4 & 3));
	default:
		return NOT_SUPPORTED;
	}
}
