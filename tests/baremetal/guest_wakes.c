/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VM takes of the one below it by going to sleep and waking. */
#include "tests/baremetal/guest.h"

/* Its timer never fires: it sleeps until it is rung. */
PROGRAM(guest_far_timer)
{
	volatile uint64_t *shared = (volatile uint64_t *)(uint64_t)T_SHARED_IPA;
	uint64_t wakes = 0;

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, 48, PV_VIRQ_EDGE, 0x80, 0);
	guest_call(T_BIND, T_CAP_EXTRA, 48, 0);
	guest_irq_start(false);
	__asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb"
	                 :
	                 : "r"(UINT64_MAX), "r"(1UL));
	while (!shared[0] && wakes < 1000) {
		guest_wfi();
		wakes++;
	}
	check_true("a timer that never fires wakes nobody", wakes < 10);
}

PROGRAM(guest_far_timer_beside)
{
	volatile uint64_t *shared = (volatile uint64_t *)(uint64_t)T_SHARED_IPA;
	uint64_t end = guest_now() + 20 * guest_hertz() / 1000;

	while (guest_now() < end) {
	}
	shared[0] = 1;
	mmio_write32(T_DOORBELL_IPA, 1);
}
