/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket of server.h: accepts, reads frames, checks them and hands them to the handler
 * of their kind, writes what is to be written, and clears up behind visitors.
 */
#include "topo/runner/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/limits.h"
#include "topo/runner/message.h"
#include "topo/runner/naming.h"
#include "topo/runner/session.h"
#include "topo/runner/visitor.h"

#define IN_BYTES (2U * CONTROL_FRAME_BYTES_MAX)
#define OUT_BYTES (1U << 20)

static void send_out(struct visitor *visitor)
{
	if (fifo_write_to(&visitor->out, visitor->source.fd) != 0) {
		visitor_doom(visitor);
		return;
	}
	visitor->source.events = visitor->out.count > 0 ? POLLIN | POLLOUT : POLLIN;
	if (visitor->role == VISITOR_CLOSING && visitor->out.count == 0) {
		visitor_doom(visitor);
	}
}

void visitor_send(struct visitor *visitor, uint32_t kind, const void *payload, size_t bytes)
{
	if (visitor->doomed) {
		return;
	}
	if (control_frame_put(&visitor->out, kind, payload, bytes) != OK) {
		visitor_doom(visitor);
		return;
	}
	send_out(visitor);
}

void visitor_send_number(struct visitor *visitor, uint32_t kind, uint32_t number)
{
	visitor_send(visitor, kind, &number, sizeof(number));
}

void visitor_send_text(struct visitor *visitor, uint32_t kind, const char *text)
{
	visitor_send(visitor, kind, text, strlen(text));
}

/* What was held for the visitor by others goes at once; its memory waits for the sweep. */
static void leave(struct visitor *visitor)
{
	const enum visitor_role role = visitor->role;
	visitor->role = VISITOR_CLOSING;
	if (role == VISITOR_CONSOLE) {
		visitor_console_left(visitor);
	} else if (role == VISITOR_EXEC) {
		visitor_exec_left(visitor);
	} else if (role == VISITOR_STATS) {
		visitor_stats_left(visitor);
	} else if (role == VISITOR_ASKING) {
		visitor_ask_left(visitor);
	}
}

void visitor_doom(struct visitor *visitor)
{
	if (visitor->doomed) {
		return;
	}
	visitor->doomed = true;
	leave(visitor);
	struct loop *loop = &visitor->server->session->loop;
	loop_unwatch(loop, &visitor->source);
	loop_arm(loop, &visitor->server->sweep_timer, 0);
}

void visitor_finish(struct visitor *visitor)
{
	leave(visitor);
	if (!visitor->doomed) {
		send_out(visitor);
	}
}

void visitor_refuse(struct visitor *visitor, const char *text)
{
	visitor_send_text(visitor, CONTROL_ERROR, text);
	visitor_finish(visitor);
}

err_t visitor_find_vm(struct visitor *visitor, const char *name, size_t *vm)
{
	const struct system *system = visitor->server->session->system;
	*vm = runstate_find_vm(system, name);
	if (*vm < system->vm_count) {
		return OK;
	}
	const char *names[PV_DOMAINS_MAX];
	size_t count = 0;
	while (count < system->vm_count && count < PV_DOMAINS_MAX) {
		names[count] = system->vms[count].name;
		count++;
	}
	char text[2048];
	naming_explain(text, sizeof(text), name, names, count);
	visitor_refuse(visitor, text);
	return ERR_RANGE;
}

static void sweep(void *owner)
{
	struct server *server = owner;
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (visitor->used && visitor->doomed) {
			(void)close(visitor->source.fd);
			fifo_free(&visitor->in);
			fifo_free(&visitor->out);
			fifo_free(&visitor->typed);
			visitor->used = false;
		}
	}
	if (server->session->finished && server_idle(server)) {
		loop_stop(&server->session->loop);
	}
}

static void wait_for_end(struct visitor *visitor, bool stop)
{
	visitor->role = VISITOR_WAITING;
	visitor_send_number(visitor, CONTROL_OK, 0);
	if (stop) {
		session_end(visitor->server->session, SESSION_STOPPED);
	}
}

