/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the real VMM says of the workarounds for speculation (DEN 0070) on the CPU below, and that
 * they can be called. params: the answers to SMCCC_ARCH_FEATURES for workaround 1, 2 and 3.
 */
#include "tests/baremetal/guest.h"

#define ARCH_FEATURES 0x80000001UL
#define CALLS 3U

static const struct {
	const char *name;
	uint64_t function;
} workarounds[] = {
	{"workaround 1", 0x80008000},
	{"workaround 2", 0x80007fff},
	{"workaround 3", 0x80003fff},
};

PROGRAM(guest_workarounds)
{
	guest_under_real_vmm();
	guest_print("\n");
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t function = workarounds[i].function;
		bool is_there = params[i] != UINT64_MAX;

		check_equal(workarounds[i].name, guest_call(ARCH_FEATURES, function, 0, 0),
		            params[i]);
		for (unsigned int n = 0; n < CALLS; n++) {
			check_true("  by HVC",
			           (guest_call(function, 1, 0, 0) != UINT64_MAX) == is_there);
			check_true("  by SMC",
			           (guest_call_smc(function, 1, 0, 0) != UINT64_MAX) == is_there);
		}
	}
	/* In the upper half of x0 there is nothing. */
	check_equal("wide", guest_call(1UL << 32 | ARCH_FEATURES, 1UL << 32 | 0x80008000, 0, 0),
	            params[0]);
}
