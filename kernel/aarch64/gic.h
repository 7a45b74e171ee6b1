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
/* What is read in the place of an interrupt, and never ended. */
#define GIC_SPECIAL 1020U
#define GIC_SPECIAL_END 1024U

/* Of the distributor, the same in all versions; up to IPRIORITYR also of the second frame of a GICv3's
 * redistributor, for the first 32. */
#define GICD_CTLR 0x000U
#define GICD_TYPER 0x004U
#define GICD_ISENABLER 0x100U
#define GICD_ICENABLER 0x180U
#define GICD_ICPENDR 0x280U
#define GICD_ISACTIVER 0x300U
#define GICD_ICACTIVER 0x380U
#define GICD_IPRIORITYR 0x400U
#define GICD_ICFGR 0xc00U

/* Of a GICv3's redistributor. */
#define GICR_CTLR 0x0U
#define GICR_TYPER 0x8U
#define GICR_CTLR_LPIS (1U << 0)

/** The register at @offset of those at @base. */
static inline volatile uint32_t *gic_reg(uint64_t base, uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static inline volatile uint64_t *gic_reg64(uint64_t base, uint32_t offset)
{
	return (volatile uint64_t *)(uintptr_t)(base + offset);
}

/** Of 32 interrupts from @intid on, in the registers at @base: all disabled, nothing pending or active,
 * one priority. */
void gic_quiet(uint64_t base, uint32_t intid);

/** The same of all that are shared; one more than the last of them. */
uint32_t gic_quiet_shared(void);

/** Have the shared interrupt @intid come. */
void gic_enable(uint32_t intid);

/** Have @intid go to this CPU. */
void gic_route(uint32_t intid);

/** What interrupt @intid, no poke, is to the core. */
RARE enum interrupt_kind gic_kind(uint32_t intid);

/** Physical page of the CPU interface that guests have by a mapping; 0: by registers of the CPU. */
uint32_t gic_guest_page(void);

/** Set up the distributor: nothing but the UART's interrupt is enabled. Boot CPU. */
void gic_init_distributor(void);

/** Set up the interfaces, physical and virtual, of this CPU, which is @cpu. */
void gic_init_cpu(uint32_t cpu);

/** Move the virtual CPU interface's state out of the hardware, or into it. @timer_active: the
 * guest has yet to end the virtual timer's interrupt. */
void gic_save(struct vcpu *v);
void gic_load(const struct vcpu *v, bool timer_active);

#endif
