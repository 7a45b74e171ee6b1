/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test VMMs that try every system call with right and wrong arguments before they serve. Their
 * domain has the capabilities of protocol.h, one vCPU, a doorbell to send at T_CAP_EXTRA, one to
 * receive behind it, a stream, and a window where there is no function, with a rule for WORD.
 */
#include "abi/limits.h"
#include "tests/baremetal/vmm.h"

#define CAP_SEND T_CAP_EXTRA
#define CAP_RECV (T_CAP_EXTRA + 1)
#define CAP_STREAM (T_CAP_EXTRA + 2)
#define CAP_WINDOW (T_CAP_EXTRA + 3)
#define CAP_COUNT (T_CAP_EXTRA + 4)
#define WORD 1
#define WORDS 1024
#define SPI 40

/* A call with its arguments and the status it must return. */
struct attempt {
	const char *name;
	uint64_t call;
	uint64_t x0, x1, x2, x3;
	int64_t want;
};

/* A row for each attempt, in groups. */
/* clang-format off */
static const struct attempt attempts[] = {
	{"nop", PV_CALL_NOP, 0, 0, 0, 0, OK},
	{"no such call", PV_CALL_COUNT, 0, 0, 0, 0, ERR_CALL},
	{"no such call by far", UINT64_MAX, 0, 0, 0, 0, ERR_CALL},
	{"a call number with high bits", 1UL << 32 | PV_CALL_NOP, 0, 0, 0, 0, ERR_CALL},

	{"virq set", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, SPI, PV_VIRQ_ENABLED, OK},
	{"virq set of the last", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, PV_VIRQS - 1, 0, OK},
	{"virq set of an SGI", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, 0, PV_VIRQ_ENABLED, OK},
	{"virq set: no such intid", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, PV_VIRQS, 0, ERR_RANGE},
	{"virq set: intid of 2^32", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, 1UL << 32 | SPI, 0, ERR_RANGE},
	{"virq set: no such vcpu", PV_CALL_VIRQ_SET, T_CAP_VGIC, 1, SPI, 0, ERR_RANGE},
	{"virq set: vcpu of 2^32", PV_CALL_VIRQ_SET, T_CAP_VGIC, 1UL << 32, SPI, 0, ERR_RANGE},
	{"virq set: no such target", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, SPI,
	 1 << PV_VIRQ_TARGET_SHIFT, ERR_RANGE},
	{"virq set: unknown bits", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, SPI, 1UL << 40, ERR_ARG},
	{"virq set: state bits", PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, SPI, PV_VIRQ_PENDING, ERR_ARG},
	{"virq set: wrong cap", PV_CALL_VIRQ_SET, T_CAP_VCPU, 0, SPI, 0, ERR_CAP},
	{"virq set: empty cap", PV_CALL_VIRQ_SET, T_CAP_VCPU + 1, 0, SPI, 0, ERR_CAP},
	{"virq set: cap beyond", PV_CALL_VIRQ_SET, CAP_COUNT, 0, SPI, 0, ERR_CAP},
	{"virq set: cap of 2^32", PV_CALL_VIRQ_SET, 1UL << 32 | T_CAP_VGIC, 0, SPI, 0, ERR_CAP},

	{"virq op", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, SPI, PV_VIRQ_OP_PEND, OK},
	{"virq op: unpend", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, SPI, PV_VIRQ_OP_UNPEND, OK},
	{"virq op: no such op", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, SPI, PV_VIRQ_OP_COUNT, ERR_ARG},
	{"virq op: no such intid", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, PV_VIRQS, 0, ERR_RANGE},
	{"virq op: no such vcpu", PV_CALL_VIRQ_OP, T_CAP_VGIC, 4, SPI, 0, ERR_RANGE},
	{"virq op: no such source", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, 1 | 7 << PV_SGI_SOURCE_SHIFT,
	 PV_VIRQ_OP_PEND, ERR_RANGE},
	{"virq op: line of an SGI", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, 1, PV_VIRQ_OP_LINE_HIGH,
	 ERR_ARG},
	{"virq op: wrong cap", PV_CALL_VIRQ_OP, T_CAP_CONSOLE, 0, SPI, 0, ERR_CAP},

	{"virq get", PV_CALL_VIRQ_GET, T_CAP_VGIC, 0, SPI, 0, OK},
	{"virq get: no such intid", PV_CALL_VIRQ_GET, T_CAP_VGIC, 0, UINT64_MAX, 0, ERR_RANGE},
	{"virq get: no such vcpu", PV_CALL_VIRQ_GET, T_CAP_VGIC, UINT64_MAX, SPI, 0, ERR_RANGE},
	{"virq get: wrong cap", PV_CALL_VIRQ_GET, CAP_SEND, 0, SPI, 0, ERR_CAP},

	{"vgic on", PV_CALL_VGIC_ENABLE, T_CAP_VGIC, 1, 0, 0, OK},
	{"vgic off", PV_CALL_VGIC_ENABLE, T_CAP_VGIC, 0, 0, 0, OK},
	{"vgic: neither", PV_CALL_VGIC_ENABLE, T_CAP_VGIC, 2, 0, 0, ERR_ARG},
	{"vgic: wrong cap", PV_CALL_VGIC_ENABLE, CAP_RECV, 1, 0, 0, ERR_CAP},

	{"ring", PV_CALL_DOORBELL_RING, CAP_SEND, 0, 0, 0, OK},
	{"ring what is received", PV_CALL_DOORBELL_RING, CAP_RECV, 0, 0, 0, ERR_CAP},
	{"ring a vcpu", PV_CALL_DOORBELL_RING, T_CAP_VCPU, 0, 0, 0, ERR_CAP},
	{"ring beyond the table", PV_CALL_DOORBELL_RING, CAP_COUNT, 0, 0, 0, ERR_CAP},
	{"ring the next domain's", PV_CALL_DOORBELL_RING, CAP_COUNT + T_CAP_EXTRA, 0, 0, 0,
	 ERR_CAP},
	{"ring -1", PV_CALL_DOORBELL_RING, UINT64_MAX, 0, 0, 0, ERR_CAP},

	{"bind", PV_CALL_DOORBELL_BIND, CAP_RECV, SPI, 0, 0, OK},
	{"mask", PV_CALL_DOORBELL_BIND, CAP_RECV, 0, 0, 0, OK},
	{"bind to an SGI", PV_CALL_DOORBELL_BIND, CAP_RECV, 15, 0, 0, ERR_RANGE},
	{"bind to a PPI", PV_CALL_DOORBELL_BIND, CAP_RECV, 31, 0, 0, ERR_RANGE},
	{"bind beyond", PV_CALL_DOORBELL_BIND, CAP_RECV, PV_VIRQS, 0, 0, ERR_RANGE},
	{"bind to 2^32", PV_CALL_DOORBELL_BIND, CAP_RECV, 1UL << 32 | SPI, 0, 0, ERR_RANGE},
	{"bind what is sent", PV_CALL_DOORBELL_BIND, CAP_SEND, SPI, 0, 0, ERR_CAP},

	{"console: nothing", PV_CALL_CONSOLE_WRITE, T_CAP_CONSOLE, 0, 0, 0, ERR_RANGE},
	{"console: 17 bytes", PV_CALL_CONSOLE_WRITE, T_CAP_CONSOLE, 17, 0, 0, ERR_RANGE},
	{"console: 2^32 bytes", PV_CALL_CONSOLE_WRITE, T_CAP_CONSOLE, 1UL << 32 | 1, 0, 0,
	 ERR_RANGE},
	{"console: wrong cap", PV_CALL_CONSOLE_WRITE, T_CAP_VGIC, 1, 'X', 0, ERR_CAP},
	{"console read", PV_CALL_CONSOLE_READ, T_CAP_CONSOLE, 0, 0, 0, OK},
	{"console read: wrong cap", PV_CALL_CONSOLE_READ, CAP_SEND, 0, 0, 0, ERR_CAP},

	{"stream on", PV_CALL_STREAM_SET, CAP_STREAM, 1, 0, 0, OK},
	{"stream: neither", PV_CALL_STREAM_SET, CAP_STREAM, 2, 0, 0, ERR_ARG},
	{"stream: on of 2^32", PV_CALL_STREAM_SET, CAP_STREAM, 1UL << 32, 0, 0, ERR_ARG},
	{"stream: wrong cap", PV_CALL_STREAM_SET, CAP_WINDOW, 1, 0, 0, ERR_CAP},
	{"stream: cap beyond", PV_CALL_STREAM_SET, CAP_COUNT, 1, 0, 0, ERR_CAP},
	{"stream get", PV_CALL_STREAM_GET, CAP_STREAM, 0, 0, 0, OK},
	{"stream get: wrong cap", PV_CALL_STREAM_GET, T_CAP_VGIC, 0, 0, 0, ERR_CAP},
	{"stream off", PV_CALL_STREAM_SET, CAP_STREAM, 0, 0, 0, OK},

	{"window read", PV_CALL_WINDOW_READ, CAP_WINDOW, 0, 0, 0, OK},
	{"window read of the last", PV_CALL_WINDOW_READ, CAP_WINDOW, WORDS - 1, 0, 0, OK},
	{"window read beyond", PV_CALL_WINDOW_READ, CAP_WINDOW, WORDS, 0, 0, ERR_RANGE},
	{"window read: 2^32", PV_CALL_WINDOW_READ, CAP_WINDOW, 1UL << 32, 0, 0, ERR_RANGE},
	{"window read: wrong cap", PV_CALL_WINDOW_READ, CAP_STREAM, 0, 0, 0, ERR_CAP},
	{"window read: cap beyond", PV_CALL_WINDOW_READ, CAP_COUNT, 0, 0, 0, ERR_CAP},
	{"window write", PV_CALL_WINDOW_WRITE, CAP_WINDOW, WORD, UINT32_MAX, 0, OK},
	{"window write: no rule", PV_CALL_WINDOW_WRITE, CAP_WINDOW, 0, 0, 0, ERR_RIGHT},
	{"window write beyond", PV_CALL_WINDOW_WRITE, CAP_WINDOW, WORDS + WORD, 0, 0, ERR_RANGE},
	{"window write: word of 2^32", PV_CALL_WINDOW_WRITE, CAP_WINDOW, 1UL << 32 | WORD, 0, 0,
	 ERR_RANGE},
	{"window write: 2^32", PV_CALL_WINDOW_WRITE, CAP_WINDOW, WORD, 1UL << 32, 0, ERR_RANGE},
	{"window write: wrong cap", PV_CALL_WINDOW_WRITE, CAP_SEND, WORD, 0, 0, ERR_CAP},

	{"vcpu get", PV_CALL_VCPU_GET, T_CAP_VCPU, PV_COUNTER_TIME, 0, 0, OK},
	{"vcpu get of the last", PV_CALL_VCPU_GET, T_CAP_VCPU, PV_COUNTER_COUNT - 1, 0, 0, OK},
	{"vcpu get beyond", PV_CALL_VCPU_GET, T_CAP_VCPU, PV_COUNTER_COUNT, 0, 0, ERR_RANGE},
	{"vcpu get: 2^32", PV_CALL_VCPU_GET, T_CAP_VCPU, 1UL << 32, 0, 0, ERR_RANGE},
	{"vcpu get: no such vcpu", PV_CALL_VCPU_GET, T_CAP_VCPU + 1, 0, 0, 0, ERR_CAP},
	{"vcpu get: wrong cap", PV_CALL_VCPU_GET, T_CAP_VGIC, 0, 0, 0, ERR_CAP},
	{"sent", PV_CALL_DOORBELL_SENT, CAP_SEND, 0, 0, 0, OK},
	{"sent: what is received", PV_CALL_DOORBELL_SENT, CAP_RECV, 0, 0, 0, ERR_CAP},
	{"sent beyond the table", PV_CALL_DOORBELL_SENT, CAP_COUNT, 0, 0, 0, ERR_CAP},
	{"came", PV_CALL_DOORBELL_CAME, CAP_RECV, 0, 0, 0, OK},
	{"came: what is sent", PV_CALL_DOORBELL_CAME, CAP_SEND, 0, 0, 0, ERR_CAP},

	{"start: it is on", PV_CALL_VCPU_START, T_CAP_VCPU, 0, 0, 0, ERR_STATE},
	{"start: no such vcpu", PV_CALL_VCPU_START, T_CAP_VCPU + 1, 0, 0, 0, ERR_CAP},
	{"start: wrong cap", PV_CALL_VCPU_START, T_CAP_VGIC, 0, 0, 0, ERR_CAP},
	{"vgic reset: a vcpu is on", PV_CALL_VGIC_RESET, T_CAP_VGIC, 0, 0, 0, ERR_STATE},
	{"vgic reset: wrong cap", PV_CALL_VGIC_RESET, T_CAP_VCPU, 0, 0, 0, ERR_CAP},
	{"stop: no such vcpu", PV_CALL_VCPU_STOP, T_CAP_VCPU + 1, 0, 0, 0, ERR_CAP},
	{"stop: wrong cap", PV_CALL_VCPU_STOP, T_CAP_VGIC, 0, 0, 0, ERR_CAP},
	{"stop: cap beyond", PV_CALL_VCPU_STOP, CAP_COUNT, 0, 0, 0, ERR_CAP},
	{"stop", PV_CALL_VCPU_STOP, T_CAP_VCPU, 0, 0, 0, OK},
	{"stop: it is off", PV_CALL_VCPU_STOP, T_CAP_VCPU, 0, 0, 0, OK},
	{"stream on: all are off", PV_CALL_STREAM_SET, CAP_STREAM, 1, 0, 0, ERR_STATE},
	{"virq op: before the reset", PV_CALL_VIRQ_OP, T_CAP_VGIC, 0, SPI, PV_VIRQ_OP_PEND, OK},
	{"vgic reset", PV_CALL_VGIC_RESET, T_CAP_VGIC, 0, 0, 0, OK},
	{"timer", PV_CALL_TIMER_SET, 1UL << 62, 0, 0, 0, OK},
	{"timer: beyond the counter", PV_CALL_TIMER_SET, UINT64_MAX - 1, 0, 0, 0, OK},
	{"timer: never", PV_CALL_TIMER_SET, UINT64_MAX, 0, 0, 0, OK},
	{"vgic reset: of 2^32", PV_CALL_VGIC_RESET, 1UL << 32 | T_CAP_VGIC, 0, 0, 0, ERR_CAP},
};
/* clang-format on */

