/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machine of runstate.h. */
#include "topo/runner/runstate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"

static const char kernel_prefix[] = "pv: ";

/* Of Linux: kernel/reboot.c, kernel/panic.c. */
static const char *const last_words[] = {"reboot: System halted",
                                         "---[ end Kernel panic - not syncing"};

/* Who has gone on so often after its last words is believed no more. */
#define HALTS_MAX 4U

err_t runstate_init(struct runstate *state, const struct system *system, runstate_sink *sink,
                    void *owner)
{
	*state = (struct runstate){.system = system, .sink = sink, .owner = owner};
	/* One more than needed: calloc(0) may return NULL. */
	state->vms = calloc(system->vm_count + 1, sizeof(*state->vms));
	state->connections = calloc(system->connection_count + 1, sizeof(*state->connections));
	if (state->vms == NULL || state->connections == NULL) {
		runstate_free(state);
		return ERR_FULL;
	}
	for (size_t vm = 0; vm < system->vm_count; vm++) {
		runstate_vm_health_over(state, vm);
		runstate_vm_command_over(state, vm);
		if (system->vms[vm].starts_off) {
			state->vms[vm].state = RUN_VM_STOPPED;
			(void)snprintf(state->vms[vm].reason, sizeof(state->vms[vm].reason),
			               "not started");
		}
	}
	for (size_t i = 0; i < system->connection_count; i++) {
		const struct system_connection *connection = &system->connections[i];
		for (uint32_t n = 0; n < connection->device_count; n++) {
			state->connections[i].devices[n].needs_driver =
				system->vms[connection->driver_vm].agent;
		}
	}
	return OK;
}

void runstate_free(struct runstate *state)
{
	free(state->vms);
	free(state->connections);
	state->vms = NULL;
	state->connections = NULL;
}

const char *run_vm_state_text(enum run_vm_state state)
{
#define RUN_VM_STATE_TEXT(name, number, text) [name] = (text),
	static const char *const texts[RUN_VM_STATE_COUNT] = {RUN_VM_STATES(RUN_VM_STATE_TEXT)};
#undef RUN_VM_STATE_TEXT
	return (size_t)state < RUN_VM_STATE_COUNT ? texts[state] : "?";
}

const char *run_device_state_text(enum run_device_state state)
{
#define RUN_DEVICE_STATE_TEXT(name, number, text) [name] = (text),
	static const char *const texts[RUN_DEVICE_STATE_COUNT] = {
		RUN_DEVICE_STATES(RUN_DEVICE_STATE_TEXT)};
#undef RUN_DEVICE_STATE_TEXT
	return (size_t)state < RUN_DEVICE_STATE_COUNT ? texts[state] : "?";
}

enum run_device_state runstate_device_state(const struct runstate_device *device)
{
	if (device->trouble != RUN_DEVICE_READY) {
		return device->trouble;
	}
	const bool is_idle = device->needs_driver && !device->started;
	return device->backend == RUN_DEVICE_READY && is_idle ? RUN_DEVICE_IDLE : device->backend;
}

size_t runstate_find_vm(const struct system *system, const char *name)
{
	size_t vm = 0;
	while (vm < system->vm_count && strcmp(system->vms[vm].name, name) != 0) {
		vm++;
	}
	return vm;
}

