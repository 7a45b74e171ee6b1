/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel for the VMM on the host: vmm/calls.h by arrays. It keeps the state that calls change,
 * counts and records them, and asserts that each keeps to abi/calls.h: right type of capability,
 * arguments in range. So every test and fuzzer that links it also tests that the VMM never makes
 * a wrong call.
 */
#ifndef TESTS_UNIT_VMM_FAKE_KERNEL_H
#define TESTS_UNIT_VMM_FAKE_KERNEL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/calls.h"
#include "abi/limits.h"
#include "vmm/calls.h"

/* The capability table of the machine under test: fixed places. */
enum fake_cap {
	FAKE_CAP_VGIC = 1,
	FAKE_CAP_LOG = 2,
	FAKE_CAP_TTY = 3,
	FAKE_CAP_AGENT = 4,
	FAKE_CAP_VCPU = 8,  /* 4 of them */
	FAKE_CAP_RING = 16, /* 8 */
	FAKE_CAP_RECV = 32, /* 32: queues */
	FAKE_CAP_COUNT = 64,
	FAKE_CAP_WINDOW = 64, /* 8 */
	FAKE_CAP_STREAM = 72, /* 8 */
	FAKE_CAP_SEND = 80    /* 32: queues */
};

#define FAKE_CONSOLES 8U /* capabilities below are those of consoles, among others */
#define FAKE_OUTPUT_BYTES 16384U
#define FAKE_INPUT_BYTES 1024U
#define FAKE_RECORDS 1024U

struct fake_record {
	enum pv_call call;
	uint32_t vcpu; /* VIRQ_* */
	uint32_t intid;
	uint32_t value; /* configuration, operation, state */
};

struct fake_virq {
	uint32_t config;
	uint32_t pending; /* SGI: a bit for each source */
	bool active;
	bool line;
};

struct fake_kernel {
	uint32_t vcpu_count;
	bool vgic_enabled;
	bool vcpu_on[PV_DOMAIN_VCPUS_MAX];
	uint64_t vcpu_pc[PV_DOMAIN_VCPUS_MAX];
	uint64_t vcpu_argument[PV_DOMAIN_VCPUS_MAX];
	uint32_t vcpu_starts[PV_DOMAIN_VCPUS_MAX];
	uint32_t busy;     /* so many VCPU_STOP calls find the vCPU on its CPU */
	uint32_t too_soon; /* so many VCPU_START calls come too soon after a stop */
	uint32_t vgic_resets;
	uint64_t now; /* the counter, in microseconds */
	uint64_t timer;
	struct fake_virq private[PV_DOMAIN_VCPUS_MAX][PV_SPI_FIRST];
	struct fake_virq spi[PV_VIRQS];
	uint32_t elsewhere; /* so many VIRQ_* calls find the interrupt on another CPU */
	uint32_t pauses;

	uint32_t rings[FAKE_CAP_COUNT]; /* DOORBELL_RING, by capability */
	uint32_t bound[FAKE_CAP_COUNT]; /* DOORBELL_BIND, by capability */
	uint32_t bind_calls;

	uint32_t uart_room; /* bytes that the UART takes before it says full once; 0 = unlimited */
	uint32_t uart_taken;
	uint32_t output_bytes[FAKE_CONSOLES];
	char output[FAKE_CONSOLES][FAKE_OUTPUT_BYTES]; /* the latest, NUL-terminated */
	uint32_t input_head[FAKE_CONSOLES];
	uint32_t input_bytes[FAKE_CONSOLES];
	uint8_t input[FAKE_CONSOLES][FAKE_INPUT_BYTES];

	/* VIRQ_* calls, as they came; counted also when there is no more room */
	uint32_t record_count;
	struct fake_record records[FAKE_RECORDS];

	/* For a test of the main loop: messages to hand out, replies that came back. */
	uint32_t message_count;
	uint32_t message_next;
	struct message messages[8];
	struct reply replies[9];
	jmp_buf end; /* where call_wait() goes behind the last message */

	/* Physical functions: what the kernel's windows let through, and what is behind them. */
	struct fake_window {
		bool closed;
		uint32_t words[1024];
		uint32_t writable[1024];
		uint32_t clears[1024]; /* bits that a 1 clears */
		uint32_t writes;
	} windows[8];
	bool streams[8];
	struct stream_faults stream_faults[8];
	err_t stream_error; /* of those that turn a stream on or off */

	/* What the kernel has counted. */
	uint64_t counters[PV_DOMAIN_VCPUS_MAX][PV_COUNTER_COUNT];
	uint64_t sent[32], came[32]; /* behind FAKE_CAP_SEND, FAKE_CAP_RECV */

	uint64_t rndr;       /* the next number of the CPU */
	uint32_t rndr_calls; /* it fails at each of which bit n of rndr_fails is set */
	uint64_t rndr_fails;
};

extern struct fake_kernel fake;

/** Power-on state: vCPU 0 on, nothing pending, consoles empty. */
void fake_reset(uint32_t vcpu_count);

/** Forget records, pauses and output. */
void fake_forget(void);

/** How many VIRQ_* calls of this kind were recorded. */
uint32_t fake_count(enum pv_call call);

/** The interrupt, private or shared. */
struct fake_virq *fake_virq(uint32_t vcpu, uint32_t intid);

/** Input arrives on a console; what does not fit is dropped. */
void fake_input(uint32_t cap, const void *bytes, uint32_t count);

#endif
