/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical interrupt controller, of the version that the board has: gicv2.c or gicv3.c. The
 * virtual side of it, list registers, is declared in core/arch.h.
 */
#ifndef KERNEL_AARCH64_GIC_H
#define KERNEL_AARCH64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

#define GIC_POKE 0U         /* SGI: look at `resched` and `dirty` */
#define GIC_MAINTENANCE 25U /* PPI of the virtual CPU interface */
#define GIC_DEADLINE 26U    /* PPI of the hypervisor timer */
#define GIC_TIMER 27U       /* PPI of the virtual timer */
#define GIC_SPECIAL 1020U   /* and above: what is read in the place of an interrupt, never ended */
#define GIC_LPIS 8192U      /* and above: interrupts again */
#define GIC_PRIORITIES 0xa0a0a0a0U /* of four interrupts; all have the same */

/** What interrupt @intid, no poke, is to the core. */
RARE enum interrupt_kind gic_kind(uint32_t intid);

/** Physical page of the CPU interface that guests have by a mapping; 0: by registers of the CPU. */
uint32_t gic_guest_page(void);

/** Whether a trapped access @iss (ESR_EL2.ISS) is one of a register of the CPU interface that has the
 * same value for every guest. */
bool gic_sysreg(uint32_t iss, uint64_t *value);

/** Set up the distributor: nothing but the UART's interrupt is enabled. Boot CPU. */
void gic_init_distributor(void);

/** Set up the interfaces, physical and virtual, of this CPU, which is @cpu. */
void gic_init_cpu(uint32_t cpu);

/** Move the virtual CPU interface's state out of the hardware, or into it. @timer_active: the
 * guest has yet to end the virtual timer's interrupt. */
void gic_save(struct vcpu *v);
void gic_load(const struct vcpu *v, bool timer_active);

#endif
