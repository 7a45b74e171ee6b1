/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical interrupt controller, GICv2 with virtualization extensions (Arm IHI 0048B). The
 * virtual side of it, list registers, is declared in core/arch.h.
 */
#ifndef KERNEL_AARCH64_GIC_H
#define KERNEL_AARCH64_GIC_H

#include <stdint.h>

#include "kernel/core/kernel.h"

/** Set up the distributor: nothing but the UART's interrupt is enabled. Boot CPU. */
void gic_init_distributor(void);

/** Have an interrupt of the kernel, which is signalled by an edge, come to the boot CPU. Boot CPU, behind
 * gic_init_distributor(). */
void gic_enable_edge(uint32_t intid);

/** Set up the interfaces, physical and virtual, of this CPU, which is @cpu. */
void gic_init_cpu(uint32_t cpu);

/** Move the virtual CPU interface's state out of the hardware, or into it. @timer_active: the
 * guest has yet to end the virtual timer's interrupt. */
void gic_save(struct vcpu *v);
void gic_load(const struct vcpu *v, bool timer_active);

#endif
