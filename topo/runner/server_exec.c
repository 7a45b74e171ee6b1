/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands at the runner: joins a visitor to a command of its VM's agent. Nothing of a command's
 * output is lost: when the visitor does not keep up, the command is stopped by SIGSTOP until it
 * has. When the visitor goes, the command is killed.
 */
#include <stdio.h>
#include <string.h>

#include "topo/runner/agentlink.h"
#include "topo/runner/server.h"
#include "topo/runner/session.h"
#include "topo/runner/visitor.h"

/* Above the first a command is stopped, below the second it goes on. What it had written already
 * (its pipes and the serial line) must fit above the first. */
#define OUT_HIGH_BYTES (256U << 10)
#define OUT_LOW_BYTES (64U << 10)
#define SIGNAL_CONT 18U
#define SIGNAL_STOP 19U

static struct agentlink *link_of(const struct visitor *visitor)
{
	return &visitor->server->session->vms[visitor->vm].agent;
}

static void work(const struct visitor *visitor)
{
	session_agent_work(visitor->server->session, visitor->vm);
}

/* After anything was sent to the visitor, or read by it: stop its command, or let it go on. Any send
 * may be the one that finds the socket empty again. */
static void balance(struct visitor *visitor)
{
	if (visitor->doomed || visitor->command == NULL) {
		return;
	}
	if (!visitor->held && visitor->out.count > OUT_HIGH_BYTES) {
		visitor->held = true;
		agentlink_signal(visitor->command, SIGNAL_STOP);
	} else if (visitor->held && visitor->out.count < OUT_LOW_BYTES) {
		visitor->held = false;
		agentlink_signal(visitor->command, SIGNAL_CONT);
	}
}

void visitor_exec_drained(struct visitor *visitor)
{
	balance(visitor);
	work(visitor);
}

/* Why vms[@vm] takes no command now. */
static void refuse_state(struct visitor *visitor, size_t vm)
{
	const struct session *session = visitor->server->session;
	const struct system_vm *known = &session->system->vms[vm];
	const struct runstate_vm *state = &session->state.vms[vm];
	char text[512];
	if (!known->agent) {
		(void)snprintf(text, sizeof(text),
		               "VM %s has no agent: it does not boot our root file system",
		               known->name);
	} else {
		(void)snprintf(text, sizeof(text), "VM %s is %s%s%s: it takes no commands",
		               known->name, run_vm_state_text(state->state),
		               state->reason[0] == '\0' ? "" : ": ", state->reason);
	}
	visitor_refuse(visitor, text);
}

static void refuse_start(struct visitor *visitor, size_t vm, err_t err)
{
	if (err == ERR_STATE) {
		refuse_state(visitor, vm);
	} else if (err == ERR_FULL) {
		visitor_refuse(visitor, "too many commands run in this VM");
	} else if (err == ERR_RANGE) {
		visitor_refuse(visitor, "the command is too long: 4096 bytes, 255 arguments");
	} else {
		visitor_refuse(visitor, "no command was given");
	}
}

/* Is it PV_AGENT_CONNECT, with what stands behind it? */
static bool is_connect(const uint8_t *argv, size_t argv_bytes)
{
	return argv_bytes >= sizeof(PV_AGENT_CONNECT) &&
	       memcmp(argv, PV_AGENT_CONNECT, sizeof(PV_AGENT_CONNECT)) == 0;
}

static bool has_room(const struct server *server, size_t vm)
{
	size_t count = 0;

	for (size_t i = 0; i < VISITORS_MAX; i++) {
		const struct visitor *other = &server->visitors[i];

		count +=
			other->used && other->command != NULL && other->vm == vm && other->connects;
	}
	return count < CONTROL_CONNECTS_MAX;
}

void visitor_exec_open(struct visitor *visitor, const struct control_request *request,
                       const uint8_t *argv, size_t argv_bytes)
{
	struct session *session = visitor->server->session;
	size_t vm = 0;
	if (visitor_find_vm(visitor, request->vm, &vm) != OK) {
		return;
	}
	visitor->connects = is_connect(argv, argv_bytes);
	if (visitor->connects && !has_room(visitor->server, vm)) {
		visitor_refuse(visitor, "too many connections by topo port go on in this VM");
		return;
	}
	struct agent_command *command = NULL;
	const err_t err = agentlink_start(&session->vms[vm].agent, argv, argv_bytes,
	                                  request->limit_ms, &command);
	if (err != OK) {
		refuse_start(visitor, vm, err);
		return;
	}
	agentlink_hold(command, visitor);
	if (request->size.rows != 0) {
		agentlink_size(command, request->size.rows, request->size.columns);
	}
	visitor->role = VISITOR_EXEC;
	visitor->vm = vm;
	visitor->command = command;
	visitor->credit = AGENTLINK_INPUT_BYTES;
	visitor_send_number(visitor, CONTROL_OK, AGENTLINK_INPUT_BYTES);
	work(visitor);
}

void visitor_exec_input(struct visitor *visitor, const uint8_t *bytes, size_t count)
{
	if (visitor->command == NULL) {
		return;
	}
	const size_t taken = agentlink_input(visitor->command, bytes, count);
	if (taken < count) {
		/* The command has closed its input: let the rest run out. */
		server_exec_taken(visitor, count - taken);
	}
	work(visitor);
}

void visitor_exec_input_end(struct visitor *visitor)
{
	if (visitor->command != NULL) {
		agentlink_input_end(visitor->command);
		work(visitor);
	}
}

void visitor_exec_signal(struct visitor *visitor, uint32_t number)
{
	if (visitor->command != NULL) {
		agentlink_signal(visitor->command, number);
		work(visitor);
	}
}

void visitor_exec_size(struct visitor *visitor, const struct control_size *size)
{
	if (visitor->command != NULL && visitor->command->rows != 0 && size->rows != 0) {
		agentlink_size(visitor->command, size->rows, size->columns);
		work(visitor);
	}
}

void visitor_exec_left(struct visitor *visitor)
{
	if (visitor->command != NULL) {
		struct agent_command *command = visitor->command;
		visitor->command = NULL;
		agentlink_abandon(link_of(visitor), command);
		work(visitor);
	}
}

/* The four reports come from inside agentlink, whose caller lets it work afterwards. */
void server_exec_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct visitor *visitor = holder;
	while (count > 0 && !visitor->doomed) {
		const size_t part = count < CONTROL_PAYLOAD_MAX ? count : CONTROL_PAYLOAD_MAX;
		visitor_send(visitor, error_stream ? CONTROL_OUTPUT_ERROR : CONTROL_OUTPUT, bytes,
		             part);
		bytes += part;
		count -= part;
	}
	balance(visitor);
}

void server_exec_taken(void *holder, size_t count)
{
	struct visitor *visitor = holder;
	visitor->credit += (uint32_t)count;
	visitor_send_number(visitor, CONTROL_CREDIT, (uint32_t)count);
	balance(visitor);
}

void server_exec_ended(void *holder, uint8_t end, uint8_t code)
{
	struct visitor *visitor = holder;
	const struct control_exit report = {.end = end, .code = code};
	visitor->command = NULL;
	visitor_send(visitor, CONTROL_EXIT, &report, sizeof(report));
	visitor_finish(visitor);
}

void server_exec_failed(void *holder, const char *why)
{
	struct visitor *visitor = holder;
	visitor->command = NULL;
	visitor_refuse(visitor, why);
}
