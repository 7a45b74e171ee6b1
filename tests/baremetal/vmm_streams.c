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

/* Asks for more as soon as there is something. */
static void ask(uint64_t bits)
{
	uint64_t count = 0;

	if (bits >> PV_EVENT_SMMU & 1) {
		while (vmm_call_out(PV_CALL_STREAM_GET, T_CAP_EXTRA, 0, 0, &count) == ERR_AGAIN) {
			__asm__ volatile("yield");
		}
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

PROGRAM(vmm_stream_dead)
{
	turn_on();
	ready();
	vmm_do_undefined();
}
