/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test sees and sets of the fake machine (tests/fake_arch/arch.c). One physical CPU
 * executes; fake.cpu says which.
 */
#ifndef TESTS_FAKE_ARCH_FAKE_H
#define TESTS_FAKE_ARCH_FAKE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/core/arch.h"
#include "kernel/core/kernel.h"

#define FAKE_LRS 4U
#define FAKE_OUTPUT 4096U

struct fake {
	uint32_t cpu; /* kernel.cpus[] that executes */
	uint64_t now;
	uint64_t deadline;
	struct lr lrs[FAKE_LRS]; /* of the executing CPU */
	bool underflow;
	uint32_t pokes[PV_CPUS_MAX];
	uint32_t idles;
	void (*on_idle)(
		void);       /* what happens while the CPU sleeps; has to make something runnable */
	uint32_t sysreg_iss; /* the trapped access that reads sysreg_value; 0: none does */
	uint64_t sysreg_value;
	bool in_vmm;
	bool powered_off;
	jmp_buf *on_power_off; /* where the test goes on; NULL: it ends */
	uint8_t output[FAKE_OUTPUT];
	size_t output_bytes;
	uint32_t output_room;  /* bytes that the UART takes before it has to send some */
	uint32_t output_burst; /* not 0: it has room for so many again at each 8th look */
	uint32_t room_polls;
	const uint8_t *input;
	size_t input_bytes;
};

extern struct fake fake;

/** Everything as at reset: kernel objects and machine. */
void fake_reset(void);

/** A system of @domains domains with @vcpus vCPUs each, vCPU n of each on CPU n % @cpus. */
void fake_build(uint32_t domains, uint32_t vcpus, uint32_t cpus);

/** The guest acknowledges, then ends, the pending interrupt of the best priority; 1023: none. */
uint32_t fake_guest_acknowledge(void);
void fake_guest_end(uint32_t intid);

#endif
