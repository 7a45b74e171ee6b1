/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2: distributor, CPU interface, virtual interface control. Register names and offsets of
 * IHI 0048B, tables 4-1, 4-2 and 5-1. Interrupts end in two steps (EOImode 1): the priority drops
 * here; that of the virtual timer, and of a line, is deactivated by the guest's own end, through its
 * list register.
 */
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/arm/gicv2_lr.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"

/* Distributor. */
#define GICD_ITARGETSR 0x800U
#define GICD_SGIR 0xf00U
#define GICD_CPENDSGIR 0xf10U
/* CPU interface. */
#define GICC_CTLR 0x0000U
#define GICC_PMR 0x0004U
#define GICC_IAR 0x000cU
#define GICC_EOIR 0x0010U
#define GICC_DIR 0x1000U
/* Virtual interface control. */
#define GICH_HCR 0x000U
#define GICH_VTR 0x004U
#define GICH_VMCR 0x008U
#define GICH_APR 0x0f0U
#define GICH_LR(i) (0x100U + 4U * (i))

#define GICC_CTLR_ENABLE 1U
#define GICC_CTLR_EOIMODE (1U << 9)
#define GICH_HCR_EN 1U
#define GICH_HCR_LRENPIE 4U
#define GICH_HCR_EOI_COUNT_SHIFT 27U
#define GICH_VMCR_EOIMODE (1U << 9)

/* Of the CPU that asks. A distributor with one interface has no target registers: they read 0. */
static uint8_t own_interface_bit(void)
{
	uint8_t bit = (uint8_t)*gic_reg(board_gicd, GICD_ITARGETSR);

	return bit ? bit : 1;
}

void gic_init_distributor(void)
{
	uint32_t boot_cpu = 0x01010101U * own_interface_bit();

	*gic_reg(board_gicd, GICD_CTLR) = 0;
	uint32_t end = gic_quiet_shared();

	for (uint32_t i = 32; i < end; i += 4) {
		*gic_reg(board_gicd, GICD_ITARGETSR + i) = boot_cpu;
	}
	gic_enable(board_uart_intid);
	*gic_reg(board_gicd, GICD_CTLR) = 1;
}

void gic_init_cpu(uint32_t cpu)
{
	kernel.cpus[cpu].poke_bit = own_interface_bit();
	gic_quiet(board_gicd, 0);
	for (uint32_t i = 0; i < SGIS; i += 4) {
		*gic_reg(board_gicd, GICD_CPENDSGIR + i) = UINT32_MAX;
	}
	*gic_reg(board_gicd, GICD_ISENABLER) =
		1U << GIC_POKE | 1U << GIC_MAINTENANCE | 1U << GIC_DEADLINE | 1U << GIC_TIMER;
	*gic_reg(board_gicc, GICC_PMR) = 0xff;
	*gic_reg(board_gicc, GICC_CTLR) = GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE;
	for (uint32_t i = 0; i < LRS_MAX && i < arch_lr_count(); i++) {
		*gic_reg(board_gich, GICH_LR(i)) = 0;
	}
	*gic_reg(board_gich, GICH_HCR) = GICH_HCR_EN;
}

struct interrupt arch_interrupt_take(void)
{
	uint32_t iar = *gic_reg(board_gicc, GICC_IAR);
	uint32_t intid = iar & 0x3ffU;

	/* What the sender of a poke stored before is read after; pairs with arch_poke(). */
	dsb(ishld);
	return (struct interrupt){intid == GIC_POKE ? INTERRUPT_POKE : gic_kind(intid), iar};
}

void arch_interrupt_end(struct interrupt interrupt, bool deactivate)
{
	*gic_reg(board_gicc, GICC_EOIR) = interrupt.token;
	if (deactivate) {
		*gic_reg(board_gicc, GICC_DIR) = interrupt.token;
	}
}

void gic_route(uint32_t intid)
{
	/* A target register has a byte for each interrupt, which may be written by itself. */
	*(volatile uint8_t *)(uintptr_t)(board_gicd + GICD_ITARGETSR + intid) =
		(uint8_t)cpu_here()->poke_bit;
}

void arch_poke(uint32_t cpus)
{
	/* What the other CPUs are to find was stored before; they read it after their GICC_IAR. */
	dsb(ishst);
	*gic_reg(board_gicd, GICD_SGIR) = cpus << 16 | GIC_POKE;
}

/* Whether the virtual timer's physical interrupt counts as active on this CPU. */
static void set_timer_active(bool active)
{
	*gic_reg(board_gicd, active ? GICD_ISACTIVER : GICD_ICACTIVER) = 1U << GIC_TIMER;
}

uint32_t gic_guest_page(void)
{
	return (uint32_t)(board_gicv >> PV_PAGE_SHIFT);
}

void gic_save(struct vcpu *v)
{
	v->arch.gich_vmcr = *gic_reg(board_gich, GICH_VMCR);
	v->arch.gich_apr = *gic_reg(board_gich, GICH_APR);
}

void gic_load(const struct vcpu *v, bool timer_active)
{
	*gic_reg(board_gich, GICH_VMCR) = v->arch.gich_vmcr;
	*gic_reg(board_gich, GICH_APR) = (uint32_t)v->arch.gich_apr;
	set_timer_active(timer_active);
}

bool arch_sgi(const struct vcpu *v, uint32_t iss, uint64_t value, struct sgi *sgi)
{
	(void)v;
	(void)iss;
	(void)value;
	(void)sgi;
	return false; /* the distributor sends them, which its VMM is */
}

uint32_t arch_lr_count(void)
{
	return (*gic_reg(board_gich, GICH_VTR) & 63U) + 1;
}

struct lr arch_lr_read(uint32_t i)
{
	return gicv2_lr_decode(*gic_reg(board_gich, GICH_LR(i)));
}

void arch_lr_write(uint32_t i, struct lr lr)
{
	*gic_reg(board_gich, GICH_LR(i)) = gicv2_lr_encode(lr);
}

bool arch_lr_has_ended(uint32_t i, uint32_t intid)
{
	return gicv2_lr_has_ended(*gic_reg(board_gich, GICH_LR(i)), intid);
}

void arch_lr_pend(uint32_t i, uint32_t intid, uint32_t priority)
{
	*gic_reg(board_gich, GICH_LR(i)) = gicv2_lr_encode_pending(intid, priority);
}

uint32_t arch_lr_count_ends(bool tell)
{
	uint32_t ends = *gic_reg(board_gich, GICH_HCR) >> GICH_HCR_EOI_COUNT_SHIFT;

	*gic_reg(board_gich, GICH_HCR) = tell ? GICH_HCR_EN | GICH_HCR_LRENPIE : GICH_HCR_EN;
	return ends;
}

bool arch_lr_ends_count(void)
{
	return *gic_reg(board_gich, GICH_APR) &&
	       !(*gic_reg(board_gich, GICH_VMCR) & GICH_VMCR_EOIMODE);
}

/* The architecture says that it does. The machine that we run on deactivates it, and does not look
 * whether it is pending: QEMU 10.0, gic_complete_irq() of hw/intc/arm_gic.c. */
bool arch_lr_ends_lines(void)
{
	return false;
}

void arch_timer_end(void)
{
	set_timer_active(false);
}
