/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VM takes of the one below it by going to sleep and waking. */
#include "tests/baremetal/guest.h"

static void spend_spinning(uint64_t end)
{
	while (guest_now() < end) {
	}
}

static void spend_waking(uint64_t end)
{
	while (guest_now() < end) {
		guest_timer_arm(60);
		guest_wfi();
		guest_timer_off();
		guest_irq_end(guest_irq_acknowledge());
	}
}

/* Above a worker, with a budget of a half: spends it by running, and then by going to sleep and
 * waking as often as it can. The worker gets the other half of the time either way. */
PROGRAM(guest_budget_wakes)
{
	volatile uint64_t *shared = (volatile uint64_t *)(uint64_t)T_SHARED_IPA;
	uint64_t ms = guest_hertz() / 1000;

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(0, 27, 0, 0x80, 0);
	guest_irq_start(false);
	spend_spinning(guest_now() + 20 * ms);
	uint64_t begin = shared[1];

	spend_spinning(guest_now() + 50 * ms);
	uint64_t beside_spinning = shared[1] - begin;

	begin = shared[1];
	spend_waking(guest_now() + 50 * ms);
	uint64_t beside_waking = shared[1] - begin;

	check_true("waking takes no more of the other than running",
	           beside_waking > beside_spinning / 10 * 9);
	shared[0] = 1;
}

PROGRAM(guest_budget_beside)
{
	volatile uint64_t *shared = (volatile uint64_t *)(uint64_t)T_SHARED_IPA;

	while (!shared[0]) {
		shared[1]++;
	}
}

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

/* For an observer from outside: nothing runs. */
PROGRAM(guest_sleep)
{
	for (;;) {
		guest_wfi();
	}
}