/* The first frame: what the visitor wants. */
static void take_request(struct visitor *visitor, const struct control_frame *frame)
{
	struct control_request request;
	if (control_payload(frame, &request, sizeof(request)) != OK ||
	    request.version != CONTROL_VERSION) {
		visitor_refuse(visitor, "this topo and the one that runs the system are of "
		                        "different versions");
		return;
	}
	request.vm[sizeof(request.vm) - 1] = '\0';
	switch (frame->kind) {
	case CONTROL_STATUS:
		visitor_status(visitor);
		break;
	case CONTROL_STOP:
	case CONTROL_WATCH:
		wait_for_end(visitor, frame->kind == CONTROL_STOP);
		break;
	case CONTROL_ASK:
		visitor_ask(visitor, &request, frame->payload + sizeof(request),
		            frame->bytes - sizeof(request));
		break;
	case CONTROL_INSPECT:
		visitor_inspect(visitor, &request);
		break;
	case CONTROL_EVENTS:
		visitor_events(visitor);
		break;
	case CONTROL_STATS:
		visitor_stats(visitor, &request);
		break;
	case CONTROL_CONSOLE:
		visitor_console_open(visitor, &request);
		break;
	case CONTROL_EXEC:
		visitor_exec_open(visitor, &request, frame->payload + sizeof(request),
		                  frame->bytes - sizeof(request));
		break;
	default:
		visitor_refuse(visitor, "no such request");
		break;
	}
}

static void take_input(struct visitor *visitor, const struct control_frame *frame)
{
	if (frame->bytes > visitor->credit) {
		visitor_doom(visitor);
		return;
	}
	visitor->credit -= frame->bytes;
	if (visitor->role == VISITOR_CONSOLE) {
		visitor_console_input(visitor, frame->payload, frame->bytes);
	} else {
		visitor_exec_input(visitor, frame->payload, frame->bytes);
	}
}

/* A frame after the request. Those that have no meaning for the role end the connection. */
static void take_later(struct visitor *visitor, const struct control_frame *frame)
{
	const bool exec = visitor->role == VISITOR_EXEC;
	uint32_t number = 0;
	struct control_size size;
	if (frame->kind == CONTROL_OUTPUT && (exec || visitor->role == VISITOR_CONSOLE)) {
		take_input(visitor, frame);
	} else if (frame->kind == CONTROL_END && exec) {
		visitor_exec_input_end(visitor);
	} else if (frame->kind == CONTROL_SIGNAL && exec &&
	           control_payload(frame, &number, sizeof(number)) == OK) {
		visitor_exec_signal(visitor, number);
	} else if (frame->kind == CONTROL_SIZE && exec &&
	           control_payload(frame, &size, sizeof(size)) == OK) {
		visitor_exec_size(visitor, &size);
	} else if (visitor->role != VISITOR_CLOSING) {
		visitor_doom(visitor);
	}
}

static void take_frames(struct visitor *visitor)
{
	struct control_frame frame;
	err_t err = OK;
	while (!visitor->doomed && (err = control_frame_peek(&visitor->in, &frame)) == OK) {
		if (visitor->role == VISITOR_NEW) {
			take_request(visitor, &frame);
		} else {
			take_later(visitor, &frame);
		}
		control_frame_drop(&visitor->in, &frame);
	}
	if (err == ERR_RANGE) {
		visitor_doom(visitor);
	}
}

static void read_in(struct visitor *visitor)
{
	const long done = fifo_read_from(&visitor->in, visitor->source.fd);
	if (done > 0) {
		take_frames(visitor);
	} else if (done != -EAGAIN) {
		visitor_doom(visitor);
	}
}

static void serve_visitor(void *owner, short revents)
{
	struct visitor *visitor = owner;
	if ((revents & POLLOUT) != 0) {
		send_out(visitor);
		if (visitor->role == VISITOR_EXEC) {
			visitor_exec_drained(visitor);
		}
	}
	if (!visitor->doomed && (revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		read_in(visitor);
	}
}

/* The directory keeps others out already; this holds if somebody opens it up. */
static bool is_ours(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == getuid() || peer.uid == 0);
}

