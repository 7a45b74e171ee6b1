/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much of the pools of a VM has been in use at most: its kernel knows, and its agent runs a program that
 * reads it (images/rootfs), when somebody asks. What that says is the VM's word, of its own pools.
 */
#include <ctype.h>
#include <stdlib.h>

#include "topo/runner/control.h"
#include "topo/runner/server.h"
#include "topo/runner/session.h"

/* "ADDRESS BYTES", hexadecimal and decimal, of a pool that the VM has. */
static void take_line(void *owner, const char *line)
{
	const struct session_vm *vm = owner;
	const struct system *system = vm->session->system;
	char *rest = NULL;
	const uint64_t address = strtoull(line, &rest, 16);
	if (*rest != ' ' || !isdigit((unsigned char)rest[1])) {
		return;
	}
	const uint64_t bytes = strtoull(rest + 1, &rest, 10);
	for (size_t i = 0; i < system->connection_count; i++) {
		const struct system_connection *known = &system->connections[i];
		struct runstate_connection *told = &vm->session->state.connections[i];
		if (*rest == '\0' && known->driver_vm == vm->index && known->pool_bytes != 0 &&
		    known->pool_ipa == address && bytes <= known->pool_bytes) {
			told->pool_used = bytes;
			told->pool_told = true;
		}
	}
}

static void be_done(const struct session_vm *vm)
{
	const struct runstate_event event = {.kind = RUNSTATE_COUNTED, .index = vm->index};
	server_event(vm->session->server, &event);
}

static void end(void *owner, uint8_t how, uint8_t code)
{
	(void)how;
	(void)code;
	be_done(owner);
}

static void fail(void *owner, const char *why)
{
	(void)why;
	be_done(owner);
}

void session_pools_ask(struct session *session, size_t vm)
{
	static const struct agentlines_ops ops = {.line = take_line, .ended = end, .failed = fail};
	const struct system_vm *known = &session->system->vms[vm];
	struct session_vm *entry = &session->vms[vm];
	if (entry->pools.command != NULL) {
		return;
	}
	for (size_t i = 0; i < session->system->connection_count; i++) {
		if (session->system->connections[i].driver_vm == vm) {
			session->state.connections[i].pool_told = false;
		}
	}
	entry->pools.ops = &ops;
	entry->pools.owner = entry;
	if (known->pools_bytes == 0 || session->state.vms[vm].state != RUN_VM_UP ||
	    agentlines_start(&entry->pools, &entry->agent, (const uint8_t *)known->pools,
	                     known->pools_bytes, CONTROL_STATS_LIMIT_MS) != OK) {
		return; /* nobody tells */
	}
	session_agent_work(session, vm);
}
