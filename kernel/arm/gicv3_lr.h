/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list register as the hardware of a GICv3 keeps it: Arm IHI 0069H 12.4.5, ICH_LR<n>_EL2.
 */
#ifndef KERNEL_ARM_GICV3_LR_H
#define KERNEL_ARM_GICV3_LR_H

#include "kernel/arm/list_register.h"

#define GICV3_LR_STATE_SHIFT 62U
#define GICV3_LR_HW (1ULL << 61)
#define GICV3_LR_GROUP_1 (1ULL << 60) /* all interrupts of a guest are of it */
#define GICV3_LR_PRIORITY_SHIFT 48U
#define GICV3_LR_EOI (1ULL << 41)
#define GICV3_LR_PHYSICAL_SHIFT 32U
#define GICV3_LR_PHYSICAL_MASK 0x1fffU

/** An SGI has no source here: those of all vCPUs are one. */
static inline struct lr gicv3_lr_decode(uint64_t word)
{
	bool hw = word & GICV3_LR_HW;
	uint64_t physical = word >> GICV3_LR_PHYSICAL_SHIFT & GICV3_LR_PHYSICAL_MASK;

	return (struct lr){
		.intid = (uint16_t)word,
		.physical = hw ? (uint16_t)physical : 0,
		.priority = (uint8_t)(word >> GICV3_LR_PRIORITY_SHIFT),
		.state = (uint8_t)(word >> GICV3_LR_STATE_SHIFT),
		.hw = hw,
		.eoi = !hw && (word & GICV3_LR_EOI),
	};
}

/** As gicv3_lr_encode(), of a pending interrupt of no physical one, untold end. */
static inline uint64_t gicv3_lr_encode_pending(uint32_t intid, uint32_t priority)
{
	return intid | (uint64_t)priority << GICV3_LR_PRIORITY_SHIFT | GICV3_LR_GROUP_1 |
	       (uint64_t)LR_PENDING << GICV3_LR_STATE_SHIFT;
}

/** What @lr is to the hardware, which may keep the upper five bits of its priority alone. */
static inline uint64_t gicv3_lr_encode(struct lr lr)
{
	uint64_t word = lr.intid | (uint64_t)lr.priority << GICV3_LR_PRIORITY_SHIFT |
	                GICV3_LR_GROUP_1 | (uint64_t)lr.state << GICV3_LR_STATE_SHIFT;

	if (lr.hw) {
		return word | GICV3_LR_HW | (uint64_t)lr.physical << GICV3_LR_PHYSICAL_SHIFT;
	}
	return word | (lr.eoi ? GICV3_LR_EOI : 0);
}

/** Whether it is of @intid, in no state. */
static inline bool gicv3_lr_has_ended(uint64_t word, uint32_t intid)
{
	return (word & (3ULL << GICV3_LR_STATE_SHIFT | UINT32_MAX)) == intid;
}

#endif
