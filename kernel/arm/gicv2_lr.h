/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list register as the hardware of a GICv2 keeps it: Arm IHI 0048B 5.3.8, GICH_LRn.
 */
#ifndef KERNEL_ARM_GICV2_LR_H
#define KERNEL_ARM_GICV2_LR_H

#include "kernel/arm/list_register.h"

#define GICV2_LR_HW (1U << 31)
#define GICV2_LR_STATE_SHIFT 28U
#define GICV2_LR_PRIORITY_SHIFT 23U /* the upper 5 of 8 bits */
#define GICV2_LR_EOI (1U << 19)
#define GICV2_LR_PHYSICAL_SHIFT 10U /* physical INTID, or the source of an SGI */
#define GICV2_LR_INTID_MASK 0x3ffU  /* of either number */

static inline struct lr gicv2_lr_decode(uint32_t word)
{
	bool hw = word & GICV2_LR_HW;
	uint32_t physical = word >> GICV2_LR_PHYSICAL_SHIFT & GICV2_LR_INTID_MASK;

	return (struct lr){
		.intid = (uint16_t)(word & GICV2_LR_INTID_MASK),
		.physical = hw ? (uint16_t)physical : 0,
		.priority = (uint8_t)(word >> GICV2_LR_PRIORITY_SHIFT << 3),
		.state = (word >> GICV2_LR_STATE_SHIFT) & 3U,
		.source = hw ? 0 : physical & 7U,
		.hw = hw,
		.eoi = !hw && (word & GICV2_LR_EOI),
	};
}

/** What @lr is to the hardware. Of its priority the lower three bits are lost. */
static inline uint32_t gicv2_lr_encode(struct lr lr)
{
	uint32_t word = lr.intid | (uint32_t)(lr.priority >> 3) << GICV2_LR_PRIORITY_SHIFT |
	                (uint32_t)lr.state << GICV2_LR_STATE_SHIFT;

	if (lr.hw) {
		return word | GICV2_LR_HW | (uint32_t)lr.physical << GICV2_LR_PHYSICAL_SHIFT;
	}
	return word | (uint32_t)lr.source << GICV2_LR_PHYSICAL_SHIFT | (lr.eoi ? GICV2_LR_EOI : 0);
}

/** As gicv2_lr_encode(), of a pending interrupt of no source, no physical one, untold end. */
static inline uint32_t gicv2_lr_encode_pending(uint32_t intid, uint32_t priority)
{
	return intid | priority >> 3 << GICV2_LR_PRIORITY_SHIFT |
	       (uint32_t)LR_PENDING << GICV2_LR_STATE_SHIFT;
}

/** Whether it is of @intid, in no state. */
static inline bool gicv2_lr_has_ended(uint32_t word, uint32_t intid)
{
	return (word & (3U << GICV2_LR_STATE_SHIFT | GICV2_LR_INTID_MASK)) == intid;
}

#endif
