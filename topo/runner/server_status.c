/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner's answers to CONTROL_STATUS, _INSPECT, _STATS and _EVENTS. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "topo/runner/server.h"
#include "topo/runner/session.h"
#include "topo/runner/visitor.h"

static void send_system(struct visitor *visitor, const struct session *session)
{
	struct control_system system = {
		.runner_pid = (int32_t)getpid(),
		.machine_pid = (int32_t)session->machine.pid,
		.age_ms = session_age_ms(session),
		.ready = session->ready ? 1 : 0,
		.ending = session->end != SESSION_RUNS ? 1 : 0,
	};
	(void)snprintf(system.name, sizeof(system.name), "%s", session->rundir->name);
	(void)snprintf(system.topology, sizeof(system.topology), "%s", session->options->topology);
	(void)snprintf(system.log_directory, sizeof(system.log_directory), "%s",
	               session->options->log_directory);
	visitor_send(visitor, CONTROL_SYSTEM, &system, sizeof(system));
}

/* But its health check, and what tells of its command and of its pools. */
static uint32_t count_commands(const struct session_vm *vm)
{
	uint32_t count = 0;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		const struct agent_command *command = &vm->agent.commands[i];
		count += command->used && command != vm->health.command &&
		                         command != vm->result.command &&
		                         command != vm->pools.command
		                 ? 1
		                 : 0;
	}
	return count;
}

static void fill_hardware(const struct system_vm *known, const struct runstate_vm *state,
                          struct control_vm *entry)
{
	entry->hardware_count = (uint32_t)known->hardware_count;
	entry->hardware_more = (uint32_t)known->hardware_more;
	for (size_t i = 0; i < known->hardware_count; i++) {
		const struct system_hardware *hardware = &known->hardware[i];
		struct control_hardware *told = &entry->hardware[i];
		(void)snprintf(told->name, sizeof(told->name), "%s", hardware->name);
		(void)snprintf(told->where, sizeof(told->where), "%s", hardware->where);
		(void)snprintf(told->dma, sizeof(told->dma), "%s", hardware->dma);
		(void)snprintf(told->messages, sizeof(told->messages), "%s", hardware->messages);
		told->fault_count = state->faults[i].count;
		told->last_fault = state->faults[i].last;
	}
}

/* Interfaces on one bridge have one address. */
static bool is_told_before(const struct system_vm *known, size_t fact)
{
	for (size_t i = 0; i < fact; i++) {
		if (known->facts[i].kind == known->facts[fact].kind &&
		    strcmp(known->facts[i].text, known->facts[fact].text) == 0) {
			return true;
		}
	}
	return false;
}

/* The facts of @kind with a comma between; those that do not fit are left to INSPECT. */
static void fill_facts(const struct system_vm *known, enum system_fact_kind kind, char *text,
                       size_t room)
{
	size_t used = 0;
	for (size_t i = 0; i < known->fact_count; i++) {
		const struct system_fact *fact = &known->facts[i];
		const size_t bytes = strlen(fact->text) + 2;
		if (fact->kind == kind && !is_told_before(known, i) && used + bytes < room) {
			used += (size_t)snprintf(text + used, room - used, "%s%s",
			                         used == 0 ? "" : ", ", fact->text);
		}
	}
}

