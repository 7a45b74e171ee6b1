/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all versions of the interrupt controller have in common.
 */
#include "kernel/aarch64/gic.h"

#include "kernel/aarch64/smmu.h"
#include "kernel/board.h"

enum interrupt_kind gic_kind(uint32_t intid)
{
	switch (intid) {
	case GIC_DEADLINE:
		return INTERRUPT_DEADLINE;
	case GIC_TIMER:
		return INTERRUPT_TIMER;
	case GIC_MAINTENANCE:
		return INTERRUPT_MAINTENANCE;
	case GIC_NONE:
		return INTERRUPT_NONE;
	default:
		if (smmu_raises(intid)) {
			return INTERRUPT_SMMU;
		}
		return intid == board_uart_intid ? INTERRUPT_UART : INTERRUPT_STRAY;
	}
}
