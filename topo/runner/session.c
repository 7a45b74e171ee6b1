/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a session: start the machine, serve until it has ended or somebody ends it, make
 * sure that it is gone, let visitors read their last bytes. Whatever ends it, there is one way out:
 * session_end asks the machine to go, its pid_fd says that it has, conclude() closes.
 */
#include "topo/runner/session.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/runner/kept.h"
#include "topo/runner/message.h"
#include "topo/runner/progress.h"
#include "topo/runner/server.h"
#include "topo/runner/signals.h"

#define KILL_AFTER_MS 3000U /* a machine that does not end when asked */
#define LINGER_MS 1000U     /* for visitors that do not read */

void session_end(struct session *session, enum session_end end)
{
	if (session->end != SESSION_RUNS || session->finished) {
		return;
	}
	session->end = end;
	machine_stop(&session->machine, false);
	loop_arm(&session->loop, &session->kill_timer, KILL_AFTER_MS);
}

static void force_end(void *owner)
{
	const struct session *session = owner;
	machine_stop(&session->machine, true);
}

static void become_ready(struct session *session)
{
	session->ready = true;
	loop_disarm(&session->loop, &session->limit_timer);
	loop_unwatch(&session->loop, &session->parent_source);
	progress_ready(session);
	if (session->options->ready != NULL) {
		session->options->ready(session->options->owner);
	}
}

static void limit_passed(void *owner)
{
	struct session *session = owner;
	if (session->options->strict) {
		session_end(session, SESSION_LATE);
		return;
	}
	message_warning("not everything is up yet:");
	progress_missing(session);
	message_help("the system goes on; --timeout SECONDS ends it in such a case");
}

/* A VM's end is the end of the commands in it, and of its console unless it starts again. */
static void end_vm(struct session *session, size_t vm)
{
	const struct runstate_vm *state = &session->state.vms[vm];
	char text[RUNSTATE_REASON_BYTES + 64];
	(void)snprintf(text, sizeof(text), "VM %.32s %s%s: %s", session->system->vms[vm].name,
	               state->state == RUN_VM_RESTARTING ? "is " : "has ",
	               run_vm_state_text(state->state), state->reason);
	agentlink_fail_all(&session->vms[vm].agent, text);
	loop_disarm(&session->loop, &session->vms[vm].agent_timer);
	session_health_end(&session->vms[vm]);
	session_command_end(&session->vms[vm]);
	server_vm_ended(session->server, vm, text, state->state == RUN_VM_RESTARTING);
}

/* Into the system's log, and to who listens to events. */
static void note_change(struct session *session, const struct runstate_event *event)
{
	char text[RUNSTATE_REASON_BYTES + 128];
	if (event->kind == RUNSTATE_VM) {
		const struct runstate_vm *state = &session->state.vms[event->index];
		(void)snprintf(text, sizeof(text), "VM %.32s: %s%s%s",
		               session->system->vms[event->index].name,
		               run_vm_state_text(state->state),
		               state->reason[0] == '\0' ? "" : ": ", state->reason);
		session_log(session, "topo", text);
	} else if (event->kind == RUNSTATE_CONNECTION) {
		const struct system_connection *known = &session->system->connections[event->index];
		(void)snprintf(text, sizeof(text), "connection %.32s -> %.32s: %s",
		               session->system->vms[known->device_vm].name,
		               session->system->vms[known->driver_vm].name, event->text);
		session_log(session, "topo", text);
	}
	if (event->kind == RUNSTATE_COMMAND) {
		(void)snprintf(text, sizeof(text), "VM %.32s: says that its command is %s",
		               session->system->vms[event->index].name, event->text);
		session_log(session, "topo", text);
	}
	if (event->kind == RUNSTATE_HEALTH) {
		const struct runstate_vm *state = &session->state.vms[event->index];
		(void)snprintf(text, sizeof(text), "VM %.32s: says that it is %s%s%s",
		               session->system->vms[event->index].name,
		               run_health_text(state->health),
		               state->unhealthy[0] == '\0' ? "" : ": ", state->unhealthy);
		session_log(session, "topo", text);
	}
	server_event(session->server, event);
}

static void take_event(void *owner, const struct runstate_event *event)
{
	struct session *session = owner;
	progress_event(session, event);
	if (event->kind == RUNSTATE_VM && session->state.vms[event->index].state == RUN_VM_UP) {
		session->vms[event->index].up_since_ms = session_age_ms(session);
	}
	note_change(session, event);
	if (event->kind == RUNSTATE_VM) {
		const enum run_vm_state state = session->state.vms[event->index].state;
		if (state == RUN_VM_STOPPED || state == RUN_VM_FAILED ||
		    state == RUN_VM_RESTARTING) {
			end_vm(session, event->index);
		}
	}
	if (session->end != SESSION_RUNS || session->ready) {
		return;
	}
	if (event->kind == RUNSTATE_REFUSED) {
		session_end(session, SESSION_REFUSED);
	} else if (runstate_ready(&session->state)) {
		become_ready(session);
	} else if (session->options->strict && runstate_hopeless(&session->state)) {
		session_end(session, SESSION_NOT_UP);
	}
}

