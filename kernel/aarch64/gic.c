/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all versions of the interrupt controller have in common.
 */
#include "kernel/aarch64/gic.h"

#include "kernel/board.h"
#include "kernel/core/arch.h"

/* Of the distributor, the same in all versions. */
#define GICD_ICENABLER 0x180U
#define GICD_ICPENDR 0x280U
#define GICD_ICACTIVER 0x380U
#define GICD_ICFGR 0xc00U

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
		if (intid >= GIC_SPECIAL && intid < GIC_LPIS) {
			return INTERRUPT_NONE;
		}
		if (intid == board_uart_intid) {
			return INTERRUPT_UART;
		}
		return intid < PV_SPI_FIRST || intid >= PV_INTID_END ? INTERRUPT_STRAY
		                                                     : INTERRUPT_LINE;
	}
}

static volatile uint32_t *distributor(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(board_gicd + offset);
}

void arch_line_init(uint32_t intid, bool edge)
{
	volatile uint32_t *icfgr = distributor(GICD_ICFGR + intid / 16 * 4);
	uint32_t bit = 2U << intid % 16 * 2;

	*icfgr = edge ? *icfgr | bit : *icfgr & ~bit;
}

void arch_lines_mask(uint32_t word, uint32_t bits)
{
	*distributor(GICD_ICENABLER + 4 * word) = bits;
}

void arch_lines_forget(uint32_t word, uint32_t bits)
{
	*distributor(GICD_ICPENDR + 4 * word) = bits;
}

void arch_line_end(uint32_t intid)
{
	*distributor(GICD_ICACTIVER + intid / 32 * 4) = 1U << intid % 32;
}