/* @text with @prefix taken off its front, or NULL if it does not start so. */
static const char *after(const char *text, const char *prefix)
{
	const size_t length = strlen(prefix);
	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static void report(struct runstate *state, enum runstate_event_kind kind, size_t index,
                   const char *text)
{
	const struct runstate_event event = {.kind = kind, .index = index, .text = text};
	state->sink(state->owner, &event);
}

bool runstate_vm_ended(const struct runstate *state, size_t vm)
{
	return state->vms[vm].state == RUN_VM_STOPPED || state->vms[vm].state == RUN_VM_FAILED;
}

static bool vm_is_off(const struct runstate *state, size_t vm)
{
	return runstate_vm_ended(state, vm) || state->vms[vm].state == RUN_VM_RESTARTING;
}

/* Something of a connection has changed: is it up now? */
static void judge_connection(struct runstate *state, size_t connection)
{
	const struct system_connection *known = &state->system->connections[connection];
	struct runstate_connection *entry = &state->connections[connection];
	bool up = entry->has_session && !vm_is_off(state, known->driver_vm);
	for (uint32_t i = 0; i < known->device_count; i++) {
		up = up && runstate_device_state(&entry->devices[i]) == RUN_DEVICE_READY;
	}
	if (entry->up != up) {
		entry->up = up;
		entry->was_up = entry->was_up || up;
		report(state, RUNSTATE_CONNECTION, connection, up ? "up" : "down");
	}
}

/* A session begins or ends: nothing is known of the devices in it. */
static void set_session(struct runstate *state, size_t connection, bool has_session)
{
	struct runstate_connection *entry = &state->connections[connection];
	entry->has_session = has_session;
	entry->session_count += has_session ? 1 : 0;
	for (uint32_t i = 0; i < state->system->connections[connection].device_count; i++) {
		entry->devices[i].backend = RUN_DEVICE_WAITING;
		entry->devices[i].started = false;
		entry->devices[i].trouble = RUN_DEVICE_READY;
	}
	judge_connection(state, connection);
}

static void set_vm(struct runstate *state, size_t vm, enum run_vm_state next)
{
	struct runstate_vm *entry = &state->vms[vm];
	entry->state = next;
	entry->was_up = entry->was_up || next == RUN_VM_UP;
	report(state, RUNSTATE_VM, vm, run_vm_state_text(next));
}

/* What the end or the start of a VM does to its connections. Its VMM's sessions as driver go with
 * its VMM only; what happens to the device VM the driver's VMM may not report, or later. */
static void judge_connections(struct runstate *state, size_t vm)
{
	for (size_t i = 0; i < state->system->connection_count; i++) {
		const struct system_connection *connection = &state->system->connections[i];
		if (connection->device_vm == vm && vm_is_off(state, vm)) {
			set_session(state, i, false);
		} else if (connection->driver_vm == vm) {
			judge_connection(state, i);
		}
	}
}

/* The VMM of @vm has ended, and begins anew. It may be in sessions again before it says that it
 * starts its VM. */
static void end_vmm(struct runstate *state, size_t vm)
{
	for (size_t i = 0; i < state->system->connection_count; i++) {
		if (state->system->connections[i].driver_vm == vm) {
			set_session(state, i, false);
		}
	}
}

static bool is_orderly(const char *reason)
{
	return after(reason, "poweroff") != NULL || after(reason, "reset") != NULL ||
	       after(reason, "request") != NULL;
}

/* It is off: @next says whether for good. */
static void rest_vm(struct runstate *state, size_t vm, enum run_vm_state next, const char *reason)
{
	struct runstate_vm *entry = &state->vms[vm];
	/* The kernel reports a fault just before the end that it brings, with the VM's name. */
	if (!is_orderly(reason) && strstr(state->fault, state->system->vms[vm].name) != NULL) {
		(void)snprintf(entry->reason, sizeof(entry->reason), "%.60s (%.150s)", reason,
		               state->fault);
		state->fault[0] = '\0';
	} else {
		(void)snprintf(entry->reason, sizeof(entry->reason), "%.200s", reason);
	}
	memcpy(entry->last_end, entry->reason, sizeof(entry->last_end));
	set_vm(state, vm, next);
	judge_connections(state, vm);
}

/* The VMM says it first, and then the kernel. */
static void end_vm(struct runstate *state, size_t vm, const char *reason)
{
	if (!runstate_vm_ended(state, vm)) {
		rest_vm(state, vm, is_orderly(reason) ? RUN_VM_STOPPED : RUN_VM_FAILED, reason);
	}
}

static void start_vm(struct runstate *state, size_t vm, const char *count)
{
	struct runstate_vm *entry = &state->vms[vm];
	const bool again = vm_is_off(state, vm) || entry->start_count > 0;
	entry->start_count = (uint32_t)strtoul(count, NULL, 10);
	if (!again) {
		runstate_vm_output(state, vm);
		return;
	}
	entry->reason[0] = '\0';
	entry->halt_count = 0;
	set_vm(state, vm, state->system->vms[vm].agent ? RUN_VM_BOOTING : RUN_VM_UP);
	judge_connections(state, vm);
}

/* "vm WORD …" from the VMM of @vm. */
static void take_life_line(struct runstate *state, size_t vm, const char *text)
{
	const char *starting = after(text, "starting ");
	const char *off = after(text, "off ");
	const char *restart = after(text, "restart ");
	const char *failed = after(text, "failed ");
	if (starting != NULL) {
		start_vm(state, vm, starting);
	} else if (off != NULL) {
		end_vm(state, vm, off);
	} else if (restart != NULL) {
		rest_vm(state, vm, RUN_VM_RESTARTING, restart);
	} else if (failed != NULL && !runstate_vm_ended(state, vm)) {
		rest_vm(state, vm, RUN_VM_FAILED, failed);
	}
}

/* "NAME stopped: REASON", "NAME's VMM starts again". A name may hold spaces, so each VM's is tried. */
static void take_domain_line(struct runstate *state, const char *text)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		const char *rest = after(text, state->system->vms[vm].name);
		if (rest == NULL) {
			continue;
		}
		const char *reason = after(rest, " stopped: ");
		if (reason != NULL) {
			end_vm(state, vm, reason);
			return;
		}
		if (strcmp(rest, "'s VMM starts again") == 0) {
			end_vmm(state, vm);
			return;
		}
	}
}

