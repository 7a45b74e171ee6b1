/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMMs with a stream, at T_CAP_EXTRA, whose device an observer from outside programs. What has become
 * of the domain when its word "ready" comes is what the name says.
 */
#include "tests/baremetal/vmm.h"

static void turn_on(void)
{
	vmm_check_equal("stream on", (uint64_t)vmm_call(PV_CALL_STREAM_SET, T_CAP_EXTRA, 1, 0, 0),
	                OK);
}

static void ready(void)
{
	vmm_print("ready\n");
}

#define ASKS_PER_S 20U

static void ask_later(void)
{
	uint64_t now;
	uint64_t hz;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tmrs %1, cntfrq_el0" : "=r"(now), "=r"(hz));
	(void)vmm_call(PV_CALL_TIMER_SET, now + hz / ASKS_PER_S, 0, 0, 0);
}

/* Says once that there was a fault. */
static void ask(uint64_t bits)
{
	static bool has_said;
	uint64_t count = 0;

	if (!has_said && bits >> PV_EVENT_TIMER & 1) {
		(void)vmm_call_out(PV_CALL_STREAM_GET, T_CAP_EXTRA, 0, 0, &count);
		ask_later();
	}
	if (!has_said && count > 0) {
		has_said = true;
		vmm_print("faulted\n");
	}
}

PROGRAM(vmm_stream_never_on)
{
	ready();
	vmm_serve();
}

PROGRAM(vmm_stream_on)
{
	turn_on();
	vmm_on_events = ask;
	ask_later();
	ready();
	vmm_serve();
}

PROGRAM(vmm_stream_turned_off)
{
	turn_on();
	(void)vmm_call(PV_CALL_STREAM_SET, T_CAP_EXTRA, 0, 0, 0);
	ready();
	vmm_serve();
}

/* All vCPUs go off; the VMM lives, and cannot turn it on. */
PROGRAM(vmm_stream_vm_off)
{
	turn_on();
	(void)vmm_call(PV_CALL_VCPU_STOP, T_CAP_VCPU, 0, 0, 0);
	vmm_check_equal("stream on, VM off",
	                (uint64_t)vmm_call(PV_CALL_STREAM_SET, T_CAP_EXTRA, 1, 0, 0),
	                (uint64_t)ERR_STATE);
	ready();
	vmm_serve();
}

/* The VM is started again, and nobody has asked for its stream. */
PROGRAM(vmm_stream_vm_started_again)
{
	turn_on();
	vmm_restart(params[0], params[1]);
	ready();
	vmm_serve();
}

static void turn_off_and_on(uint64_t bits)
{
	if (bits >> PV_EVENT_TIMER & 1) {
		int64_t off = vmm_call(PV_CALL_STREAM_SET, T_CAP_EXTRA, 0, 0, 0);
		int64_t on = vmm_call(PV_CALL_STREAM_SET, T_CAP_EXTRA, 1, 0, 0);

		vmm_check_equal("stream off", (uint64_t)off, OK);
		if (on) {
			vmm_check_equal("no stream", (uint64_t)on, (uint64_t)ERR_STATE);
			vmm_print("lost\n");
		} else {
			ask_later();
		}
	}
}

/* Until the observer keeps the SMMU from answering. */
PROGRAM(vmm_stream_lost)
{
	turn_on();
	vmm_on_events = turn_off_and_on;
	ask_later();
	ready();
	vmm_serve();
}

PROGRAM(vmm_stream_dead)
{
	turn_on();
	ready();
	vmm_do_undefined();
}
