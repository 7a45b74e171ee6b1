/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 distributor for the guest (gicd.h), after Arm IHI 0048B.b section 4.3, without Security
 * Extensions and with one interrupt group: GICD_IGROUPRn, GICD_NSACRn and GICD_CTLR's second bit
 * are RAZ/WI. With one vCPU GICD_ITARGETSRn are RAZ/WI (4.3.12).
 */
#include "vmm/calls.h"
#include "vmm/gic/banks.h"

#define PIDR2_VALUE 0x2bU /* architecture 2, as a GIC-400 */

static uint64_t read_ctlr(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	(void)access;
	return gicd->enabled ? 1 : 0;
}

static void write_ctlr(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	bool enabled = (access->value & 1) != 0;

	if (enabled != gicd->enabled) {
		gicd->enabled = enabled;
		(void)!call_vgic_enable(gicd->cap, enabled);
	}
}

static uint64_t read_typer(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	(void)access;
	return (PV_VIRQS / 32 - 1) | (gicd->vcpu_count - 1) << 5;
}

static uint64_t read_pidr2(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return PIDR2_VALUE;
}

static uint64_t read_targets(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint64_t value = 0;

	if (gicd->vcpu_count == 1) {
		return 0;
	}
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t intid = access->offset + i;
		uint64_t mask = intid < GICD_PRIVATE
		                        ? 1U << access->vcpu
		                        : gicd->targets[gicd_slot(access->vcpu, intid)];

		value |= mask << (8 * i);
	}
	return value;
}

static void write_targets(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	if (gicd->vcpu_count == 1 || access->offset < GICD_PRIVATE) {
		return;
	}
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t intid = access->offset + i;
		uint8_t mask =
			(uint8_t)((access->value >> (8 * i)) & ((1U << gicd->vcpu_count) - 1));

		if (gicd->targets[gicd_slot(0, intid)] != mask) {
			gicd->targets[gicd_slot(0, intid)] = mask;
			gicd_push(gicd, 0, intid);
		}
	}
}

/* SGI @sgi, as sent by @source, becomes pending, or not any more, for each of @targets. */
static void operate_sgi(const struct gicd *gicd, uint32_t source, uint32_t targets, uint32_t sgi,
                        enum pv_virq_op op)
{
	for (uint32_t vcpu = 0; vcpu < gicd->vcpu_count; vcpu++) {
		if ((targets & 1U << vcpu) != 0) {
			gicd_operate(gicd, vcpu, sgi | source << PV_SGI_SOURCE_SHIFT, op);
		}
	}
}

/* GICD_SGIR (4.3.15): [25:24] filter, [23:16] list, [3:0] the interrupt. */
static void write_sgir(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint32_t value = (uint32_t)access->value;
	uint32_t self = 1U << access->vcpu;
	const uint32_t targets[4] = {(value >> 16) & 0xff, ~self, self, 0};

	operate_sgi(gicd, access->vcpu, targets[(value >> 24) & 3], value & 0xf, PV_VIRQ_OP_PEND);
}

/* GICD_S/CPENDSGIRn: a byte for each SGI of the reading vCPU, a bit for each source. */
static uint64_t read_sgi_pending(void *device, const struct access *access)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t state = gicd_state(device, access->vcpu, access->offset + i);

		value |= (uint64_t)(state >> PV_VIRQ_SOURCES_SHIFT) << (8 * i);
	}
	return value;
}

static void operate_sgi_bytes(const struct gicd *gicd, const struct access *access,
                              enum pv_virq_op op)
{
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t sources = (uint32_t)(access->value >> (8 * i)) & 0xff;

		for (uint32_t source = 0; source < gicd->vcpu_count; source++) {
			if ((sources & 1U << source) != 0) {
				operate_sgi(gicd, source, 1U << access->vcpu, access->offset + i,
				            op);
			}
		}
	}
}

static void write_sgi_set(void *device, const struct access *access)
{
	operate_sgi_bytes(device, access, PV_VIRQ_OP_PEND);
}

static void write_sgi_clear(void *device, const struct access *access)
{
	operate_sgi_bytes(device, access, PV_VIRQ_OP_UNPEND);
}

/* Arm IHI 0048B.b, table 4-1. Banks of one bit, two bits or one byte for each interrupt. */
static const struct reg rows[] = {
	{0x000, 4, W32, read_ctlr, write_ctlr},                                /* GICD_CTLR */
	{0x004, 4, W32, read_typer, NULL},                                     /* GICD_TYPER */
	{0x008, 4, W32, bank_read_iidr, NULL},                                 /* GICD_IIDR */
	{0x100, PV_VIRQS / 8, W32, bank_read_enable, bank_write_set_enable},   /* GICD_ISENABLERn */
	{0x180, PV_VIRQS / 8, W32, bank_read_enable, bank_write_clear_enable}, /* GICD_ICENABLERn */
	{0x200, PV_VIRQS / 8, W32, bank_read_pending, bank_write_set_pending}, /* GICD_ISPENDRn */
	{0x280, PV_VIRQS / 8, W32, bank_read_pending, bank_write_clear_pending}, /* GICD_ICPENDRn */
	{0x300, PV_VIRQS / 8, W32, bank_read_active, bank_write_set_active},   /* GICD_ISACTIVERn */
	{0x380, PV_VIRQS / 8, W32, bank_read_active, bank_write_clear_active}, /* GICD_ICACTIVERn */
	{0x400, PV_VIRQS, W8 | W32, bank_read_priority, bank_write_priority}, /* GICD_IPRIORITYRn */
	{0x800, PV_VIRQS, W8 | W32, read_targets, write_targets},             /* GICD_ITARGETSRn */
	{0xc00, PV_VIRQS / 4, W32, bank_read_config, bank_write_config},      /* GICD_ICFGRn */
	{0xf00, 4, W32, NULL, write_sgir},                                    /* GICD_SGIR */
	{0xf10, SGI_COUNT, W8 | W32, read_sgi_pending, write_sgi_clear},      /* GICD_CPENDSGIRn */
	{0xf20, SGI_COUNT, W8 | W32, read_sgi_pending, write_sgi_set},        /* GICD_SPENDSGIRn */
	{0xfe8, 4, W32, read_pidr2, NULL},                                    /* ICPIDR2 */
};
const struct reg_table gicv2_registers = REG_TABLE(rows);
