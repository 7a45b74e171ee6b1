/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs under a VMM that uses its timer (vmm_life.c): the timer comes whatever the guest
 * does meanwhile.
 */
#include "tests/baremetal/guest.h"

#define SPI 40U
#define LATE 6
#define RINGS 7
#define PENDS (1UL << 62)
#define STARTS (2UL << 62)

static volatile uint64_t life; /* in RAM, which nobody clears */

static uint64_t rings(void)
{
	return guest_call(T_PARAM, RINGS, 0, 0);
}

static void run_until_rung(uint64_t count)
{
	uint64_t limit = guest_now() + guest_patience();

	while (rings() < count && guest_now() < limit) {
	}
}

/* params[0]: by how many ticks it may be late; params[1]: of how many it is set. */
PROGRAM(guest_vmm_timer)
{
	if (life++ == 0) {
		guest_call(T_DO, params[1], 0, 0);
		run_until_rung(1);
		check_equal("it comes while the guest runs", rings(), 1);
		guest_call(T_VGIC_ENABLE, 1, 0, 0);
		guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
		guest_irq_start(true);
		guest_call(T_DO, PENDS | params[1], 0, 0);
		GUEST_SLEEP_WHILE(guest_irq_count[SPI] == 0);
		check_equal("it comes while it sleeps", rings(), 2);
		guest_call(T_DO, params[1], 0, 0);
		guest_call(T_DO, UINT64_MAX >> 3, 0, 0);
		guest_call(T_DO, PENDS | 2 * params[1], 0, 0);
		GUEST_SLEEP_WHILE(guest_irq_count[SPI] == 1);
		check_equal("set anew it comes once", rings(), 3);
		guest_call(T_DO, PENDS, 0, 0);
		GUEST_SLEEP_WHILE(guest_irq_count[SPI] == 2);
		check_equal("it comes at once if it is due", rings(), 4);
		guest_call(T_DO, STARTS | params[1], 0, 0);
		guest_call(T_OFF, 0, 0, 0);
	}
	check_equal("it comes while the guest is off", rings(), 5);
	check_true("it is never too late", guest_call(T_PARAM, LATE, 0, 0) <= params[0]);
}

static volatile uint32_t *shared(uint32_t word)
{
	return (volatile uint32_t *)(uint64_t)T_SHARED_IPA + word;
}

/* params[0]: how often it goes off and comes back; params[1]: ticks that it is off. */
PROGRAM(guest_off_and_on)
{
	*shared(0) = (uint32_t)++life;
	if (life <= params[0]) {
		guest_call(T_DO, STARTS | params[1], 0, 0);
		guest_stop(PV_STOP_POWEROFF);
	}
	check_equal("each timer came", rings(), params[0]);
}

/* Is on until the other has come back for the last time. params[0]: as above. */
PROGRAM(guest_sees_it_back)
{
	uint64_t limit = guest_now() + guest_patience();

	while (*shared(0) <= params[0] && guest_now() < limit) {
	}
	check_equal("it came back", *shared(0), params[0] + 1);
}
