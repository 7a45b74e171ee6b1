/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with a device that signals by messages: QEMU's edu, whose registers are at T_UART_IPA and
 * whose message is written to the SPI in params[0].
 */
#include "tests/baremetal/guest.h"

#define SPURIOUS 0x3ffU
#define ROUNDS 300U
#define RAISE (T_UART_IPA + 0x60) /* QEMU docs/specs/edu */
#define CLEAR (T_UART_IPA + 0x64)

static void raise(void)
{
	mmio_write32(RAISE, 1);
	mmio_write32(CLEAR, 1);
}

static void check_comes(const char *name, uint32_t want)
{
	uint32_t iar = guest_irq_poll();

	check_equal(name, iar & 0x3ff, want);
	if (want != SPURIOUS) {
		guest_irq_end(iar);
	}
}

/* How many come before none does. */
static uint32_t drain(void)
{
	uint32_t count = 0;

	for (uint32_t iar = guest_irq_poll(); iar != SPURIOUS; iar = guest_irq_poll()) {
		guest_irq_end(iar);
		count++;
	}
	return count;
}

PROGRAM(guest_msi)
{
	uint32_t spi = (uint32_t)params[0];

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	raise();
	check_comes("one that is disabled does not come", SPURIOUS);
	guest_virq(0, spi, PV_VIRQ_EDGE, 0x80, 0);
	check_comes("enabled it does", spi);
	check_comes("once", SPURIOUS);
	/* The kernel has the first one out of the distributor, so the next may be told, too. */
	raise();
	raise();
	raise();
	check_comes("of three that nobody has taken one comes", spi);
	check_equal("and one more at most", drain() <= 1, true);
	raise();
	uint32_t iar = guest_irq_poll();

	raise();
	check_comes("not while one is handled", SPURIOUS);
	guest_irq_end(iar);
	check_comes("but then", spi);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		raise();
		iar = guest_irq_poll();
		guest_irq_count[iar & 0x3ff]++;
		guest_irq_end(iar);
	}
	check_equal("each time", guest_irq_count[spi], ROUNDS);
}

/* Sleeps until its device sends the message params[0]; then it keeps the CPU, and counts its turns. */
PROGRAM(guest_busy)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, (uint32_t)params[0], PV_VIRQ_EDGE, 0x80, 0);
	guest_irq_start(true);
	while (guest_irq_count[params[0]] == 0) {
		guest_wfi();
	}
	for (;;) {
		guest_irq_count[0]++;
	}
}
