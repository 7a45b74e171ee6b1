/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The health checks of VMs: where a VM has one, its agent runs a program that says whenever the VM's health
 * changes (images/rootfs/health.c). That is one command more of the agent's; nobody asks again and again from
 * outside. What it says is that VM's word, of that VM, who may say something else at every moment: it is told
 * once a second at most.
 */
#include <stdio.h>
#include <string.h>

#include "topo/runner/session.h"

/* Until a check is started again that could not be; twice as long each time. */
#define PAUSE_FIRST_MS 5000U
#define PAUSE_LAST_MS 320000U

#define TOLD_MS 1000U /* from one word that is told to the next */

/* What was said last. */
static void tell(void *owner)
{
	struct session_vm *vm = owner;
	struct session *session = vm->session;
	const bool silent = vm->health_silent;
	if (runstate_vm_health(&session->state, vm->index,
	                       silent ? RUN_HEALTH_UNHEALTHY : vm->health_word,
	                       silent ? "its agent does not answer" : vm->health_why)) {
		loop_arm(&session->loop, &vm->health_told_timer, TOLD_MS);
	}
}

static void tell_soon(struct session_vm *vm)
{
	if (!vm->health_told_timer.armed) {
		tell(vm);
	}
}

static void say(struct session_vm *vm, enum run_health health, const char *why)
{
	vm->health_word = health;
	(void)snprintf(vm->health_why, sizeof(vm->health_why), "%s", why);
	vm->health_silent = false;
	tell_soon(vm);
}

static void take_line(void *owner, const char *line)
{
	static const char bad[] = "unhealthy ";
	struct session_vm *vm = owner;
	vm->health_pause_ms = 0;
	if (strcmp(line, "healthy") == 0) {
		say(vm, RUN_HEALTH_HEALTHY, "");
	} else if (strncmp(line, bad, strlen(bad)) == 0) {
		say(vm, RUN_HEALTH_UNHEALTHY, line + strlen(bad));
	}
}

/* Of a VM that is off session_health_end is called too; what one said last of a system that ends stays. */
static bool matters(const struct session_vm *vm)
{
	const struct session *session = vm->session;
	return !session->finished && session->end == SESSION_RUNS &&
	       session->state.vms[vm->index].state == RUN_VM_UP;
}

static void lose(struct session_vm *vm, const char *why)
{
	if (matters(vm)) {
		say(vm, RUN_HEALTH_UNHEALTHY, why);
	}
}

static void pause_after(struct session_vm *vm, const char *why)
{
	const uint64_t longer_ms = vm->health_pause_ms * 2;
	lose(vm, why);
	if (matters(vm)) {
		vm->health_pause_ms = longer_ms < PAUSE_FIRST_MS  ? PAUSE_FIRST_MS
		                      : longer_ms > PAUSE_LAST_MS ? PAUSE_LAST_MS
		                                                  : longer_ms;
		loop_arm(&vm->session->loop, &vm->health_timer, vm->health_pause_ms);
	}
}

static void fail(void *owner, const char *why)
{
	pause_after(owner, why);
}

/* It may run on in there, and has nothing new to say when the agent comes back. */
static void bear_silence(void *owner, const char *why)
{
	struct session_vm *vm = owner;
	(void)why;
	if (matters(vm)) {
		vm->health_silent = true;
		tell_soon(vm);
	}
}

static void end(void *owner, uint8_t how, uint8_t code)
{
	char why[64];
	(void)snprintf(why, sizeof(why), "its check has ended with %s %u",
	               how == PV_AGENT_EXITED ? "exit status" : "signal", code);
	lose(owner, why);
}

static void start(struct session_vm *vm)
{
	static const struct agentlines_ops ops = {
		.line = take_line, .ended = end, .failed = fail, .silent = bear_silence};
	const struct system_vm *known = &vm->session->system->vms[vm->index];
	vm->health.ops = &ops;
	vm->health.owner = vm;
	/* No limit: it runs as long as its VM. */
	if (agentlines_start(&vm->health, &vm->agent, (const uint8_t *)known->health,
	                     known->health_bytes, 0) != OK) {
		pause_after(vm, "its check cannot be started");
	}
}

static void start_again(void *owner)
{
	struct session_vm *vm = owner;
	if (matters(vm)) {
		start(vm);
		session_agent_work(vm->session, vm->index);
	}
}

void session_health_init(struct session_vm *vm)
{
	vm->health_timer = (struct loop_timer){.fire = start_again, .owner = vm};
	vm->health_told_timer = (struct loop_timer){.fire = tell, .owner = vm};
}

void session_health_hello(struct session_vm *vm, bool is_new)
{
	if (vm->health_silent) {
		vm->health_silent = false;
		tell_soon(vm);
	}
	if (!is_new || vm->session->system->vms[vm->index].health == NULL ||
	    vm->health.command != NULL) {
		return;
	}
	loop_disarm(&vm->session->loop, &vm->health_timer);
	vm->health_pause_ms = 0;
	say(vm, RUN_HEALTH_STARTING, "");
	start(vm);
}

void session_health_end(struct session_vm *vm)
{
	loop_disarm(&vm->session->loop, &vm->health_timer);
	loop_disarm(&vm->session->loop, &vm->health_told_timer);
	vm->health_silent = false;
	if (!vm->session->finished && vm->session->end == SESSION_RUNS) {
		runstate_vm_health_over(&vm->session->state, vm->index);
	}
}
