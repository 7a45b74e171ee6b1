/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workarounds for speculation that live in the firmware below us (Arm DEN 0070): we ask for them
 * once, pass a guest's calls on, and leave it to the VMM to say what the guest is told. CPUs of a
 * board are alike: what the last one was told holds for all.
 */
#include "kernel/aarch64/firmware.h"

#include "abi/calls.h"
#include "kernel/core/arch.h"

#define WORKAROUNDS 3U

static const uint32_t workarounds[WORKAROUNDS] = {0x80008000U, 0x80007fffU, 0x80003fffU};
static uint32_t states; /* enum pv_workaround, two bits for each. Boot, then constant. */

static uint32_t state_of(uint32_t n)
{
	return states >> (2 * n) & 3;
}

void firmware_init(void)
{
	states = 0;
	if ((int32_t)firmware_call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0 ||
	    (int32_t)firmware_call(SMCCC_VERSION, 0, 0, 0) < SMCCC_VERSION_1_1) {
		return;
	}
	for (uint32_t n = 0; n < WORKAROUNDS; n++) {
		int32_t said = (int32_t)firmware_call(SMCCC_ARCH_FEATURES, workarounds[n], 0, 0);
		uint32_t state = said == 0                 ? PV_WORKAROUND_THERE
		                 : said == 1 || said == -2 ? PV_WORKAROUND_NEEDLESS
		                                           : PV_WORKAROUND_NONE;

		states |= state << (2 * n);
	}
	if (state_of(1) == PV_WORKAROUND_THERE) {
		(void)firmware_call(workarounds[1], 1, 0, 0); /* on, for whatever runs here */
	}
}

uint32_t firmware_workarounds(void)
{
	return states;
}

bool arch_workaround(uint64_t function)
{
	for (uint32_t n = 0; n < WORKAROUNDS; n += 2) { /* 1 and 3 */
		if ((uint32_t)function == workarounds[n] && state_of(n) == PV_WORKAROUND_THERE) {
			(void)firmware_call(workarounds[n], 0, 0, 0);
			return true;
		}
	}
	return false;
}
