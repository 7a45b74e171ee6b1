/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the VMMs of VMs: one VM has one at a time. A VMM takes the last of several for what is
 * wanted, and says once what has come of it: who asked before would wait for what never happens.
 * So each waits until the one before is done, or the VMM has had its time; also that of a visitor
 * who has gone.
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/runner/server.h"
#include "topo/runner/session.h"
#include "topo/runner/visitor.h"

static bool is_stop(const char *what)
{
	return strcmp(what, PV_VMM_ASK_STOP) == 0;
}

/* Is the VM as @what asks for, without anything being done? */
static bool is_done_already(const struct session *session, size_t vm, const char *what)
{
	const enum run_vm_state state = session->state.vms[vm].state;
	if (is_stop(what)) {
		return runstate_vm_ended(&session->state, vm);
	}
	return strcmp(what, PV_VMM_ASK_START) == 0 && state != RUN_VM_RESTARTING &&
	       !runstate_vm_ended(&session->state, vm);
}

/* Has the VMM done what is asked of it now? Each start has a number of its own. */
static bool is_done(const struct session *session, const struct turn *turn)
{
	return is_done_already(session, turn->vm, turn->what) ||
	       (!is_stop(turn->what) &&
	        session->state.vms[turn->vm].start_count != turn->starts_before);
}

static struct visitor *next_of(struct server *server, size_t vm)
{
	struct visitor *next = NULL;
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (visitor->used && !visitor->doomed && visitor->role == VISITOR_ASKING &&
		    visitor->vm == vm && (next == NULL || visitor->arrival < next->arrival)) {
			next = visitor;
		}
	}
	return next;
}

/* The turn of @visitor begins; that ends at once where nothing is to be done. */
static void begin(struct visitor *visitor, struct turn *turn)
{
	struct session *session = visitor->server->session;
	const bool done = is_done_already(session, turn->vm, visitor->what);
	if (!done && !session_ask_vmm(session, turn->vm, visitor->what)) {
		visitor_refuse(visitor, "the serial line is full; try again");
		return;
	}
	visitor_send_number(visitor, CONTROL_OK, 0);
	if (done) {
		visitor_send(visitor, CONTROL_END, NULL, 0);
		visitor_finish(visitor);
		return;
	}
	turn->what = visitor->what;
	turn->holder = visitor->doomed ? NULL : visitor;
	turn->starts_before = session->state.vms[turn->vm].start_count;
	loop_arm(&session->loop, &turn->timer, CONTROL_ASK_LIMIT_MS);
}

static void go_on(struct turn *turn)
{
	struct visitor *next = NULL;
	while (turn->what == NULL && (next = next_of(turn->server, turn->vm)) != NULL) {
		begin(next, turn);
	}
}

static void end(struct turn *turn, const char *why)
{
	struct visitor *visitor = turn->holder;
	loop_disarm(&turn->server->session->loop, &turn->timer);
	turn->holder = NULL;
	turn->what = NULL;
	if (visitor != NULL && why != NULL) {
		visitor_refuse(visitor, why);
	} else if (visitor != NULL) {
		visitor_send(visitor, CONTROL_END, NULL, 0);
		visitor_finish(visitor);
	}
	go_on(turn);
}

static void give_up(void *owner)
{
	struct turn *turn = owner;
	char why[CONTROL_NAME_BYTES + 64];
	(void)snprintf(why, sizeof(why), "the VMM of %.*s does not answer", (int)CONTROL_NAME_BYTES,
	               turn->server->session->system->vms[turn->vm].name);
	end(turn, why);
}

void server_turns_init(struct server *server)
{
	for (size_t vm = 0; vm < PV_DOMAINS_MAX; vm++) {
		struct turn *turn = &server->turns[vm];
		*turn = (struct turn){.server = server, .vm = vm};
		turn->timer = (struct loop_timer){.fire = give_up, .owner = turn};
	}
}

void server_turns_vm_changed(struct server *server, size_t vm)
{
	struct turn *turn = &server->turns[vm];
	if (turn->what != NULL && is_done(server->session, turn)) {
		end(turn, NULL);
	}
}

void server_turns_end(struct server *server)
{
	for (size_t vm = 0; vm < PV_DOMAINS_MAX; vm++) {
		loop_disarm(&server->session->loop, &server->turns[vm].timer);
	}
}

/* Every VM is off now. */
void visitor_ask_ended(struct visitor *visitor)
{
	if (!is_stop(visitor->what)) {
		visitor_send_text(visitor, CONTROL_ERROR, "the system has ended");
		return;
	}
	if (visitor->server->turns[visitor->vm].holder != visitor) {
		visitor_send_number(visitor, CONTROL_OK, 0);
	}
	visitor_send(visitor, CONTROL_END, NULL, 0);
}

void visitor_ask_left(struct visitor *visitor)
{
	struct turn *turn = &visitor->server->turns[visitor->vm];
	if (turn->holder == visitor) {
		turn->holder = NULL; /* the VMM is at it all the same */
	}
}

void visitor_ask(struct visitor *visitor, const struct control_request *request,
                 const uint8_t *what, size_t bytes)
{
	static const char *const asks[] = {PV_VMM_ASK_START, PV_VMM_ASK_STOP, PV_VMM_ASK_RESTART};
	size_t vm = 0;
	size_t ask = 0;
	if (visitor_find_vm(visitor, request->vm, &vm) != OK) {
		return;
	}
	while (ask < ARRAY_COUNT(asks) &&
	       (strlen(asks[ask]) != bytes || memcmp(asks[ask], what, bytes) != 0)) {
		ask++;
	}
	if (ask == ARRAY_COUNT(asks)) {
		visitor_refuse(visitor, "no such request to a VM");
		return;
	}
	visitor->role = VISITOR_ASKING;
	visitor->vm = vm;
	visitor->what = asks[ask];
	visitor->arrival = ++visitor->server->arrivals;
	go_on(&visitor->server->turns[vm]);
}