PROGRAM(vmm_calls)
{
	uint64_t count;
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct attempt *a = &attempts[i];

		vmm_check_equal(a->name, (uint64_t)vmm_call(a->call, a->x0, a->x1, a->x2, a->x3),
		                (uint64_t)a->want);
	}
	vmm_check_equal(
		"console read without input",
		(uint64_t)vmm_call_out(PV_CALL_CONSOLE_READ, T_CAP_CONSOLE, 0, bytes, &count), 0);
	vmm_check_equal("  is empty", count, 0);
	vmm_check_equal("a call keeps x4 to x30", vmm_svc_keeps(PV_CALL_NOP), 0);
	vmm_check_equal("another one too", vmm_svc_keeps(PV_CALL_COUNT), 0);
	vmm_call(PV_CALL_VCPU_START, T_CAP_VCPU, T_RAM_IPA, params[0], 0);
	vmm_print_end();
}

/* Input: the case sends "input for N" on the channel; it comes by event 0, whole and in order. */
static char line[64];
static unsigned int length;

static void take_input(uint64_t bits)
{
	uint64_t x[9] = {T_CAP_CONSOLE, 0, 0, 0, 0, 0, 0, 0, PV_CALL_CONSOLE_READ};

	if ((bits & 1) == 0) {
		return;
	}
	do {
		x[0] = T_CAP_CONSOLE;
		vmm_svc(x);
		for (unsigned int i = 0; i < x[1] && length < sizeof(line) - 1; i++) {
			line[length++] = (char)(x[2] >> (8 * i));
		}
	} while (x[1] != 0);
	if (length > 0 && line[length - 1] == '\n') {
		vmm_print("ok got ");
		vmm_print(line);
		vmm_print("end 0x1\n");
		vmm_call(PV_CALL_WAIT, PV_REPLY_STOP, PV_STOP_POWEROFF, 0, 0);
	}
}

