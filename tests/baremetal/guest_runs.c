/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM that ends its runs by itself and is started again by the real VMM. Its RAM stays as it was,
 * since nothing loads it, so that it can count. Each run looks whether the machine is as at
 * power-on, and leaves it in disorder.
 */
#include "tests/baremetal/guest.h"

#define PSCI_CPU_ON 0xc4000003UL
#define PSCI_SYSTEM_RESET 0x84000009UL
#define PSCI_SYSTEM_RESET2 0xc4000012UL
#define WATCHDOG 0x82003d06UL
#define WATCHDOG_SET_TIMEOUT 1
#define WATCHDOG_ENABLE 2

#define GICD_CTLR T_GICD_IPA
#define GICD_ISENABLER(n) (T_GICD_IPA + 0x100 + 4 * (n))
#define GICD_ISPENDR(n) (T_GICD_IPA + 0x200 + 4 * (n))
#define GICD_ISACTIVER(n) (T_GICD_IPA + 0x300 + 4 * (n))
#define GICD_IPRIORITYR(n) (T_GICD_IPA + 0x400 + 4 * (n))
#define GICD_ITARGETSR(n) (T_GICD_IPA + 0x800 + 4 * (n))
#define UARTIMSC (T_DEVICE_IPA + 0x38)
#define TIMER 27U
#define SPI 40U

extern char guest_entry[] __asm__("_start");

static uint64_t runs;
static uint64_t others; /* runs in which the second vCPU came up */

static void check_power_on_state(void)
{
	check_equal("the distributor is off", mmio_read32(GICD_CTLR) & 3, 0);
	check_equal("only SGIs are enabled", mmio_read32(guest_private_bank(0x100, 0)), 0xffff);
	check_equal("no SPI is", mmio_read32(GICD_ISENABLER(1)), 0);
	check_equal("no private interrupt is pending", mmio_read32(guest_private_bank(0x200, 0)),
	            0);
	check_equal("no SPI is", mmio_read32(GICD_ISPENDR(1)), 0);
	check_equal("none is handled", mmio_read32(guest_private_bank(0x300, 0)), 0);
	check_equal("nor", mmio_read32(GICD_ISACTIVER(1)), 0);
	check_equal("they have no priority", mmio_read32(GICD_IPRIORITYR(SPI / 4)), 0);
	check_equal("nor a target", mmio_read32(GICD_ITARGETSR(SPI / 4)), 0);
}

static void other_vcpu(void)
{
	others++;
	for (;;) { /* without a trap */
		__asm__ volatile("");
	}
}

static void make_disorder(void)
{
	mmio_write32(GICD_CTLR, 3);
	mmio_write32(GICD_IPRIORITYR(SPI / 4), 0xa0a0a0a0);
	mmio_write32(GICD_ITARGETSR(SPI / 4), 0x01010101);
	mmio_write32(GICD_ISENABLER(1), 1U << (SPI - 32));
	mmio_write32(GICD_ISPENDR(1), 3U << (SPI - 32));
	guest_irq_start(false);
	check_equal("an SPI is handled", guest_irq_poll() & 0x3ff, SPI);
	mmio_write32(guest_private_bank(0x100, 0), 1U << TIMER);
	guest_timer_arm(0);
	mmio_write32(UARTIMSC, 0x7ff);
	guest_call(PSCI_CPU_ON, 1, (uint64_t)guest_entry, (uint64_t)other_vcpu);
	while (__atomic_load_n(&others, __ATOMIC_RELAXED) != runs) {
	}
}

/* params[0]: the function that ends a run, or WATCHDOG. params[1]: how many runs. */
PROGRAM(guest_runs)
{
	uint32_t imsc = mmio_read32(UARTIMSC);

	guest_under_real_vmm();
	check_equal("the UART's interrupts are masked", imsc, 0);
	runs++;
	check_power_on_state();
	if (runs == params[1]) {
		return;
	}
	make_disorder();
	if (params[0] == WATCHDOG) {
		guest_call(WATCHDOG, WATCHDOG_SET_TIMEOUT, 1, 0);
		guest_call(WATCHDOG, WATCHDOG_ENABLE, 1, 0);
		for (;;) {
			__asm__ volatile("");
		}
	}
	guest_call(params[0], 0, 0, 0);
	check_true("the run has ended", false);
}

/* Its reset is a weapon, it thinks. */
PROGRAM(guest_reset_for_ever)
{
	guest_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	check_true("it came back from its reset", false);
}
