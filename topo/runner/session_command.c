/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the commands of VMs end that are not always run again: what runs such a command in its VM keeps how it has
 * ended (images/rootfs/once.c), and the agent runs a program that waits for that. What it says is that VM's
 * word, once for each start of the VM.
 */
#include <string.h>

#include "topo/runner/session.h"

/* One that could not be started is not tried again earlier: an agent says hello after each. */
#define AGAIN_MS 5000U

static void take_line(void *owner, const char *line)
{
	const struct session_vm *vm = owner;
	runstate_vm_command(&vm->session->state, vm->index, line);
}

/* It has said how. */
static void end(void *owner, uint8_t how, uint8_t code)
{
	(void)owner;
	(void)how;
	(void)code;
}

/* The next hello of its agent starts another. */
static void fail(void *owner, const char *why)
{
	(void)owner;
	(void)why;
}

/* It may wait on in there. */
static void bear_silence(void *owner, const char *why)
{
	(void)owner;
	(void)why;
}

void session_command_hello(struct session_vm *vm, bool is_new)
{
	static const struct agentlines_ops ops = {
		.line = take_line, .ended = end, .failed = fail, .silent = bear_silence};
	const struct system_vm *known = &vm->session->system->vms[vm->index];
	const uint64_t now = loop_now_ms();
	if (known->result == NULL || vm->result.command != NULL ||
	    strcmp(vm->session->state.vms[vm->index].command, RUNSTATE_COMMAND_RUNS) != 0 ||
	    (!is_new && now < vm->result_again_ms)) {
		return;
	}
	vm->result_again_ms = now + AGAIN_MS;
	vm->result.ops = &ops;
	vm->result.owner = vm;
	/* No limit: it waits as long as its VM runs. */
	if (agentlines_start(&vm->result, &vm->agent, (const uint8_t *)known->result,
	                     known->result_bytes, 0) != OK) {
		return; /* the next hello */
	}
}

void session_command_end(struct session_vm *vm)
{
	if (!vm->session->finished && vm->session->end == SESSION_RUNS) {
		runstate_vm_command_over(&vm->session->state, vm->index);
	}
}
