/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner's end of topo/runner/control.h: the socket in the run directory and everybody who is
 * connected to it. The session tells it what happens; it tells the session what users want. A
 * visitor that breaks the protocol, or goes, takes nothing with it but its own command.
 */
#ifndef TOPO_RUNNER_SERVER_H
#define TOPO_RUNNER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;
struct session;

/** Listen in @session's run directory. Returns NULL when that fails, reported. */
struct server *server_start(struct session *session);

/** Give everything back; NULL is allowed. */
void server_free(struct server *server);

/** The system has ended: accept nobody any more, tell everybody. */
void server_finish(struct server *server);

/** Has everybody been told everything, and gone? */
bool server_idle(const struct server *server);

/** The guest of vms[@vm] has written to its console. */
void server_console_output(struct server *server, size_t vm, const uint8_t *bytes, size_t count);

/** vms[@vm] is off, @text says how; its consoles end unless it @restarts. */
void server_vm_ended(struct server *server, size_t vm, const char *text, bool restarts);

struct runstate_event;

/** A VM or a connection has changed, for who listens to events. */
void server_event(struct server *server, const struct runstate_event *event);

/** There is room in the serial line again. */
void server_line_room(struct server *server);

/* The reports of a command: agentlink_ops, @holder being a visitor. */
void server_exec_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count);
void server_exec_taken(void *holder, size_t count);
void server_exec_ended(void *holder, uint8_t end, uint8_t code);
void server_exec_failed(void *holder, const char *why);

#endif
