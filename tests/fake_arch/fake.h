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
#define FAKE_FAULTS 8U
#define FAKE_FUNCTIONS 3U

/* The virtual CPU interface of a physical CPU, and its interrupt of the virtual timer. */
struct fake_gic {
	struct lr lrs[FAKE_LRS];
	uint32_t ended;    /* list registers whose end was to be told */
	uint32_t apr;      /* bit p: an interrupt of priority p, of 32, is being handled */
	uint32_t ends;     /* of interrupts that stood in no list register */
	bool tells_ends;   /* and each asks for maintenance */
	bool ends_in_two;  /* the guest has set EOImode */
	bool timer_active; /* the physical interrupt */
};

/* A page in a window area. Others have no function: they read all ones. */
struct fake_function {
	uint32_t page;
	uint32_t words[PV_WINDOW_WORDS];
	uint32_t writable[PV_WINDOW_WORDS];                /* bits that hold what is stored */
	void (*on_access)(struct fake_function *function); /* what happens behind each */
};

/* A physical interrupt of a device. */
struct fake_line {
	bool edge, on, pending, active;
	uint32_t cpu; /* that it comes to */
};

struct fake {
	uint32_t cpu; /* kernel.cpus[] that executes */
	uint64_t now;
	void (*on_now)(void); /* what happens while somebody reads it */
	uint64_t deadline;
	void (*on_deadline)(void); /* what happens when it is set */
	struct fake_gic gic[PV_CPUS_MAX];
	uint32_t pokes[PV_CPUS_MAX];
	/* Physical interrupts of this CPU, bit: enum interrupt_kind. */
	uint32_t interrupts; /* pending */
	uint32_t ended, deactivated;
	uint32_t idles;
	void (*on_idle)(
		void); /* what happens while the CPU sleeps; has to make something runnable */
	uint32_t
		sysreg_iss; /* the trapped access whose ID register holds sysreg_value; 0: none does */
	uint64_t sysreg_value;
	uint32_t sgi_iss; /* the trapped access that sends `sgi`; 0: none does */
	struct sgi sgi;
	uint64_t sgi_value; /* that was stored by it */
	uint32_t lrs_more;  /* list registers beside the FAKE_LRS */
	bool in_vmm;
	bool powered_off;
	uint64_t workaround;   /* the one call that the firmware serves */
	jmp_buf *on_power_off; /* where the test goes on; NULL: it ends */
	struct fake_line lines[PV_INTID_END];
	struct fake_line messages[PV_STREAMS_MAX * PV_MSIS_MAX]; /* edges, never active */
	uint32_t message_changes;
	bool lines_told;      /* list registers do not end them */
	uint32_t line_stores; /* that mask or forget some */
	/* Of streams[i]: bit i. */
	uint32_t streams_on;
	uint32_t stream_changes;
	bool smmu_broken;                      /* it does not answer */
	struct smmu_event faults[FAKE_FAULTS]; /* recorded, round and round */
	uint32_t faults_taken, fault_count;    /* of so many */
	struct fake_function functions[FAKE_FUNCTIONS];
	uint32_t stores;       /* to them */
	bool window_must_lock; /* a store without a lock ends the test */
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

/** Give @v its priority, and its place among the slots of its CPU. */
void fake_set_priority(struct vcpu *v, uint32_t priority);

/** The interface of the CPU that executes. */
struct fake_gic *fake_gic(void);

/**
 * The guest on the CPU that executes acknowledges the pending interrupt of the best priority, if
 * that is better than what it handles; 1023: none. fake_guest_iar(): with the source of an SGI.
 */
uint32_t fake_guest_iar(void);
uint32_t fake_guest_acknowledge(void);

/** It ends @iar, the last that it has acknowledged and not ended. */
void fake_guest_end(uint32_t iar);

/** Whether @gic asks for maintenance. */
bool fake_maintenance(const struct fake_gic *gic);

#endif
