/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical interrupt controller, GICv2 with virtualization extensions (Arm IHI 0048B). The
 * virtual side of it, list registers, is declared in core/arch.h.
 */
#ifndef KERNEL_AARCH64_GIC_H
#define KERNEL_AARCH64_GIC_H

#include <stdint.h>

#include "kernel/core/kernel.h"

#define INTID_POKE 0U         /* SGI: look at `resched` and `dirty` */
#define INTID_MAINTENANCE 25U /* PPI of the virtual CPU interface */
#define INTID_DEADLINE 26U    /* PPI of the hypervisor timer */
#define INTID_TIMER 27U       /* PPI of the virtual timer */
#define INTID_NONE 1023U

/** Set up the distributor: nothing but the UART's interrupt is enabled. Boot CPU. */
void gic_init_distributor(void);

/** Set up the interfaces, physical and virtual, of this CPU, which is @cpu. */
void gic_init_cpu(uint32_t cpu);

/** Acknowledge the pending interrupt of the highest priority: GICC_IAR's value. */
uint32_t gic_acknowledge(void);

/** End interrupt @iar. @deactivate: it may come again; else whoever it was passed to does that. */
void gic_end(uint32_t iar, bool deactivate);

/** Move the virtual CPU interface's state out of the hardware, or into it. @timer_active: the
 * guest has yet to end the virtual timer's interrupt. */
void gic_save(struct vcpu *v);
void gic_load(const struct vcpu *v, bool timer_active);

#endif
