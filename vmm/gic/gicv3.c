/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 distributor and redistributors for the guest (gicd.h), after Arm IHI 0069H sections 12.9 to
 * 12.11: affinity routing always, one security state, no LPIs, no messages to the distributor, no
 * "1 of N". All interrupts are of group 1: GICD_IGROUPRn and GICR_IGROUPR0 are RAO/WI. vCPU n has n as
 * Aff0 and 0 as the rest of its affinity. SGIs are sent by a system register, which the kernel serves.
 *
 * Of the banks those of INTIDs 0 to 31 are in the redistributor's second frame, of each vCPU its own;
 * the distributor's are RAZ/WI.
 */
#include "vmm/calls.h"
#include "vmm/gic/banks.h"

#define CTLR_ENABLE 2U   /* group 1 */
#define CTLR_FIXED 0x50U /* ARE, DS */
#define TYPER_NO_1_OF_N (1U << 25)
#define TYPER_ID_BITS (9U << 19) /* 10 bits of INTID */
#define PIDR2_VALUE 0x3bU        /* architecture 3 */
#define GICR_TYPER_LAST 0x10U
#define GICR_SECOND 0x10000U

static uint64_t read_ctlr(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	(void)access;
	return CTLR_FIXED | (gicd->enabled ? CTLR_ENABLE : 0);
}

static void write_ctlr(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	bool enabled = (access->value & CTLR_ENABLE) != 0;

	if (enabled != gicd->enabled) {
		gicd->enabled = enabled;
		(void)!call_vgic_enable(gicd->cap, enabled);
	}
}

static uint64_t read_typer(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return (PV_VIRQS / 32 - 1) | TYPER_ID_BITS | TYPER_NO_1_OF_N;
}

static uint64_t read_pidr2(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return PIDR2_VALUE;
}

static uint64_t read_group(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return UINT32_MAX;
}

/* GICD_IROUTER: the affinity of one vCPU. Where it named none, it reads as one that is not there. */
static uint64_t read_router(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint32_t targets = gicd->targets[gicd_slot(0, GICD_PRIVATE + access->offset / 8)];

	if (access->offset % 8 != 0) {
		return 0; /* Aff3 */
	}
	return targets == 0 ? UINT8_MAX : (uint32_t)__builtin_ctz(targets);
}

static void write_router(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	uint32_t intid = GICD_PRIVATE + access->offset / 8;
	uint8_t *targets = &gicd->targets[gicd_slot(0, intid)];
	uint8_t now = access->value < gicd->vcpu_count ? (uint8_t)(1U << access->value) : 0;

	if (access->offset % 8 != 0) {
		now = access->value == 0 ? *targets : 0;
	}
	if (*targets != now) {
		*targets = now;
		gicd_push(gicd, 0, intid);
	}
}

/* IHI 0069H, table 12-25. */
static const struct reg rows[] = {
	{0x000, 4, W32, read_ctlr, write_ctlr},                                /* GICD_CTLR */
	{0x004, 4, W32, read_typer, NULL},                                     /* GICD_TYPER */
	{0x008, 4, W32, bank_read_iidr, NULL},                                 /* GICD_IIDR */
	{0x080, PV_VIRQS / 8, W32, read_group, NULL},                          /* GICD_IGROUPRn */
	{0x100, PV_VIRQS / 8, W32, bank_read_enable, bank_write_set_enable},   /* GICD_ISENABLERn */
	{0x180, PV_VIRQS / 8, W32, bank_read_enable, bank_write_clear_enable}, /* GICD_ICENABLERn */
	{0x200, PV_VIRQS / 8, W32, bank_read_pending, bank_write_set_pending}, /* GICD_ISPENDRn */
	{0x280, PV_VIRQS / 8, W32, bank_read_pending, bank_write_clear_pending}, /* GICD_ICPENDRn */
	{0x300, PV_VIRQS / 8, W32, bank_read_active, bank_write_set_active},   /* GICD_ISACTIVERn */
	{0x380, PV_VIRQS / 8, W32, bank_read_active, bank_write_clear_active}, /* GICD_ICACTIVERn */
	{0x400, PV_VIRQS, W8 | W32, bank_read_priority, bank_write_priority}, /* GICD_IPRIORITYRn */
	{0xc00, PV_VIRQS / 4, W32, bank_read_config, bank_write_config},      /* GICD_ICFGRn */
	{0x6100, 8 * (PV_VIRQS - GICD_PRIVATE), W32 | W64, read_router,
         write_router},                     /* GICD_IROUTERn */
	{0xffe8, 4, W32, read_pidr2, NULL}, /* GICD_PIDR2 */
};
const struct reg_table gicv3_registers = REG_TABLE(rows);

