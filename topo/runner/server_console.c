/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consoles at the runner: what a guest writes goes to all visitors of its console, what the latest
 * of them types goes to the guest. A visitor that does not keep up loses output, and is told how
 * much; the guest never waits for it.
 */
#include <stdio.h>
#include <string.h>

#include "topo/runner/server.h"
#include "topo/runner/session.h"
#include "topo/runner/visitor.h"

#define TYPED_BYTES 4096U

static bool is_console_of(const struct visitor *visitor, size_t vm)
{
	return visitor->used && !visitor->doomed && visitor->role == VISITOR_CONSOLE &&
	       visitor->vm == vm;
}

/* The visitor that types at the console of @vm; NULL = nobody. */
static struct visitor *find_writer(struct server *server, size_t vm)
{
	struct visitor *writer = NULL;
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (is_console_of(visitor, vm) &&
		    (writer == NULL || visitor->arrival > writer->arrival)) {
			writer = visitor;
		}
	}
	return writer;
}

static void send_tail(struct visitor *visitor, const struct tail *tail)
{
	uint8_t bytes[TAIL_BYTES];
	const size_t count = tail_copy(tail, bytes, sizeof(bytes));
	_Static_assert(TAIL_BYTES <= CONTROL_PAYLOAD_MAX, "the tail fits into a frame");
	visitor_send(visitor, CONTROL_OUTPUT, bytes, count);
}

void visitor_console_open(struct visitor *visitor, const struct control_request *request)
{
	struct server *server = visitor->server;
	const struct session *session = server->session;
	size_t vm = 0;
	if (visitor_find_vm(visitor, request->vm, &vm) != OK) {
		return;
	}
	if (fifo_init(&visitor->typed, TYPED_BYTES) != OK) {
		visitor_refuse(visitor, "the runner has no memory");
		return;
	}
	struct visitor *before = find_writer(server, vm);
	visitor->role = VISITOR_CONSOLE;
	visitor->vm = vm;
	visitor->arrival = ++server->arrivals;
	visitor->credit = TYPED_BYTES;
	visitor_send_number(visitor, CONTROL_OK, TYPED_BYTES);
	send_tail(visitor, &session->vms[vm].tty_tail);
	if (before != NULL) {
		visitor_send_text(before, CONTROL_NOTE,
		                  "another console was opened: this one only shows until that "
		                  "one is left");
	}
}

/* Room again for what was typed, and credit for as much. */
void visitor_console_room(struct visitor *visitor)
{
	size_t held = 0;
	const uint8_t *bytes = fifo_peek(&visitor->typed, &held);
	const size_t taken = session_type(visitor->server->session, visitor->vm, bytes, held);
	fifo_drop(&visitor->typed, taken);
	if (taken > 0) {
		visitor->credit += (uint32_t)taken;
		visitor_send_number(visitor, CONTROL_CREDIT, (uint32_t)taken);
	}
}

void visitor_console_input(struct visitor *visitor, const uint8_t *bytes, size_t count)
{
	const struct session *session = visitor->server->session;
	const enum run_vm_state state = session->state.vms[visitor->vm].state;
	const bool dead = state == RUN_VM_STOPPED || state == RUN_VM_FAILED;
	if (dead || find_writer(visitor->server, visitor->vm) != visitor) {
		visitor->credit += (uint32_t)count;
		visitor_send_number(visitor, CONTROL_CREDIT, (uint32_t)count);
		return;
	}
	/* Fits: the credit is what is free in it. */
	(void)fifo_put(&visitor->typed, bytes, count);
	visitor_console_room(visitor);
}

void visitor_console_left(struct visitor *visitor)
{
	struct visitor *writer = find_writer(visitor->server, visitor->vm);
	if (writer != NULL && writer->arrival < visitor->arrival) {
		visitor_send_text(writer, CONTROL_NOTE, "this console can be typed at again");
	}
}

/* Output for one visitor, in frames; what does not fit is counted. */
static void show(struct visitor *visitor, const uint8_t *bytes, size_t count)
{
	if (visitor->skipped > 0 && fifo_room(&visitor->out) > visitor->out.capacity / 2) {
		char note[64];
		(void)snprintf(note, sizeof(note), "%llu bytes were skipped here",
		               (unsigned long long)visitor->skipped);
		visitor->skipped = 0;
		visitor_send_text(visitor, CONTROL_NOTE, note);
	}
	for (size_t at = 0; at < count && !visitor->doomed;) {
		const size_t left = count - at;
		const size_t part = left < CONTROL_PAYLOAD_MAX ? left : CONTROL_PAYLOAD_MAX;
		/* Some room stays for notes. */
		if (visitor->skipped > 0 ||
		    fifo_room(&visitor->out) < 2 * CONTROL_FRAME_BYTES_MAX) {
			visitor->skipped += left;
			return;
		}
		visitor_send(visitor, CONTROL_OUTPUT, bytes + at, part);
		at += part;
	}
}

void server_console_output(struct server *server, size_t vm, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		if (is_console_of(&server->visitors[i], vm)) {
			show(&server->visitors[i], bytes, count);
		}
	}
}

void server_vm_ended(struct server *server, size_t vm, const char *text, bool restarts)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (is_console_of(visitor, vm)) {
			visitor_send_text(visitor, CONTROL_NOTE, text);
			if (!restarts) {
				visitor_send(visitor, CONTROL_END, NULL, 0);
				visitor_finish(visitor);
			}
		}
	}
}
