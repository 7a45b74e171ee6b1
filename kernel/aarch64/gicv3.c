/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3: distributor and redistributors with affinity routing, CPU interfaces by system registers.
 * Names and offsets of IHI 0069H, chapter 12. All interrupts, the kernel's and guests', are of group
 * 1. They end in two steps (EOImode 1): the priority drops here; that of the virtual timer, and of a
 * line, is deactivated by the guest's own end, through its list register.
 *
 * A CPU interface has at most five bits of preemption, as many as a list register holds of a priority:
 * one register of active priorities for each group.
 */
#include <stddef.h>

#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/its.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/arm/gicv3_lr.h"
#include "kernel/arm/sgi.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"
#include "kernel/core/boot.h"

/* Distributor; the first also of the second frame of a redistributor. */
#define GICD_IGROUPR 0x0080U
#define GICD_IROUTER(intid) (0x6000U + 8U * (intid))
/* Redistributor. */
#define GICR_WAKER 0x00014U
#define GICR_SECOND 0x10000U
#define GICR_BYTES 0x20000U

#define GICD_CTLR_GROUP_1 (1U << 1)
#define GICD_CTLR_ARE (1U << 4)
#define GICD_CTLR_RWP (1U << 31)
#define GICR_CTLR_RWP (1U << 3)
#define GICR_TYPER_VLPIS (1U << 1) /* it has two frames more */
#define GICR_TYPER_LAST (1U << 4)
#define GICR_TYPER_AFFINITY_SHIFT 32U
#define GICR_WAKER_PROCESSOR_SLEEP (1U << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1U << 2)

#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICH_AP0R0_EL2 S3_4_C12_C8_0
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VTR_EL2 S3_4_C12_C11_1
#define ICH_VMCR_EL2 S3_4_C12_C11_7

/* X(number, its register). */
#define ICH_LRS(X)                                                                                 \
	X(0, S3_4_C12_C12_0)                                                                       \
	X(1, S3_4_C12_C12_1)                                                                       \
	X(2, S3_4_C12_C12_2)                                                                       \
	X(3, S3_4_C12_C12_3)

#define ICC_CTLR_EOIMODE (1U << 1)
#define ICC_IAR_INTID 0xffffffU
/* System registers and no bypass; the guest's ICC_SRE_EL1 traps where it could say otherwise. */
#define ICC_SRE_FIXED 7U
#define ICH_HCR_EN 1U
#define ICH_HCR_LRENPIE 4U
#define ICH_HCR_EOI_COUNT_SHIFT 27U
#define ICH_VMCR_EOIMODE (1U << 9)
#define ICH_VTR_PREBITS(vtr) (((vtr) >> 26 & 7U) + 1U)
#define PREBITS_MAX 5U

#define AFFINITY 0xff00ffffffULL /* of MPIDR_EL1 */
#define PATIENCE 1000000U        /* polls of what the controller does by itself */

static uint64_t redistributors[PV_CPUS_MAX]; /* boot: address of each CPU's */

/* Until the bits @mask of a register are 0: they will be, or the machine is broken. */
static void wait_clear(const volatile uint32_t *of, uint32_t mask)
{
	for (uint32_t n = 0; n < PATIENCE && (*of & mask); n++) {
	}
}

static uint64_t own_affinity(void)
{
	return sysreg_read(mpidr_el1) & AFFINITY;
}

static uint64_t redistributors_end(void)
{
	return board_gicr + board_gicr_bytes;
}

/* The redistributor behind that at @base; the end if that is the last. */
static uint64_t next_redistributor(uint64_t base)
{
	uint64_t typer = *gic_reg64(base, GICR_TYPER);

	if (typer & GICR_TYPER_LAST) {
		return redistributors_end();
	}
	return base + (typer & GICR_TYPER_VLPIS ? 2 * GICR_BYTES : GICR_BYTES);
}

/* Whatever ran before us had the redistributor at @base keep messages in memory, it does not any more. */
static void forget_messages(uint64_t base)
{
	*gic_reg(base, GICR_CTLR) &= ~GICR_CTLR_LPIS;
	wait_clear(gic_reg(base, GICR_CTLR), GICR_CTLR_RWP);
	if (*gic_reg(base, GICR_CTLR) & GICR_CTLR_LPIS) {
		boot_refuse("a redistributor writes to memory that the kernel did not give it",
		            NULL);
	}
}

