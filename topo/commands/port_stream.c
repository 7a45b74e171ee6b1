/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections of topo port, as port_stream.h declares them. */
#include "topo/commands/port_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/agent.h"
#include "topo/runner/message.h"

#define OUT_BYTES ((size_t)2 * CONTROL_PAYLOAD_MAX)
#define EXIT_NO_PROGRAM 127U
#define COMPLAINT_MS 1000U

void port_complain(struct port_complaints *complaints, const char *format, ...)
{
	const uint64_t now = loop_now_ms();
	char text[512];
	va_list arguments;

	if (now < complaints->next_ms) {
		complaints->untold++;
		return;
	}
	port_complaints_end(complaints);
	complaints->next_ms = now + COMPLAINT_MS;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	message_error("%s", text);
}

void port_complaints_end(struct port_complaints *complaints)
{
	if (complaints->untold > 0) {
		message_error("%" PRIu32 " more connections failed", complaints->untold);
	}
	complaints->untold = 0;
}

void port_stream_break(struct port_stream *stream)
{
	/* What has not ended in order is reset, so that the peer knows. */
	const struct linger reset = {.l_onoff = 1};

	loop_unwatch(stream->loop, &stream->runner);
	loop_unwatch(stream->loop, &stream->socket);
	if (!stream->out_closed) {
		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	}
	(void)close(stream->fd);
	fifo_free(&stream->out);
	client_close(&stream->client);
	stream->used = false;
}

static void end(struct port_stream *stream)
{
	port_stream_break(stream);
	stream->ended(stream->owner);
}

static void report(const struct port_stream *stream, const struct control_exit *exit)
{
	const struct port_target *target = stream->target;

	if (exit->end == PV_AGENT_EXITED && exit->code == EXIT_NO_PROGRAM) {
		port_complain(stream->complaints, "the agent of VM %s is too old to connect",
		              target->vm);
	} else if (exit->code != 0 && stream->why_bytes > 0 && stream->output_end == UINT64_MAX) {
		port_complain(stream->complaints, "%s port %u of VM %s: %.*s", target->address,
		              target->number, target->vm, (int)strcspn(stream->why, "\n"),
		              stream->why);
	}
}

static void take_exit(struct port_stream *stream, const struct control_frame *frame)
{
	struct control_exit exit = {.end = PV_AGENT_SIGNALED};

	if (control_payload(frame, &exit, sizeof(exit)) == OK) {
		report(stream, &exit);
	}
	stream->over = true;
}

static void keep_why(struct port_stream *stream, const struct control_frame *frame)
{
	const uint32_t room = PORT_WHY_BYTES - 1 - stream->why_bytes;
	const uint32_t count = frame->bytes < room ? frame->bytes : room;
	const size_t prefix = strlen(PV_AGENT_CONNECT_END);

	memcpy(stream->why + stream->why_bytes, frame->payload, count);
	stream->why_bytes += count;
	if (strncmp(stream->why, PV_AGENT_CONNECT_END, prefix) == 0 &&
	    strchr(stream->why, '\n') != NULL) {
		stream->output_end = strtoull(stream->why + prefix, NULL, 10);
	}
}

/* The frame fits into what is for the connection. */
static void take_frame(struct port_stream *stream, const struct control_frame *frame)
{
	uint32_t credit = 0;

	switch (frame->kind) {
	case CONTROL_OUTPUT:
		(void)fifo_put(&stream->out, frame->payload, frame->bytes);
		stream->output += frame->bytes;
		break;
	case CONTROL_OUTPUT_ERROR:
		keep_why(stream, frame);
		break;
	case CONTROL_OK:
	case CONTROL_CREDIT:
		if (control_payload(frame, &credit, sizeof(credit)) == OK) {
			stream->credit += credit;
		}
		break;
	case CONTROL_EXIT:
		take_exit(stream, frame);
		break;
	default:
		if (frame->kind == CONTROL_ERROR) {
			port_complain(stream->complaints, "%.*s", (int)frame->bytes,
			              (const char *)frame->payload);
		}
		stream->over = true;
		break;
	}
}

/* As many as there is room for. Were there any? */
static bool take_frames(struct port_stream *stream)
{
	struct control_frame frame;
	bool any = false;

	while (!stream->over && fifo_room(&stream->out) >= CONTROL_PAYLOAD_MAX &&
	       control_frame_peek(&stream->client.in, &frame) == OK) {
		take_frame(stream, &frame);
		control_frame_drop(&stream->client.in, &frame);
		any = true;
	}
	return any;
}

/* A descriptor of which nothing is wanted is watched for its end only @until_end: it might hang up for
 * ever. */
static void want(struct loop_source *source, int fd, int events, bool until_end)
{
	source->fd = events != 0 || until_end ? fd : -1;
	source->events = (short)events;
}