static err_t open_visitor(struct server *server, int fd)
{
	size_t slot = 0;
	while (slot < VISITORS_MAX && server->visitors[slot].used) {
		slot++;
	}
	if (slot == VISITORS_MAX || !is_ours(fd)) {
		return ERR_FULL;
	}
	struct visitor *visitor = &server->visitors[slot];
	*visitor = (struct visitor){.server = server};
	visitor->source = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = serve_visitor, .owner = visitor};
	if (fifo_init(&visitor->in, IN_BYTES) != OK || fifo_init(&visitor->out, OUT_BYTES) != OK ||
	    loop_watch(&server->session->loop, &visitor->source) != OK) {
		fifo_free(&visitor->in);
		fifo_free(&visitor->out);
		return ERR_FULL;
	}
	visitor->used = true;
	return OK;
}

/* Why, as far as the socket takes it at once, which is empty; nobody waits for a visitor that has no slot. */
static void refuse_visitor(int fd)
{
	char text[96];
	struct fifo out;
	const int bytes = snprintf(text, sizeof(text),
	                           "the runner has no room for more than %u connections at a time; "
	                           "try again",
	                           VISITORS_MAX);

	if (fifo_init(&out, OUT_BYTES) != OK) {
		return;
	}
	if (control_frame_put(&out, CONTROL_ERROR, text, (size_t)bytes) == OK) {
		(void)!fifo_write_to(&out, fd); /* it may have gone */
	}
	fifo_free(&out);
}

static void accept_visitor(void *owner, short revents)
{
	struct server *server = owner;
	(void)revents;
	const int fd = accept4(server->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0 && open_visitor(server, fd) != OK) {
		if (is_ours(fd)) {
			refuse_visitor(fd);
		}
		(void)close(fd);
	}
}

/* The path below /proc is short whatever the directory's own is; an address has 108 bytes. */
static int listen_in(int directory_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
	               directory_fd, RUNDIR_CONTROL);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		const int error = errno;
		(void)close(fd);
		return -error;
	}
	return fd;
}

struct server *server_start(struct session *session)
{
	struct server *server = calloc(1, sizeof(*server));
	const int fd = server == NULL ? -ENOMEM : listen_in(session->rundir->fd);
	if (fd < 0) {
		message_error("cannot make the control socket in %s: %s", session->rundir->path,
		              strerror(-fd));
		free(server);
		return NULL;
	}
	server->session = session;
	server_turns_init(server);
	server->sweep_timer = (struct loop_timer){.fire = sweep, .owner = server};
	server->source = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = accept_visitor, .owner = server};
	if (loop_watch(&session->loop, &server->source) != OK) {
		server_free(server);
		return NULL;
	}
	return server;
}

static void stop_listening(struct server *server)
{
	if (server->source.fd >= 0) {
		loop_unwatch(&server->session->loop, &server->source);
		(void)close(server->source.fd);
		server->source.fd = -1;
	}
}

void server_free(struct server *server)
{
	if (server == NULL) {
		return;
	}
	stop_listening(server);
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		if (server->visitors[i].used) {
			visitor_doom(&server->visitors[i]);
		}
	}
	sweep(server);
	server_turns_end(server);
	loop_disarm(&server->session->loop, &server->sweep_timer);
	free(server);
}

void server_finish(struct server *server)
{
	stop_listening(server);
	server_turns_end(server);
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (!visitor->used || visitor->doomed) {
			continue;
		}
		if (visitor->role == VISITOR_CONSOLE) {
			visitor_send_text(visitor, CONTROL_NOTE, "the system has ended");
			visitor_send(visitor, CONTROL_END, NULL, 0);
		} else if (visitor->role == VISITOR_EVENTS || visitor->role == VISITOR_WAITING) {
			visitor_send(visitor, CONTROL_END, NULL, 0);
		} else if (visitor->role == VISITOR_EXEC) {
			visitor_send_text(visitor, CONTROL_ERROR, "the system has ended");
		} else if (visitor->role == VISITOR_ASKING) {
			visitor_ask_ended(visitor);
		}
		visitor_finish(visitor);
	}
}

bool server_idle(const struct server *server)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		if (server->visitors[i].used && !server->visitors[i].doomed) {
			return false;
		}
	}
	return true;
}

void server_line_room(struct server *server)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &server->visitors[i];
		if (visitor->used && !visitor->doomed && visitor->role == VISITOR_CONSOLE) {
			visitor_console_room(visitor);
		}
	}
}
