/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's clock, which the host's first word sets where nothing else does: abi/agent.h. */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

#include "images/agent/agent.h"

#define RTC "/sys/class/rtc/rtc0" /* by which Linux has set the clock before any program ran */
#define SECONDS_MAX UINT32_MAX    /* Linux takes about twice as many */

void clock_told(const uint8_t bytes[8])
{
	uint64_t seconds = 0;
	struct timespec now;

	for (int i = 7; i >= 0; i--) {
		seconds = seconds << 8 | bytes[i];
	}
	if (seconds > SECONDS_MAX || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    (int64_t)seconds - now.tv_sec <= PV_AGENT_CLOCK_BEHIND_S || access(RTC, F_OK) == 0) {
		return;
	}
	/* It may be forbidden, to an agent that is not root's: the clock stays. */
	(void)clock_settime(CLOCK_REALTIME, &(struct timespec){.tv_sec = (time_t)seconds});
}