/* Also that of a CPU which is not used. */
static void forget_all_messages(void)
{
	its_stop();
	for (uint64_t at = board_gicr; at < redistributors_end(); at = next_redistributor(at)) {
		forget_messages(at);
	}
}

void gic_init_distributor(void)
{
	uint64_t boot_cpu = own_affinity();

	forget_all_messages();
	*gic_reg(board_gicd, GICD_CTLR) = 0;
	wait_clear(gic_reg(board_gicd, GICD_CTLR), GICD_CTLR_RWP);
	*gic_reg(board_gicd, GICD_CTLR) = GICD_CTLR_ARE;
	wait_clear(gic_reg(board_gicd, GICD_CTLR), GICD_CTLR_RWP);
	uint32_t end = gic_quiet_shared();

	for (uint32_t i = 32; i < end; i += 32) {
		*gic_reg(board_gicd, GICD_IGROUPR + i / 8) = UINT32_MAX;
	}
	for (uint32_t i = 32; i < end; i++) {
		*gic_reg64(board_gicd, GICD_IROUTER(i)) = boot_cpu;
	}
	gic_enable(board_uart_intid);
	*gic_reg(board_gicd, GICD_CTLR) = GICD_CTLR_ARE | GICD_CTLR_GROUP_1;
}

/* The redistributor of the CPU that asks. */
static uint64_t find_redistributor(void)
{
	uint64_t own = own_affinity();

	own = (own >> 8 & 0xff000000U) | (own & 0xffffffU); /* Aff3 next to the others */
	for (uint64_t at = board_gicr; at < redistributors_end(); at = next_redistributor(at)) {
		if (*gic_reg64(at, GICR_TYPER) >> GICR_TYPER_AFFINITY_SHIFT == own) {
			return at;
		}
	}
	boot_refuse("header[0].board: the CPUs of this machine are others", NULL);
}

static void init_redistributor(uint64_t base)
{
	uint64_t second = base + GICR_SECOND;

	*gic_reg(base, GICR_WAKER) &= ~GICR_WAKER_PROCESSOR_SLEEP;
	wait_clear(gic_reg(base, GICR_WAKER), GICR_WAKER_CHILDREN_ASLEEP);
	gic_quiet(second, 0);
	*gic_reg(second, GICD_IGROUPR) = UINT32_MAX;
	wait_clear(gic_reg(base, GICR_CTLR), GICR_CTLR_RWP);
	*gic_reg(second, GICD_ISENABLER) =
		1U << GIC_POKE | 1U << GIC_MAINTENANCE | 1U << GIC_DEADLINE | 1U << GIC_TIMER;
}