static void send_vm(struct visitor *visitor, const struct session *session, size_t vm)
{
	const struct system_vm *known = &session->system->vms[vm];
	const struct runstate_vm *state = &session->state.vms[vm];
	struct control_vm entry = {
		.ram_bytes = known->ram_bytes,
		.up_ms = state->state == RUN_VM_UP
	                         ? session_age_ms(session) - session->vms[vm].up_since_ms + 1
	                         : 0,
		.state = state->state,
		.vcpu_count = known->vcpu_count,
		.agent = known->agent ? 1 : 0,
		.health = state->state == RUN_VM_UP ? state->health : RUN_HEALTH_NONE,
		.command_count = count_commands(&session->vms[vm]),
		.restart_count = state->start_count > 1 ? state->start_count - 1 : 0,
	};
	(void)snprintf(entry.name, sizeof(entry.name), "%s", known->name);
	(void)snprintf(entry.description, sizeof(entry.description), "%s",
	               known->description == NULL ? "" : known->description);
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", state->reason);
	(void)snprintf(entry.unhealthy, sizeof(entry.unhealthy), "%s",
	               entry.health == RUN_HEALTH_NONE ? "" : state->unhealthy);
	(void)snprintf(entry.command, sizeof(entry.command), "%s",
	               state->state == RUN_VM_UP ? state->command : "");
	(void)snprintf(entry.last_end, sizeof(entry.last_end), "%s", state->last_end);
	(void)snprintf(entry.log_name, sizeof(entry.log_name), "%s", session->vms[vm].log_name);
	fill_facts(known, SYSTEM_FACT_ADDRESS, entry.addresses, sizeof(entry.addresses));
	fill_facts(known, SYSTEM_FACT_PORT, entry.ports, sizeof(entry.ports));
	fill_hardware(known, state, &entry);
	visitor_send(visitor, CONTROL_VM, &entry, sizeof(entry));
}

static void send_connection(struct visitor *visitor, const struct session *session, size_t index)
{
	const struct system_connection *known = &session->system->connections[index];
	const struct runstate_connection *state = &session->state.connections[index];
	struct control_connection entry = {
		.up = state->up ? 1 : 0,
		.has_session = state->has_session ? 1 : 0,
		.session_count = state->session_count,
		.device_count = known->device_count,
	};
	for (uint32_t i = 0; i < known->device_count; i++) {
		entry.devices[i].state = runstate_device_state(&state->devices[i]);
		entry.devices[i].backend_count = state->devices[i].backend_count;
		(void)snprintf(entry.devices[i].type, sizeof(entry.devices[i].type), "%s",
		               known->device_types[i]);
	}
	(void)snprintf(entry.device_vm, sizeof(entry.device_vm), "%s",
	               session->system->vms[known->device_vm].name);
	(void)snprintf(entry.driver_vm, sizeof(entry.driver_vm), "%s",
	               session->system->vms[known->driver_vm].name);
	visitor_send(visitor, CONTROL_CONNECTION, &entry, sizeof(entry));
}

/* Has the VMM of @vm told what it counts since the visitor has asked? */
static bool has_answered(const struct visitor *visitor, const struct session *session, size_t vm)
{
	return session->state.vms[vm].answer_count != visitor->answers[vm];
}

static void send_counters(struct visitor *visitor, const struct session *session, size_t vm)
{
	struct control_counters entry = {.answered = has_answered(visitor, session, vm) ? 1 : 0};
	memcpy(entry.counters, session->state.vms[vm].counters, sizeof(entry.counters));
	visitor_send(visitor, CONTROL_COUNTERS, &entry, sizeof(entry));
}

static void send_traffic(struct visitor *visitor, const struct session *session, size_t index)
{
	const size_t driver = session->system->connections[index].driver_vm;
	struct control_traffic entry = {.answered = has_answered(visitor, session, driver) ? 1 : 0};
	const struct runstate_connection *state = &session->state.connections[index];
	memcpy(entry.traffic, state->traffic, sizeof(entry.traffic));
	entry.pool_bytes = session->system->connections[index].pool_bytes;
	if (visitor->wants_guests && session->vms[driver].pools.command == NULL &&
	    state->pool_told) {
		entry.pool_told = 1;
		entry.pool_used = state->pool_used;
	}
	visitor_send(visitor, CONTROL_TRAFFIC, &entry, sizeof(entry));
}

static void send_all(struct visitor *visitor, const struct session *session)
{
	const bool counted = visitor->role == VISITOR_STATS;
	send_system(visitor, session);
	for (size_t i = 0; i < session->system->vm_count; i++) {
		send_vm(visitor, session, i);
		if (counted) {
			send_counters(visitor, session, i);
		}
	}
	for (size_t i = 0; i < session->system->connection_count; i++) {
		send_connection(visitor, session, i);
		if (counted) {
			send_traffic(visitor, session, i);
		}
	}
	visitor_send(visitor, CONTROL_END, NULL, 0);
}

void visitor_status(struct visitor *visitor)
{
	visitor_send_number(visitor, CONTROL_OK, 0);
	send_all(visitor, visitor->server->session);
	visitor_finish(visitor);
}

