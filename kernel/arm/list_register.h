/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list register of the virtual CPU interface: what the core keeps of one, whatever the version of
 * the interrupt controller, and what the hardware keeps: Arm IHI 0048B (GICv2) 5.3.8, GICH_LRn, and
 * Arm IHI 0069H (GICv3 and GICv4) 12.4.5, ICH_LR<n>_EL2.
 */
#ifndef KERNEL_ARM_LIST_REGISTER_H
#define KERNEL_ARM_LIST_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

enum lr_state { LR_EMPTY = 0, LR_PENDING = 1, LR_ACTIVE = 2, LR_BOTH = 3 };

struct lr {
	uint16_t intid;
	uint16_t physical; /* with hw: the physical interrupt that its end deactivates */
	uint8_t priority;
	uint8_t state;  /* enum lr_state */
	uint8_t source; /* SGI: the sending vCPU */
	bool hw;        /* its end also deactivates a physical interrupt */
	bool eoi;       /* its end interrupts this CPU */
};

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

static inline bool gicv2_lr_is_empty(uint32_t word)
{
	return !(word >> GICV2_LR_STATE_SHIFT & 3U);
}

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

/** As gicv2_lr_encode_pending(). */
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

static inline bool gicv3_lr_is_empty(uint64_t word)
{
	return !(word >> GICV3_LR_STATE_SHIFT);
}

#endif
