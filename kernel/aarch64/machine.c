/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rest of core/arch.h: counter, deadline, sleep, power, windows; and core/memory.h.
 */
#include "kernel/aarch64/firmware.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/core/arch.h"
#include "kernel/core/memory.h"
#include "lib/freestanding.h"

uint64_t arch_now(void)
{
	isb();
	return sysreg_read(cntpct_el0);
}

uint64_t arch_ticks_per_second(void)
{
	return sysreg_read(cntfrq_el0);
}

void arch_set_deadline(uint64_t deadline)
{
	if (deadline == UINT64_MAX) {
		sysreg_write(cnthp_ctl_el2, 0);
	} else {
		sysreg_write(cnthp_cval_el2, deadline);
		sysreg_write(cnthp_ctl_el2, 1);
	}
	isb();
}

void arch_idle(void)
{
	dsb(sy);
	__asm__ volatile("wfi" : : : "memory");
}

void arch_power_off(void)
{
	(void)firmware_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;) {
		arch_idle(); /* firmware without SYSTEM_OFF: stay silent */
	}
}

static uint8_t *page_address(uint32_t page)
{
	return (uint8_t *)((uintptr_t)page << PV_PAGE_SHIFT);
}

static volatile uint32_t *window_word(uint32_t page, uint32_t word)
{
	return (volatile uint32_t *)(void *)page_address(page) + word;
}

uint32_t arch_window_read(uint32_t page, uint32_t word)
{
	return *window_word(page, word);
}

void arch_window_write(uint32_t page, uint32_t word, uint32_t value)
{
	*window_word(page, word) = value;
}

void memory_clear(uint32_t page, uint32_t page_count)
{
	memset(page_address(page), 0, (size_t)page_count << PV_PAGE_SHIFT);
}

void memory_clean(uint32_t page, uint32_t page_count)
{
	uint64_t line = 4ULL << ((sysreg_read(ctr_el0) >> 16) & 15); /* CTR_EL0.DminLine */
	uint8_t *at = page_address(page);
	const uint8_t *end = at + ((size_t)page_count << PV_PAGE_SHIFT);

	for (; at < end; at += line) {
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	}
	dsb(sy);
}
