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

static void take_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct session_vm *vm = holder;
	if (!error_stream) {
		linecut_put(&vm->result_cut, bytes, count, take_line, vm);
	}
}

/* It has no input. */
static void take_input(void *holder, size_t count)
{
	(void)holder;
	(void)count;
}

static void end(void *holder, uint8_t how, uint8_t code)
{
	struct session_vm *vm = holder;
	(void)how;
	(void)code;
	vm->result = NULL;
}

/* The next hello of its agent starts another. */
static void fail(void *holder, const char *why)
{
	struct session_vm *vm = holder;
	(void)why;
	vm->result = NULL;
}

/* It may wait on in there. */
static void bear_silence(void *holder, const char *why)
{
	(void)holder;
	(void)why;
}

void session_command_hello(struct session_vm *vm, bool is_new)
{
	static const struct agentlink_ops ops = {.output = take_output,
	                                         .taken = take_input,
	                                         .ended = end,
	                                         .failed = fail,
	                                         .silent = bear_silence};
	const struct system_vm *known = &vm->session->system->vms[vm->index];
	const uint64_t now = loop_now_ms();
	if (known->result == NULL || vm->result != NULL ||
	    strcmp(vm->session->state.vms[vm->index].command, RUNSTATE_COMMAND_RUNS) != 0 ||
	    (!is_new && now < vm->result_again_ms)) {
		return;
	}
	vm->result_again_ms = now + AGAIN_MS;
	vm->result_cut.count = 0;
	/* No limit: it waits as long as its VM runs. */
	if (agentlink_start(&vm->agent, (const uint8_t *)known->result, known->result_bytes, 0,
	                    &vm->result) != OK) {
		return;
	}
	agentlink_hold_by(vm->result, &ops, vm);
	agentlink_input_end(vm->result);
}

void session_command_end(struct session_vm *vm)
{
	if (!vm->session->finished && vm->session->end == SESSION_RUNS) {
		runstate_vm_command_over(&vm->session->state, vm->index);
	}
}