/* Whether an access of the distributor is one of the banks of INTIDs 0 to 31. */
static bool is_private(const struct access *access)
{
	uint32_t offset = access->offset;

	return (offset >= 0x080 && offset < 0x400 && offset % 0x80 < GICD_PRIVATE / 8) ||
	       (offset >= 0x400 && offset < 0x400 + GICD_PRIVATE) ||
	       (offset >= 0xc00 && offset < 0xc00 + GICD_PRIVATE / 4);
}

uint64_t gicv3_read(struct gicd *gicd, const struct access *access)
{
	return is_private(access) ? 0 : regs_read(&gicv3_registers, gicd, access);
}

void gicv3_write(struct gicd *gicd, const struct access *access)
{
	if (!is_private(access)) {
		regs_write(&gicv3_registers, gicd, access);
	}
}

/* [63:32] affinity, [23:8] the number of the vCPU, which is its Aff0. */
static uint64_t read_redistributor_typer(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint64_t typer = (uint64_t)access->vcpu << 32 | access->vcpu << 8 |
	                 (access->vcpu + 1 == gicd->vcpu_count ? GICR_TYPER_LAST : 0);

	return typer >> 8 * (access->offset % 8);
}

/* IHI 0069H, tables 12-27 and 12-29. GICR_CTLR and GICR_WAKER read 0: no LPIs, always awake. */
static const struct reg redistributor_rows[] = {
	{0x00004, 4, W32, bank_read_iidr, NULL},                 /* GICR_IIDR */
	{0x00008, 8, W32 | W64, read_redistributor_typer, NULL}, /* GICR_TYPER */
	{0x0ffe8, 4, W32, read_pidr2, NULL},                     /* GICR_PIDR2 */
	{GICR_SECOND + 0x080, 4, W32, read_group, NULL},         /* GICR_IGROUPR0 */
	{GICR_SECOND + 0x100, 4, W32, bank_read_enable,
         bank_write_set_enable}, /* GICR_ISENABLER0 */
	{GICR_SECOND + 0x180, 4, W32, bank_read_enable,
         bank_write_clear_enable}, /* GICR_ICENABLER0 */
	{GICR_SECOND + 0x200, 4, W32, bank_read_pending,
         bank_write_set_pending}, /* GICR_ISPENDR0 */
	{GICR_SECOND + 0x280, 4, W32, bank_read_pending,
         bank_write_clear_pending}, /* GICR_ICPENDR0 */
	{GICR_SECOND + 0x300, 4, W32, bank_read_active,
         bank_write_set_active}, /* GICR_ISACTIVER0 */
	{GICR_SECOND + 0x380, 4, W32, bank_read_active,
         bank_write_clear_active}, /* GICR_ICACTIVER0 */
	{GICR_SECOND + 0x400, 32, W8 | W32, bank_read_priority,
         bank_write_priority},                                              /* GICR_IPRIORITYRn */
	{GICR_SECOND + 0xc00, 8, W32, bank_read_config, bank_write_config}, /* GICR_ICFGRn */
};
const struct reg_table gicr_registers = REG_TABLE(redistributor_rows);

uint64_t gicr_read(struct gicd *gicd, uint32_t of, const struct access *access)
{
	struct access own = *access;

	own.vcpu = of;
	return regs_read(&gicr_registers, gicd, &own);
}

void gicr_write(struct gicd *gicd, uint32_t of, const struct access *access)
{
	struct access own = *access;

	own.vcpu = of;
	regs_write(&gicr_registers, gicd, &own);
}