void gic_init_cpu(uint32_t cpu)
{
	/* Before that the others, those for guests among them, may not be there. */
	sysreg_write(ICC_SRE_EL2, ICC_SRE_FIXED);
	isb();
	/* Pokes, and the firmware, know CPUs by their numbers in one cluster. */
	if (own_affinity() >= PV_CPUS_MAX ||
	    ICH_VTR_PREBITS(sysreg_read(ICH_VTR_EL2)) > PREBITS_MAX) {
		boot_refuse("header[0].board: the CPUs of this machine are others", NULL);
	}
	kernel.cpus[cpu].poke_bit = (uint16_t)(1U << own_affinity());
	redistributors[cpu] = find_redistributor();
	init_redistributor(redistributors[cpu]);
	its_init_cpu(cpu, redistributors[cpu]);
	sysreg_write(ICC_SRE_EL1, ICC_SRE_FIXED);
	isb();
	sysreg_write(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	sysreg_write(ICC_PMR_EL1, 0xff);
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	for (uint32_t i = 0; i < LRS_MAX && i < arch_lr_count(); i++) {
		arch_lr_write(i, (struct lr){0});
	}
	sysreg_write(ICH_HCR_EL2, ICH_HCR_EN);
	isb();
}

struct interrupt arch_interrupt_take(void)
{
	uint32_t intid = (uint32_t)sysreg_read(ICC_IAR1_EL1) & ICC_IAR_INTID;

	/* What the sender of a poke stored before is read after; pairs with arch_poke(). */
	dsb(sy);
	return (struct interrupt){intid == GIC_POKE ? INTERRUPT_POKE : gic_kind(intid), intid};
}

void arch_interrupt_end(struct interrupt interrupt, bool deactivate)
{
	sysreg_write(ICC_EOIR1_EL1, interrupt.token);
	if (deactivate) {
		sysreg_write(ICC_DIR_EL1, interrupt.token);
	}
	isb();
}

void gic_route(uint32_t intid)
{
	*gic_reg64(board_gicd, GICD_IROUTER(intid)) = own_affinity();
}

void arch_poke(uint32_t cpus)
{
	/* What the other CPUs are to find was stored before; they read it after their ICC_IAR1. */
	dsb(ishst);
	sysreg_write(ICC_SGI1R_EL1, (uint64_t)GIC_POKE << 24 | cpus);
	isb();
}

/* Whether the virtual timer's physical interrupt counts as active on this CPU. */
static void set_timer_active(bool active)
{
	*gic_reg(redistributors[cpu_here()->id] + GICR_SECOND,
	         active ? GICD_ISACTIVER : GICD_ICACTIVER) = 1U << GIC_TIMER;
}

uint32_t gic_guest_page(void)
{
	return 0;
}

void gic_save(struct vcpu *v)
{
	v->arch.gich_vmcr = (uint32_t)sysreg_read(ICH_VMCR_EL2);
	v->arch.gich_apr = sysreg_read(ICH_AP1R0_EL2);
	v->arch.gich_apr_other = sysreg_read(ICH_AP0R0_EL2);
}

void gic_load(const struct vcpu *v, bool timer_active)
{
	sysreg_write(ICH_VMCR_EL2, v->arch.gich_vmcr);
	sysreg_write(ICH_AP1R0_EL2, v->arch.gich_apr);
	sysreg_write(ICH_AP0R0_EL2, v->arch.gich_apr_other);
	set_timer_active(timer_active);
}

bool arch_sgi(const struct vcpu *v, uint32_t iss, uint64_t value, struct sgi *sgi)
{
	*sgi = sgi_kind(iss) == SGI_GROUP_1 ? sgi_decode(value, v->number, v->domain->vcpu_count)
	                                    : (struct sgi){0};
	return sgi_kind(iss) != SGI_NONE;
}

uint32_t arch_lr_count(void)
{
	return (uint32_t)(sysreg_read(ICH_VTR_EL2) & 31U) + 1;
}

static uint64_t lr_read(uint32_t i)
{
	switch (i) {
#define X(number, name)                                                                            \
	case (number):                                                                             \
		return sysreg_read(name);
		ICH_LRS(X)
#undef X
	default:
		return 0;
	}
}

static void lr_write(uint32_t i, uint64_t word)
{
	switch (i) {
#define X(number, name)                                                                            \
	case (number):                                                                             \
		sysreg_write(name, word);                                                          \
		break;
		ICH_LRS(X)
#undef X
	default:
		break;
	}
}

struct lr arch_lr_read(uint32_t i)
{
	return gicv3_lr_decode(lr_read(i));
}

void arch_lr_write(uint32_t i, struct lr lr)
{
	/* Of an empty one the group says nothing. */
	lr_write(i, lr.state == LR_EMPTY ? 0 : gicv3_lr_encode(lr));
}

bool arch_lr_has_ended(uint32_t i, uint32_t intid)
{
	return gicv3_lr_has_ended(lr_read(i), intid);
}

void arch_lr_pend(uint32_t i, uint32_t intid, uint32_t priority)
{
	lr_write(i, gicv3_lr_encode_pending(intid, priority));
}

uint32_t arch_lr_count_ends(bool tell)
{
	uint32_t ends = (uint32_t)sysreg_read(ICH_HCR_EL2) >> ICH_HCR_EOI_COUNT_SHIFT;

	sysreg_write(ICH_HCR_EL2, tell ? ICH_HCR_EN | ICH_HCR_LRENPIE : ICH_HCR_EN);
	return ends;
}

bool arch_lr_ends_count(void)
{
	return sysreg_read(ICH_AP1R0_EL2) && !(sysreg_read(ICH_VMCR_EL2) & ICH_VMCR_EOIMODE);
}

bool arch_lr_ends_lines(void)
{
	return true;
}

void arch_timer_end(void)
{
	set_timer_active(false);
}