void visitor_inspect(struct visitor *visitor, const struct control_request *request)
{
	const struct session *session = visitor->server->session;
	size_t vm = 0;
	if (visitor_find_vm(visitor, request->vm, &vm) != OK) {
		return;
	}
	const struct system_vm *known = &session->system->vms[vm];
	visitor_send_number(visitor, CONTROL_OK, 0);
	send_system(visitor, session);
	send_vm(visitor, session, vm);
	for (size_t i = 0; i < known->fact_count; i++) {
		const struct system_fact *fact = &known->facts[i];
		struct control_fact entry = {.kind = fact->kind};
		(void)snprintf(entry.name, sizeof(entry.name), "%s", fact->name);
		(void)snprintf(entry.text, sizeof(entry.text), "%s", fact->text);
		(void)snprintf(entry.digest, sizeof(entry.digest), "%s",
		               fact->digest == NULL ? "" : fact->digest);
		visitor_send(visitor, CONTROL_FACT, &entry, sizeof(entry));
	}
	visitor_send(visitor, CONTROL_END, NULL, 0);
	visitor_finish(visitor);
}

void visitor_events(struct visitor *visitor)
{
	visitor->role = VISITOR_EVENTS;
	visitor_send_number(visitor, CONTROL_OK, 0);
	send_all(visitor, visitor->server->session);
}

/* All have answered, or none that has not will. */
static void finish_stats(void *owner)
{
	struct visitor *visitor = owner;
	send_all(visitor, visitor->server->session);
	visitor_finish(visitor);
}

static bool all_have_answered(const struct visitor *visitor)
{
	const struct session *session = visitor->server->session;
	size_t vm = 0;
	while (vm < session->system->vm_count && has_answered(visitor, session, vm) &&
	       !(visitor->wants_guests && session->vms[vm].pools.command != NULL)) {
		vm++;
	}
	return vm == session->system->vm_count;
}

void visitor_stats(struct visitor *visitor, const struct control_request *request)
{
	struct session *session = visitor->server->session;
	for (size_t vm = 0; vm < session->system->vm_count; vm++) {
		visitor->answers[vm] = session->state.vms[vm].answer_count;
		if (!session_ask_vmm(session, vm, PV_VMM_ASK_COUNTERS)) {
			visitor_refuse(visitor, "the serial line is full; try again");
			return;
		}
	}
	visitor->role = VISITOR_STATS;
	visitor->wants_guests = request->guests != 0;
	visitor->stats_timer = (struct loop_timer){.fire = finish_stats, .owner = visitor};
	loop_arm(&session->loop, &visitor->stats_timer, CONTROL_STATS_LIMIT_MS);
	visitor_send_number(visitor, CONTROL_OK, 0);
	for (size_t vm = 0; visitor->wants_guests && vm < session->system->vm_count; vm++) {
		session_pools_ask(session, vm);
	}
}

void visitor_stats_left(struct visitor *visitor)
{
	loop_disarm(&visitor->server->session->loop, &visitor->stats_timer);
}

/* Something that visitor waits for has happened. */
static void tell_visitor(struct visitor *visitor, const struct runstate_event *event)
{
	const struct session *session = visitor->server->session;
	const bool follows = visitor->role == VISITOR_EVENTS;
	if (event->kind == RUNSTATE_COUNTED) {
		if (visitor->role == VISITOR_STATS && all_have_answered(visitor)) {
			finish_stats(visitor);
		}
	} else if (follows && (event->kind == RUNSTATE_VM || event->kind == RUNSTATE_FAULTS ||
	                       event->kind == RUNSTATE_HEALTH || event->kind == RUNSTATE_COMMAND)) {
		send_vm(visitor, session, event->index);
	} else if (follows &&
	           (event->kind == RUNSTATE_CONNECTION || event->kind == RUNSTATE_DEVICE)) {
		send_connection(visitor, session, event->index);
	}
}

void server_event(struct server *server, const struct runstate_event *event)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (visitor->used && !visitor->doomed) {
			tell_visitor(visitor, event);
		}
	}
	if (event->kind == RUNSTATE_VM) {
		server_turns_vm_changed(server, event->index);
	}
}
