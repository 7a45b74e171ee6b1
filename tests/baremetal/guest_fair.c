/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one VM can take of another's time by what it does to a third: guests that share a CPU and
 * count rounds of work into a page that all see. Time is the counter of a machine that counts
 * instructions (-icount).
 */
#include "tests/baremetal/guest.h"

#define SPI 48U
#define DONE 7U /* word of the shared page: not 0 when the count is over */

static volatile uint64_t *shared_word(uint64_t index)
{
	return (volatile uint64_t *)(uint64_t)T_SHARED_IPA + index;
}

/* Above the others: does nothing but take the interrupts that it is rung for. */
PROGRAM(guest_rung)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_call(T_BIND, T_CAP_EXTRA, SPI, 0);
	guest_irq_start(true);
	GUEST_SLEEP_WHILE(*shared_word(DONE) == 0);
	check_true("the one above was rung", guest_irq_count[SPI] > 100);
}

/* Works, and rings the one above each params[2] us, for params[3] ms. params[0]: my word of the
 * shared page, params[1]: that of its equal, which must have had as much time. */
PROGRAM(guest_ring_above)
{
	uint64_t us = guest_hertz() / 1000000;
	uint64_t end = guest_now() + 1000 * us * params[3];
	uint64_t next = 0;

	while (guest_now() < end) {
		++*shared_word(params[0]);
		if (guest_now() >= next) {
			mmio_write32(T_DOORBELL_IPA, 1);
			next = guest_now() + us * params[2];
		}
	}
	check_true("its equal had its share",
	           *shared_word(params[1]) > *shared_word(params[0]) / 2);
	*shared_word(DONE) = 1;
	mmio_write32(T_DOORBELL_IPA, 1);
}

/* The equal: works until the count is over. params[0]: my word of the shared page. */
PROGRAM(guest_work)
{
	while (*shared_word(DONE) == 0) {
		++*shared_word(params[0]);
		(void)guest_now();
	}
	check_true("it worked", true);
}

static void work(void)
{
	for (volatile uint32_t i = 0; i < 200000; i++) {
	}
}

/* Its VMM gets events without pause, once it is rung: vmm_rung_for_ever. */
PROGRAM(guest_work_beside_events)
{
	uint64_t begin = guest_now();

	work();
	uint64_t rung = guest_now();

	check_equal("ring", guest_call(T_RING, T_CAP_EXTRA, 0, 0), 0);
	work();
	uint64_t end = guest_now();
	uint32_t served = mmio_read32(T_DEVICE_IPA);

	check_true("events were served all the time", served > 100);
	check_true("and took no more than about half of it", end - rung < 5 * (rung - begin) / 2);
}
