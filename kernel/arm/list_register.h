/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list register of the virtual CPU interface: what the core keeps of one, whatever the version of
 * the interrupt controller. What the hardware keeps: gicv2_lr.h, gicv3_lr.h.
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

#endif