PROGRAM(vmm_console_input)
{
	vmm_on_events = take_input;
	vmm_print("ready\n");
}

/* For bench/run: null calls, with a mark before each (see guest_bench.c). */
__attribute__((noinline)) void bench_mark(void);
__attribute__((noinline)) void bench_mark(void)
{
	__asm__ volatile("nop");
}

/* Messages params[0] and params[1] - 1 more are enabled, and come to vCPU @target. */
static void aim_messages(uint64_t target)
{
	const uint64_t configuration = PV_VIRQ_ENABLED | PV_VIRQ_EDGE |
	                               0x80UL << PV_VIRQ_PRIORITY_SHIFT |
	                               target << PV_VIRQ_TARGET_SHIFT;

	for (uint64_t intid = params[0]; intid < params[0] + params[1]; intid++) {
		while (vmm_call(PV_CALL_VIRQ_SET, T_CAP_VGIC, 0, intid, configuration) ==
		       ERR_AGAIN) {
			__asm__ volatile("yield");
		}
	}
}

PROGRAM(vmm_bench_messages)
{
	vmm_do = aim_messages;
	vmm_serve();
}

PROGRAM(vmm_bench_nop)
{
	uint64_t x[9] = {0};

	for (unsigned int i = 0; i < 201; i++) {
		x[8] = PV_CALL_NOP;
		bench_mark();
		vmm_svc(x);
	}
}
