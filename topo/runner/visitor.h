/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection to the runner's control socket: what server.c and server_*.c share. A visitor is never freed inside a callback that may still hold it: visitor_doom takes it
 * out of everything at once, and a turn of the loop later its slot is free.
 */
#ifndef TOPO_RUNNER_VISITOR_H
#define TOPO_RUNNER_VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"
#include "topo/runner/control.h"
#include "topo/runner/fifo.h"
#include "topo/runner/loop.h"

#define VISITORS_MAX 64U

struct agent_command;
struct server;
struct session;

enum visitor_role {
	VISITOR_NEW,     /* has not said yet what it wants */
	VISITOR_WAITING, /* for the end of the system: STOP, WATCH */
	VISITOR_EVENTS,  /* for changes, and that end */
	VISITOR_STATS,   /* for what VMMs count */
	VISITOR_ASKING,  /* for what comes of its request to a VMM, or for its turn */
	VISITOR_CONSOLE,
	VISITOR_EXEC,
	VISITOR_CLOSING /* is sent what is left */
};

struct visitor {
	struct server *server;
	struct loop_source source;
	struct fifo in;
	struct fifo out;
	enum visitor_role role;
	bool used;
	bool doomed;
	size_t vm;       /* CONSOLE, EXEC, ASKING */
	uint32_t credit; /* bytes of OUTPUT that it may still send */

	struct fifo typed; /* CONSOLE: for the serial line */
	uint64_t skipped;  /* CONSOLE: bytes that it was too slow for */
	uint64_t arrival;  /* CONSOLE: the latest one writes; ASKING: the earliest is next */
	const char *what;  /* ASKING: PV_VMM_ASK_* */

	uint32_t answers[PV_DOMAINS_MAX]; /* STATS: of each VM when it was asked */
	bool wants_guests; /* STATS: what guests say of their pools is waited for, too */
	struct loop_timer stats_timer;

	struct agent_command *command; /* EXEC: while it runs */
	bool held;                     /* EXEC: the command is stopped until out drains */
	bool connects;                 /* EXEC: it is PV_AGENT_CONNECT */
};

/* Whose request the VMM of a VM is at. */
struct turn {
	struct server *server;
	size_t vm;
	const char *what;       /* PV_VMM_ASK_*; NULL: nobody's */
	struct visitor *holder; /* NULL: it has gone */
	uint32_t starts_before; /* of the VM, when its VMM was asked */
	struct loop_timer timer;
};

struct server {
	struct session *session;
	struct loop_source source;
	struct loop_timer sweep_timer;
	uint64_t arrivals;
	struct visitor visitors[VISITORS_MAX];
	struct turn turns[PV_DOMAINS_MAX]; /* of each VM */
};

/** Send a frame. One that does not fit dooms the visitor: it has not read for long. */
void visitor_send(struct visitor *visitor, uint32_t kind, const void *payload, size_t bytes);

/** Send a frame whose payload is a u32. */
void visitor_send_number(struct visitor *visitor, uint32_t kind, uint32_t number);

/** Send a frame whose payload is text. */
void visitor_send_text(struct visitor *visitor, uint32_t kind, const char *text);

/** Send ERROR with @text and close when it is read. */
void visitor_refuse(struct visitor *visitor, const char *text);

/** Close when all is read; nothing of what it says counts any more. */
void visitor_finish(struct visitor *visitor);

/** Drop the connection now. */
void visitor_doom(struct visitor *visitor);

/**
 * The VM called @name. Errors: ERR_RANGE there is none; the visitor was refused with the names that
 * there are.
 */
MUST_USE err_t visitor_find_vm(struct visitor *visitor, const char *name, size_t *vm);

/*
 * One handler for each request and later frame. A handler answers by the functions above; the
 * visitor may be doomed when it returns.
 */
void visitor_status(struct visitor *visitor);
void visitor_inspect(struct visitor *visitor, const struct control_request *request);
void visitor_events(struct visitor *visitor);
void visitor_stats(struct visitor *visitor, const struct control_request *request);
void visitor_stats_left(struct visitor *visitor);
void visitor_ask(struct visitor *visitor, const struct control_request *request,
                 const uint8_t *what, size_t bytes);
void visitor_ask_left(struct visitor *visitor);
void visitor_ask_ended(struct visitor *visitor);
void visitor_console_open(struct visitor *visitor, const struct control_request *request);
void visitor_console_input(struct visitor *visitor, const uint8_t *bytes, size_t count);
void visitor_console_room(struct visitor *visitor);
void visitor_console_left(struct visitor *visitor);
void visitor_exec_open(struct visitor *visitor, const struct control_request *request,
                       const uint8_t *argv, size_t argv_bytes);
void visitor_exec_input(struct visitor *visitor, const uint8_t *bytes, size_t count);
void visitor_exec_input_end(struct visitor *visitor);
void visitor_exec_signal(struct visitor *visitor, uint32_t number);
void visitor_exec_size(struct visitor *visitor, const struct control_size *size);
void visitor_exec_drained(struct visitor *visitor);
void visitor_exec_left(struct visitor *visitor);

/* The turns of requests: nobody's at first; vms[@vm] has changed; none is timed any more. */
void server_turns_init(struct server *server);
void server_turns_vm_changed(struct server *server, size_t vm);
void server_turns_end(struct server *server);

#endif
