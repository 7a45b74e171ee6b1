/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program in the form of an arm64 Image that reads from the pages that sweep.py tells it and says
 * which of them answer without its VMM (sweep_vmm.c). It holds nothing on any page but its own.
 */
#include "tests/baremetal/sweep.h"

void sweep(void);

/* In .data, filled in by sweep.py, which finds it by its mark. */
__attribute__((section(".data"))) static volatile struct sweep_plan plan = {.mark = SWEEP_MARK};

static uint64_t call(uint64_t function, uint64_t argument)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = argument;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1) : : "x2", "x3", "memory");
	return x0;
}

static uint64_t unanswered;

/* Whether a load gets through to something but the VMM, which counts. */
static bool answers(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	unanswered += value == SWEEP_NOTHING;
	return value != SWEEP_NOTHING;
}

static void sweep_span(uint64_t from, uint64_t to, uint64_t step)
{
	bool before = false;

	for (uint64_t at = from; at < to; at += step) {
		/* In steps of more than a page, each step's page is another one of its block. */
		uint64_t page = step == SWEEP_PAGE ? at : at + at / step * 37 % 512 * SWEEP_PAGE;
		bool found = answers(page);

		if (found != before) {
			call(found ? SWEEP_FOUND : SWEEP_LOST, page);
			before = found;
		}
	}
	if (before) {
		call(SWEEP_LOST, to);
	}
}

void sweep(void)
{
	for (uint32_t i = 0; i < SWEEP_SPANS && plan.spans[i].step != 0; i++) {
		sweep_span(plan.spans[i].from, plan.spans[i].to, plan.spans[i].step);
	}
	call(call(SWEEP_COUNT, 0) == unanswered ? SWEEP_END : SWEEP_WRONG, 0);
}
