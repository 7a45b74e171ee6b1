/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a guest of a GICv3 sends a software-generated interrupt: by a store to a register of its CPU,
 * which traps (Arm IHI 0069H 12.2.20, ICC_SGI1R_EL1). Its vCPUs have numbers from 0 on as Aff0, and 0
 * in the other fields of their affinity. Pure functions.
 */
#ifndef KERNEL_ARM_SGI_H
#define KERNEL_ARM_SGI_H

#include <stdbool.h>
#include <stdint.h>

/* Of a trapped access's syndrome, all but the register that is stored. */
#define SGI_ISS_MASK 0x3ffc1fU
#define SGI_ISS(op2) (3U << 20 | (op2) << 17 | 12U << 10 | 11U << 1) /* S3_0_C12_C11_op2, written */

enum sgi_kind {
	SGI_NONE, /* it is another register */
	SGI_GROUP_1,
	SGI_OTHER, /* of a group in which a guest has no interrupts */
};

struct sgi {
	uint32_t intid;
	uint32_t targets; /* bit n: vCPU n */
};

static inline enum sgi_kind sgi_kind(uint32_t iss)
{
	switch (iss & SGI_ISS_MASK) {
	case SGI_ISS(5U): /* ICC_SGI1R_EL1 */
		return SGI_GROUP_1;
	case SGI_ISS(6U): /* ICC_ASGI1R_EL1 */
	case SGI_ISS(7U): /* ICC_SGI0R_EL1 */
		return SGI_OTHER;
	default:
		return SGI_NONE;
	}
}

/** What vCPU @self of @count, at most 16, sends by storing @value to ICC_SGI1R_EL1. */
static inline struct sgi sgi_decode(uint64_t value, uint32_t self, uint32_t count)
{
	const uint64_t affinity = 0xffULL << 48 | 0xfULL << 44 | 0xffULL << 32 | 0xffULL << 16;
	uint32_t all = (1U << count) - 1;
	uint32_t intid = value >> 24 & 15U;

	if (value & (1ULL << 40)) { /* IRM */
		return (struct sgi){intid, all & ~(1U << self)};
	}
	/* Aff3, RS, Aff2, Aff1 */
	return (struct sgi){intid, (value & affinity) ? 0 : (uint32_t)value & 0xffffU & all};
}

#endif