static void stop_lingering(void *owner)
{
	struct session *session = owner;
	loop_stop(&session->loop);
}

/* The machine is gone. Whoever is connected gets what is left, for a while. */
static void conclude(void *owner, short revents)
{
	struct session *session = owner;
	(void)revents;
	loop_unwatch(&session->loop, &session->machine_source);
	session_line_end(session);
	session->finished = true;
	session->machine_status = machine_reap(&session->machine);
	if (session->end == SESSION_RUNS) {
		const bool orderly =
			session->machine_status == 0 && runstate_ended(&session->state);
		session->end = orderly ? SESSION_POWERED_OFF : SESSION_CRASHED;
	}
	for (size_t i = 0; i < session->system->vm_count; i++) {
		agentlink_fail_all(&session->vms[i].agent, "the system has ended");
		loop_disarm(&session->loop, &session->vms[i].agent_timer);
	}
	server_finish(session->server);
	loop_arm(&session->loop, &session->linger_timer,
	         server_idle(session->server) ? 0 : LINGER_MS);
}

/* The first signal ends the system, the second does not wait for it. */
static void take_signal(void *owner, short revents)
{
	struct session *session = owner;
	const int number = signals_read(session->signal_source.fd);
	(void)revents;
	if (number == 0) {
		return;
	}
	if (session->end != SESSION_RUNS) {
		force_end(session);
		return;
	}
	session->signal_number = number;
	session_end(session, SESSION_SIGNALLED);
}

static void lose_parent(void *owner, short revents)
{
	struct session *session = owner;
	(void)revents;
	loop_unwatch(&session->loop, &session->parent_source);
	session_end(session, SESSION_ORPHANED);
}

static err_t watch_signals(struct session *session)
{
	const int fd = signals_open(NULL, 0);
	session->signal_source = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = take_signal, .owner = session};
	return fd < 0 ? ERR_STATE : loop_watch(&session->loop, &session->signal_source);
}

static err_t watch_all(struct session *session)
{
	session->machine_source = (struct loop_source){.fd = session->machine.pid_fd,
	                                               .events = POLLIN,
	                                               .ready = conclude,
	                                               .owner = session};
	session->parent_source = (struct loop_source){
		.fd = session->options->parent_fd, .ready = lose_parent, .owner = session};
	if (session_line_start(session) != OK ||
	    loop_watch(&session->loop, &session->machine_source) != OK ||
	    (session->options->parent_fd >= 0 &&
	     loop_watch(&session->loop, &session->parent_source) != OK)) {
		return ERR_FULL;
	}
	if (session->options->limit_ms > 0) {
		loop_arm(&session->loop, &session->limit_timer, session->options->limit_ms);
	}
	return OK;
}

static void set_timers(struct session *session)
{
	session->limit_timer = (struct loop_timer){.fire = limit_passed, .owner = session};
	session->kill_timer = (struct loop_timer){.fire = force_end, .owner = session};
	session->linger_timer = (struct loop_timer){.fire = stop_lingering, .owner = session};
}

/* Everything up to the loop. What was made before a failure is given back by close_session. */
static err_t open_session(struct session *session)
{
	if (session_line_open(session) != OK) {
		return ERR_STATE;
	}
	if (runstate_init(&session->state, session->system, take_event, session) != OK ||
	    watch_signals(session) != OK) {
		message_error("cannot watch the system: no memory or no file descriptors");
		return ERR_FULL;
	}
	session->server = server_start(session);
	if (session->server == NULL) {
		return ERR_STATE;
	}
	session->started_ms = loop_now_ms();
	kept_begin(session);
	const err_t err = machine_start(&session->machine, &session->options->machine,
	                                session->machine_log.fd);
	if (err == OK) {
		session_windows_open(session);
	}
	return err;
}

static void close_session(struct session *session)
{
	if (session->machine.pid > 0) {
		machine_stop(&session->machine, true);
		session->machine_status = machine_reap(&session->machine);
	}
	server_free(session->server);
	session_windows_close(session);
	session_line_close(session);
	runstate_free(&session->state);
	if (session->signal_source.fd >= 0) {
		(void)close(session->signal_source.fd);
	}
}

enum session_end session_run(const struct session_options *options, const struct system *system,
                             const struct rundir *rundir, int *signal_number, bool *well)
{
	struct session session = {
		.options = options,
		.system = system,
		.rundir = rundir,
		.signal_source = {.fd = -1},
		.machine = {.pid_fd = -1, .from_fd = -1, .to_fd = -1, .ram_fd = -1},
		.started_ms = loop_now_ms(),
	};
	set_timers(&session);
	if (open_session(&session) != OK) {
		session.end = SESSION_BROKEN;
	} else if (watch_all(&session) != OK || loop_run(&session.loop) != 0) {
		message_error("the runner cannot go on: no file descriptors or memory");
		session.end = SESSION_BROKEN;
	}
	progress_end(&session);
	kept_end(&session);
	*signal_number = session.signal_number;
	*well = session.end == SESSION_POWERED_OFF ? runstate_ended_well(&session.state)
	                                           : session.ready;
	close_session(&session);
	return session.end;
}
