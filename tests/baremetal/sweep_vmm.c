/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM of a swept VM, in the place of the project's own in an image that topo has laid out: it
 * answers each load that nothing else does, and writes on the VMM's channel what the guest found.
 */
#include "abi/vmm.h"
#include "tests/baremetal/sweep.h"
#include "tests/baremetal/vmm.h"

/* What SMCCC (DEN 0028, 7.1) has a call answer that is not known. */
#define NOT_SUPPORTED ((uint64_t)-1)

_Noreturn void sweep_start(const struct pv_vmm_config *config);

static void print(uint64_t cap, const char *text)
{
	for (; *text != 0; text++) {
		while (vmm_call(PV_CALL_CONSOLE_WRITE, cap, 1, (uint8_t)*text, 0) == ERR_FULL) {
		}
	}
}

static void print_line(uint64_t cap, const char *word, uint64_t value)
{
	char digits[18] = {0};

	for (unsigned int i = 0; i < 16; i++) {
		digits[i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
	}
	digits[16] = '\n';
	print(cap, word);
	print(cap, digits);
}

/* The first thing that runs; x0 is the configuration, the stack is there. */
_Noreturn void sweep_start(const struct pv_vmm_config *config)
{
	uint64_t cap = config->cap_log;
	uint64_t reply = PV_REPLY_NONE;
	uint64_t value = 0;
	uint64_t answered = 0;
	uint64_t m[8];

	for (;;) {
		vmm_wait(reply, value, m);
		reply = PV_REPLY_RESUME;
		value = SWEEP_NOTHING;
		if (m[0] == PV_MSG_READ) {
			answered++;
		} else if (m[0] == PV_MSG_EVENTS) {
			reply = PV_REPLY_NONE;
		} else if (m[0] != PV_MSG_CALL || m[2] == SWEEP_WRONG) {
			print_line(cap, "fault ", m[2]);
			reply = PV_REPLY_STOP;
			value = PV_STOP_FAULT;
		} else if (m[2] == SWEEP_END) {
			print_line(cap, "end ", answered);
			reply = PV_REPLY_STOP;
			value = PV_STOP_POWEROFF;
		} else if (m[2] == SWEEP_COUNT) {
			value = answered;
		} else if (m[2] == SWEEP_FOUND || m[2] == SWEEP_LOST) {
			print_line(cap, m[2] == SWEEP_FOUND ? "found " : "lost ", m[3]);
		} else {
			value = NOT_SUPPORTED; /* the loader, which asks for a random number */
		}
	}
}