/* The kernel's last line before it lets all VMs run. */
static void start_all(struct runstate *state)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		runstate_vm_output(state, vm);
	}
}

void runstate_kernel_line(struct runstate *state, const char *line)
{
	if (!state->kernel_runs) {
		state->kernel_runs = true;
		report(state, RUNSTATE_KERNEL, 0, line);
	}
	const char *text = after(line, kernel_prefix);
	if (text == NULL) {
		return;
	}
	const char *domain = after(text, "domain ");
	const char *refused = after(text, "image refused: ");
	const char *fault = after(text, "fault ");
	if (domain != NULL) {
		take_domain_line(state, domain);
	} else if (after(text, "domains ") != NULL) {
		start_all(state);
	} else if (refused != NULL) {
		state->refused = true;
		report(state, RUNSTATE_REFUSED, 0, refused);
	} else if (fault != NULL) {
		(void)snprintf(state->fault, sizeof(state->fault), "%.200s", fault);
		report(state, RUNSTATE_TROUBLE, 0, line);
	} else if (after(text, "panic: ") != NULL) {
		report(state, RUNSTATE_TROUBLE, 0, line);
	}
}

/* The connections of driver VM @vm whose device VM's name @text starts with, from index @from on;
 * connection_count when there is none. *@rest is what follows the name. */
static size_t find_connection(const struct runstate *state, size_t vm, size_t from,
                              const char *text, const char **rest)
{
	for (size_t i = from; i < state->system->connection_count; i++) {
		const struct system_connection *connection = &state->system->connections[i];
		*rest = after(text, state->system->vms[connection->device_vm].name);
		if (connection->driver_vm == vm && *rest != NULL &&
		    !runstate_vm_ended(state, connection->device_vm)) {
			return i;
		}
	}
	return state->system->connection_count;
}

/* "PEER up" or "PEER down" from the VMM of the driver VM @vm. */
static void take_connection_line(struct runstate *state, size_t vm, const char *text)
{
	const char *rest = NULL;
	size_t i = find_connection(state, vm, 0, text, &rest);
	for (; i < state->system->connection_count;
	     i = find_connection(state, vm, i + 1, text, &rest)) {
		if (strcmp(rest, " up") == 0 || strcmp(rest, " down") == 0) {
			set_session(state, i, strcmp(rest, " up") == 0);
		}
	}
}

