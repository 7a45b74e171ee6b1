/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The health checks of VMs: where a VM has one, its agent runs a program that says whenever the VM's health
 * changes (images/rootfs/health.c). That is one command more of the agent's; nobody asks again and again from
 * outside. What it says is that VM's word, of that VM.
 */
#include <stdio.h>
#include <string.h>

#include "topo/runner/session.h"

static void take_line(void *owner, const char *line)
{
	static const char bad[] = "unhealthy ";
	struct session_vm *vm = owner;
	struct runstate *state = &vm->session->state;
	if (strcmp(line, "healthy") == 0) {
		runstate_vm_health(state, vm->index, RUN_HEALTH_HEALTHY, "");
	} else if (strncmp(line, bad, strlen(bad)) == 0) {
		runstate_vm_health(state, vm->index, RUN_HEALTH_UNHEALTHY, line + strlen(bad));
	}
}

static void take_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct session_vm *vm = holder;
	if (!error_stream) {
		linecut_put(&vm->health_cut, bytes, count, take_line, vm);
	}
}

/* It has no input. */
static void take_input(void *holder, size_t count)
{
	(void)holder;
	(void)count;
}

static void lose(void *holder, const char *why)
{
	struct session_vm *vm = holder;
	struct runstate *state = &vm->session->state;
	const bool is_up = state->vms[vm->index].state == RUN_VM_UP;
	vm->health = NULL;
	if (vm->session->finished || vm->session->end != SESSION_RUNS) {
		return; /* nobody waits for it, and what it said last stays */
	}
	runstate_vm_health(state, vm->index, is_up ? RUN_HEALTH_UNHEALTHY : RUN_HEALTH_STARTING,
	                   is_up ? why : "");
}

static void end(void *holder, uint8_t how, uint8_t code)
{
	char why[64];
	(void)snprintf(why, sizeof(why), "its check has ended with %s %u",
	               how == PV_AGENT_EXITED ? "exit status" : "signal", code);
	lose(holder, why);
}

void session_health_start(struct session_vm *vm)
{
	static const struct agentlink_ops ops = {
		.output = take_output, .taken = take_input, .ended = end, .failed = lose};
	const struct system_vm *known = &vm->session->system->vms[vm->index];
	if (known->health == NULL || vm->health != NULL) {
		return;
	}
	vm->health_cut.count = 0;
	/* No limit: it runs as long as its VM. */
	if (agentlink_start(&vm->agent, (const uint8_t *)known->health, known->health_bytes, 0,
	                    &vm->health) != OK) {
		vm->health = NULL;
		runstate_vm_health(&vm->session->state, vm->index, RUN_HEALTH_UNHEALTHY,
		                   "its check cannot be started");
		return;
	}
	agentlink_hold_by(vm->health, &ops, vm);
	agentlink_input_end(vm->health);
	runstate_vm_health(&vm->session->state, vm->index, RUN_HEALTH_STARTING, "");
}
