/* SPDX-License-Identifier: BSD-2-Clause */
/* What sweep_guest.c, sweep_vmm.c and sweep.py, which reads this, agree on. */
#ifndef TESTS_BAREMETAL_SWEEP_H
#define TESTS_BAREMETAL_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#define SWEEP_PAGE 0x1000UL
#define SWEEP_SPANS 64
#define SWEEP_MARK 0x6e616c705f707773UL
#define SWEEP_NOTHING 0x7e11ed7e11ed7e11UL /* what the VMM answers */

/* Calls: HVC with one of these in x0 and an address in x1. */
#define SWEEP_COUNT 1 /* => how many loads the VMM has answered */
#define SWEEP_FOUND 2 /* from here on addresses answer by themselves */
#define SWEEP_LOST 3  /* from here on they do not */
#define SWEEP_END 4   /* the VMM has answered as many as did not get through */
#define SWEEP_WRONG 5 /* it has not */

struct sweep_plan {
	uint64_t mark;
	struct {
		uint64_t from, to, step; /* step 0: the end of the plan */
	} spans[SWEEP_SPANS];
};

#endif