/* What the VMM says of a device => what it has. */
static void take_device_word(struct runstate_device *device, const char *word)
{
	if (strcmp(word, " backend ready") == 0) {
		device->backend = RUN_DEVICE_READY;
		device->backend_count++;
	} else if (strcmp(word, " backend gone") == 0) {
		device->backend = RUN_DEVICE_WAITING;
	} else if (strcmp(word, " backend full") == 0) {
		device->backend = RUN_DEVICE_FULL;
	} else if (strcmp(word, " backend absent") == 0) {
		device->backend = RUN_DEVICE_ABSENT;
	} else if (after(word, " failed") != NULL || strcmp(word, " lost") == 0) {
		device->trouble = strcmp(word, " lost") == 0 ? RUN_DEVICE_LOST : RUN_DEVICE_FAILED;
		device->started = false;
	} else if (strcmp(word, " started") == 0 || strcmp(word, " stopped") == 0) {
		device->trouble = RUN_DEVICE_READY;
		device->started = strcmp(word, " started") == 0;
	}
}

/* "PEER/N WORD…" from the VMM of the driver VM @vm. */
static void take_device_line(struct runstate *state, size_t vm, const char *text)
{
	const char *rest = NULL;
	size_t i = find_connection(state, vm, 0, text, &rest);
	for (; i < state->system->connection_count;
	     i = find_connection(state, vm, i + 1, text, &rest)) {
		char *word = NULL;
		if (rest[0] != '/' || rest[1] < '0' || rest[1] > '9') {
			continue;
		}
		const unsigned long number = strtoul(rest + 1, &word, 10);
		if (number < state->system->connections[i].device_count &&
		    state->connections[i].has_session) {
			struct runstate_device *device = &state->connections[i].devices[number];
			const enum run_device_state before = runstate_device_state(device);
			take_device_word(device, word);
			if (runstate_device_state(device) != before) {
				report(state, RUNSTATE_DEVICE, i, word);
			}
			judge_connection(state, i);
		}
	}
}

void runstate_vmm_line(struct runstate *state, size_t vm, const char *line)
{
	const char *life = after(line, "vm ");
	const char *connection = after(line, "connection ");
	const char *stream = after(line, "stream ");
	const char *device = after(line, "device ");
	if (runstate_is_counted(line)) {
		runstate_counted_line(state, vm, line);
	} else if (life != NULL) {
		take_life_line(state, vm, life);
	} else if (connection != NULL) {
		take_connection_line(state, vm, connection);
	} else if (stream != NULL) {
		runstate_stream_line(state, vm, stream);
	} else if (device != NULL) {
		if (strstr(line, " failed") != NULL || strcmp(strrchr(line, ' '), " lost") == 0) {
			report(state, RUNSTATE_TROUBLE, vm, line);
		}
		take_device_line(state, vm, device);
	}
}

void runstate_vm_output(struct runstate *state, size_t vm)
{
	if (state->vms[vm].state == RUN_VM_WAITING) {
		set_vm(state, vm, state->system->vms[vm].agent ? RUN_VM_BOOTING : RUN_VM_UP);
	}
}

/* It is heard of, so it goes on. */
static void end_halt(struct runstate *state, size_t vm)
{
	if (state->vms[vm].state == RUN_VM_HALTED) {
		state->vms[vm].reason[0] = '\0';
		set_vm(state, vm, RUN_VM_UP);
	}
}

bool runstate_vm_line(struct runstate *state, size_t vm, const char *line)
{
	struct runstate_vm *entry = &state->vms[vm];
	const bool runs = entry->state == RUN_VM_BOOTING || entry->state == RUN_VM_UP;
	if (!state->system->vms[vm].agent) {
		end_halt(state, vm);
	}
	for (size_t i = 0; runs && i < ARRAY_COUNT(last_words); i++) {
		const char *said = strstr(line, last_words[i]);
		if (said != NULL && entry->halt_count < HALTS_MAX) {
			entry->halt_count++;
			(void)snprintf(entry->reason, sizeof(entry->reason), "%.200s", said);
			set_vm(state, vm, RUN_VM_HALTED);
			return true;
		}
	}
	return false;
}

void runstate_vm_agent(struct runstate *state, size_t vm)
{
	if (state->vms[vm].state == RUN_VM_WAITING || state->vms[vm].state == RUN_VM_BOOTING) {
		set_vm(state, vm, RUN_VM_UP);
	}
	end_halt(state, vm);
}
