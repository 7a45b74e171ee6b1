/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all versions of the interrupt controller have in common.
 */
#include "kernel/aarch64/gic.h"

#include "kernel/board.h"
#include "kernel/core/arch.h"

#define PRIORITIES 0xa0a0a0a0U /* of four interrupts; all have the same */

enum interrupt_kind gic_kind(uint32_t intid)
{
	switch (intid) {
	case GIC_DEADLINE:
		return INTERRUPT_DEADLINE;
	case GIC_TIMER:
		return INTERRUPT_TIMER;
	case GIC_MAINTENANCE:
		return INTERRUPT_MAINTENANCE;
	default:
		/* Those above, of extended ranges, are interrupts, if nobody's: not ended, they would
		 * keep the others out. */
		if (intid >= GIC_SPECIAL && intid < GIC_SPECIAL_END) {
			return INTERRUPT_NONE;
		}
		if (intid == board_uart_intid) {
			return INTERRUPT_UART;
		}
		return intid < PV_SPI_FIRST ? INTERRUPT_STRAY : INTERRUPT_LINE;
	}
}

void gic_quiet(uint64_t base, uint32_t intid)
{
	*gic_reg(base, GICD_ICENABLER + intid / 8) = UINT32_MAX;
	*gic_reg(base, GICD_ICPENDR + intid / 8) = UINT32_MAX;
	*gic_reg(base, GICD_ICACTIVER + intid / 8) = UINT32_MAX;
	for (uint32_t i = 0; i < 32; i += 4) {
		*gic_reg(base, GICD_IPRIORITYR + intid + i) = PRIORITIES;
	}
}

uint32_t gic_quiet_shared(void)
{
	uint32_t end = 32U * ((*gic_reg(board_gicd, GICD_TYPER) & 31U) + 1U);

	for (uint32_t i = 32; i < GIC_SPECIAL && i < end; i += 32) {
		gic_quiet(board_gicd, i);
	}
	return end < GIC_SPECIAL ? end : GIC_SPECIAL;
}

void gic_enable(uint32_t intid)
{
	*gic_reg(board_gicd, GICD_ISENABLER + intid / 32 * 4) = 1U << intid % 32;
}

void arch_line_init(uint32_t intid, bool edge)
{
	volatile uint32_t *icfgr = gic_reg(board_gicd, GICD_ICFGR + intid / 16 * 4);
	uint32_t bit = 2U << intid % 16 * 2;

	*icfgr = edge ? *icfgr | bit : *icfgr & ~bit;
}

void arch_line_route(uint32_t intid)
{
	gic_route(intid);
	gic_enable(intid);
}

void arch_lines_mask(uint32_t word, uint32_t bits)
{
	*gic_reg(board_gicd, GICD_ICENABLER + 4 * word) = bits;
}

void arch_lines_forget(uint32_t word, uint32_t bits)
{
	*gic_reg(board_gicd, GICD_ICPENDR + 4 * word) = bits;
}

void arch_line_end(uint32_t intid)
{
	*gic_reg(board_gicd, GICD_ICACTIVER + intid / 32 * 4) = 1U << intid % 32;
}
