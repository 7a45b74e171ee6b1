/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers from the real VMM (DEN 0098), by both conduits. params[0]: whether there are any.
 */
#include "tests/baremetal/guest.h"

#define VERSION 0x84000050UL
#define RND64 0xc4000053UL
#define DRAWS 64U

/* x0 to x3 in and out. */
#define FOUR(name, instruction)                                                                    \
	static void name(uint64_t x[4])                                                            \
	{                                                                                          \
		register uint64_t x0 __asm__("x0") = x[0];                                         \
		register uint64_t x1 __asm__("x1") = x[1];                                         \
		register uint64_t x2 __asm__("x2") = x[2];                                         \
		register uint64_t x3 __asm__("x3") = x[3];                                         \
                                                                                                   \
		__asm__ volatile(instruction " #0"                                                 \
		                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                          \
		                 :                                                                 \
		                 : "memory");                                                      \
		x[0] = x0;                                                                         \
		x[1] = x1;                                                                         \
		x[2] = x2;                                                                         \
		x[3] = x3;                                                                         \
	}
FOUR(call_hvc, "hvc")
FOUR(call_smc, "smc")
#undef FOUR

/* Every draw has three words that no other has. */
static void check_draws(const char *name, void (*call)(uint64_t x[4]))
{
	static uint64_t seen[3 * DRAWS];
	uint64_t equal = 0;
	uint64_t failed = 0;

	for (unsigned int i = 0; i < DRAWS; i++) {
		uint64_t x[4] = {RND64, 192, 0, 0};

		call(x);
		failed += x[0] != 0;
		for (unsigned int n = 0; n < 3; n++) {
			seen[3 * i + n] = x[1 + n];
		}
	}
	for (unsigned int i = 0; i < 3 * DRAWS; i++) {
		for (unsigned int n = 0; n < i; n++) {
			equal += seen[i] == seen[n];
		}
	}
	check_equal(name, failed, 0);
	check_equal("  no word twice", equal, 0);
}

PROGRAM(guest_random)
{
	guest_under_real_vmm();
	guest_print("\n");
	if (params[0] == 0) {
		check_equal("there is none", guest_call(VERSION, 0, 0, 0), UINT64_MAX);
		check_equal("  nor a number", guest_call(RND64, 64, 0, 0), UINT64_MAX);
		return;
	}
	check_equal("version 1.0", guest_call(VERSION, 0, 0, 0), 0x10000);
	check_draws("random numbers by HVC", call_hvc);
	check_draws("random numbers by SMC", call_smc);
	check_equal("too many", guest_call(RND64, 193, 0, 0), (uint64_t)-2);
}