/* Move what can be moved, and wait for what lets more be. */
static void move(struct port_stream *stream)
{
	struct client *client = &stream->client;
	bool more;

	do {
		more = take_frames(stream);
		if (fifo_write_to(&stream->out, stream->fd) != 0) {
			end(stream);
			return;
		}
	} while (more);
	if (stream->out.count == 0 && stream->output == stream->output_end && !stream->out_closed) {
		(void)shutdown(stream->fd, SHUT_WR);
		stream->out_closed = true;
	}
	if (stream->over && stream->out.count == 0) {
		end(stream);
		return;
	}
	client_send(client);
	const bool reads =
		!stream->over && stream->input_open && stream->credit > 0 && client->out.count == 0;
	const bool hears = !stream->over && fifo_room(&stream->out) >= CONTROL_PAYLOAD_MAX;
	want(&stream->runner, client->fd,
	     (hears ? POLLIN : 0) | (client->out.count > 0 ? POLLOUT : 0), false);
	/* With our direction open it hangs up only when it breaks. */
	want(&stream->socket, stream->fd,
	     (reads ? POLLIN : 0) | (stream->out.count > 0 ? POLLOUT : 0), !stream->out_closed);
}

static void on_runner(void *owner, short revents)
{
	struct port_stream *stream = owner;

	if ((revents & ~POLLOUT) != 0) {
		const long done = fifo_read_from(&stream->client.in, stream->client.fd);
		if (done <= 0 && done != -EAGAIN) {
			end(stream);
			return;
		}
	}
	move(stream);
}

/* Put a frame into the empty queue of the runner. */
static void tell(struct port_stream *stream, uint32_t kind, const void *bytes, size_t count)
{
	stream->over = control_frame_put(&stream->client.out, kind, bytes, count) != OK;
}

static void on_socket(void *owner, short revents)
{
	struct port_stream *stream = owner;
	uint8_t bytes[CONTROL_PAYLOAD_MAX];

	if ((stream->socket.events & POLLIN) == 0 && !stream->out_closed &&
	    (revents & (POLLERR | POLLHUP)) != 0) {
		end(stream);
		return;
	}
	if ((stream->socket.events & POLLIN) != 0 && (revents & ~POLLOUT) != 0) {
		const size_t limit =
			stream->credit < sizeof(bytes) ? stream->credit : sizeof(bytes);
		const ssize_t count = read(stream->fd, bytes, limit);
		if (count < 0 && errno != EAGAIN && errno != EINTR) {
			end(stream);
			return;
		}
		if (count == 0) {
			stream->input_open = false;
			tell(stream, CONTROL_END, NULL, 0);
		} else if (count > 0) {
			stream->credit -= (uint32_t)count;
			tell(stream, CONTROL_OUTPUT, bytes, (size_t)count);
		}
	}
	move(stream);
}

/* Ask for the command, whose arguments stand one behind the other. */
static err_t ask(struct port_stream *stream)
{
	const struct port_target *target = stream->target;
	struct control_request request = {.version = CONTROL_VERSION};
	char words[PV_AGENT_ARGV_BYTES_MAX];
	const int bytes = snprintf(words, sizeof(words), "%s%c%s%c%u", PV_AGENT_CONNECT, '\0',
	                           target->address, '\0', target->number) +
	                  1;

	(void)snprintf(request.vm, sizeof(request.vm), "%s", target->vm);
	if (client_open(&stream->client, target->system) != OK) {
		port_complain(stream->complaints, "the system %s takes no connection",
		              target->system);
		return ERR_PEER;
	}
	(void)fcntl(stream->client.fd, F_SETFL, O_RDWR | O_NONBLOCK);
	return client_request(&stream->client, CONTROL_EXEC, &request, words, (size_t)bytes);
}

void port_stream_begin(struct port_stream *stream, int fd)
{
	stream->used = true;
	stream->fd = fd;
	stream->credit = 0;
	stream->client = (struct client){.fd = -1};
	stream->out = (struct fifo){.bytes = NULL};
	stream->input_open = true;
	stream->out_closed = stream->over = false;
	stream->output = 0;
	stream->output_end = UINT64_MAX;
	stream->why_bytes = 0;
	memset(stream->why, 0, sizeof(stream->why));
	stream->runner = (struct loop_source){.fd = -1, .ready = on_runner, .owner = stream};
	stream->socket = (struct loop_source){.fd = -1, .ready = on_socket, .owner = stream};
	if (fifo_init(&stream->out, OUT_BYTES) != OK || ask(stream) != OK ||
	    loop_watch(stream->loop, &stream->runner) != OK ||
	    loop_watch(stream->loop, &stream->socket) != OK) {
		end(stream);
		return;
	}
	move(stream);
}
