/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo port: a TCP port of this machine that leads to one in a VM, whether or not it has a network.
 * Each connection is a command of the VM's agent, as those of topo exec are, so it opens what that opens:
 * to everybody who reaches the port here. The command lives as long as this does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/port_stream.h"
#include "topo/runner/message.h"
#include "topo/runner/signals.h"

/* Who comes then waits to be accepted. */
#define STREAMS_MAX CONTROL_CONNECTS_MAX

/* After which a machine that had no room for a connection is asked again, and a port below which is root's. */
#define ACCEPT_AGAIN_MS 200U
#define PORTS_OF_ROOT 1024U

struct port_options {
	const char *system;
	const char *address;
	const char *to;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "address", "ADDRESS", struct port_options, address,
               "of this machine, to listen at (default 127.0.0.1); at any other, other machines are let "
               "in too"),
	OPTION('\0', "to", "ADDRESS", struct port_options, to,
               "in the VM, to connect to (default 127.0.0.1)"),
	OPTION_SYSTEM(struct port_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo port [OPTION…] VM [PORT:]PORT",
	.about =
		"Let the first PORT of this machine lead to the second, of VM, until SIGINT: TCP, by VM's "
		"agent, so that it needs no network. 0 stands for a port that is free, and which one is "
		"printed. Every user of this machine can connect to it. 12 connections go on at a time, "
		"others wait. A NIC of the machine has a faster way: `forward` in its topology.",
	.rows = option_rows,
	.end = "Exit status: 0 it was ended by a signal; 1 no such system or VM, VM takes no connections, or "
	       "has ended; 2 wrong command line; 3 the port is in use, or the machine refused something.",
};

struct port {
	struct loop loop;
	struct port_target target;
	struct client events; /* what becomes of the VM */
	struct loop_source changes;
	struct loop_source listener;
	struct loop_source signals;
	int listening_fd;
	int signal_fd;
	struct port_stream streams[STREAMS_MAX];
	struct port_complaints complaints;
	struct loop_timer again; /* until which nothing is accepted */
	bool crowded;            /* what came last could not be accepted */
	bool told;               /* all that is there now */
	bool up;
	int code;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static bool read_address(const char *text, uint16_t port, union address *out)
{
	*out = (union address){.in = {.sin_family = AF_INET, .sin_port = htons(port)}};
	if (inet_pton(AF_INET, text, &out->in.sin_addr) == 1) {
		return true;
	}
	*out = (union address){.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	return inet_pton(AF_INET6, text, &out->in6.sin6_addr) == 1;
}

/* A number that ends with one of @ends, and is at least @least; where it ends, or NULL. */
static const char *read_port(const char *text, uint16_t least, const char *ends, uint16_t *out)
{
	char *end = NULL;
	const unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || number < least || number > UINT16_MAX ||
	    strchr(ends, *end) == NULL) {
		return NULL;
	}
	*out = (uint16_t)number;
	return end;
}

/* [PORT:]PORT[/tcp] */
static int read_ports(const struct command_line *cl, const char *text, uint16_t *here,
                      uint16_t *there)
{
	const char *second = strchr(text, ':');

	if (strstr(text, "/udp") != NULL) {
		return command_usage_error(
			cl, "'%s': the agent passes on streams, which UDP is not", text);
	}
	second = second != NULL ? second + 1 : text;
	const char *end = read_port(second, 1, "/", there);
	if (end == NULL || (*end != '\0' && strcmp(end, "/tcp") != 0) ||
	    read_port(text, second != text ? 0 : 1, second != text ? ":" : "/", here) == NULL) {
		return command_usage_error(cl, "'%s' is no port, and no two with a colon between",
		                           text);
	}
	return EXIT_OK;
}

static void finish(struct port *port, int code)
{
	port->code = code;
	loop_stop(&port->loop);
}

static void take_vm(struct port *port, const struct control_frame *frame)
{
	struct control_vm vm;

	if (control_payload(frame, &vm, sizeof(vm)) != OK ||
	    strcmp(vm.name, port->target.vm) != 0) {
		return;
	}
	port->up = vm.state == RUN_VM_UP;
	if (!port->told && vm.agent == 0) {
		message_error("VM %s has no agent to connect by", vm.name);
		finish(port, EXIT_NO);
	} else if ((!port->told && !port->up) || vm.state == RUN_VM_STOPPED ||
	           vm.state == RUN_VM_FAILED) {
		message_error("VM %s is %s%s%s", vm.name, run_vm_state_text(vm.state),
		              vm.reason[0] == '\0' ? "" : ": ", vm.reason);
		finish(port, EXIT_NO);
	}
}

static bool take_change(void *owner, const struct control_frame *frame)
{
	struct port *port = owner;

	if (frame->kind == CONTROL_VM) {
		take_vm(port, frame);
	} else if (frame->kind == CONTROL_END && port->told) {
		message_error("the system has ended");
		finish(port, EXIT_NO);
	} else if (frame->kind == CONTROL_END) {
		port->told = true;
	}
	return port->code < 0;
}

static void on_change(void *owner, short revents)
{
	struct port *port = owner;

	(void)revents;
	if (client_read(&port->events, take_change, port) != OK && port->code < 0) {
		message_error("the runner has gone");
		finish(port, EXIT_SYSTEM);
	}
}

static struct port_stream *free_stream(struct port *port)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (!port->streams[i].used) {
			return &port->streams[i];
		}
	}
	return NULL;
}

static void listen_if_free(void *owner)
{
	struct port *port = owner;

	port->listener.fd =
		free_stream(port) != NULL && !port->again.armed ? port->listening_fd : -1;
}

/* A connection that there is no room for stays where it is: to look again at once would be to do nothing else. */
static void accept_later(struct port *port, int error)
{
	if (error == EAGAIN || error == EINTR || error == ECONNABORTED) {
		return;
	}
	if (!port->crowded) {
		port_complain(&port->complaints, "a connection has to wait: %s%s", strerror(error),
		              error == EMFILE ? " (`ulimit -n` says how many)" : "");
	}
	port->crowded = true;
	loop_arm(&port->loop, &port->again, ACCEPT_AGAIN_MS);
}

static void on_connection(void *owner, short revents)
{
	struct port *port = owner;
	struct port_stream *stream = free_stream(port);
	const int fd = accept4(port->listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd >= 0 && stream != NULL) {
		port->crowded = false;
		stream->loop = &port->loop;
		stream->target = &port->target;
		stream->complaints = &port->complaints;
		stream->ended = listen_if_free;
		stream->owner = port;
		port_stream_begin(stream, fd);
	} else if (fd < 0) {
		accept_later(port, errno);
	}
	listen_if_free(port);
}

static void on_signal(void *owner, short revents)
{
	(void)revents;
	finish(owner, EXIT_OK);
}

/* Ask what there is and what becomes of it, and hear the first of it. False: reported. */
static bool watch_vm(struct port *port, const char *system)
{
	const struct control_request request = {.version = CONTROL_VERSION};
	struct control_frame frame;
	uint32_t credit = 0;
	/* One request for each connection: the VM is known by this, or refused with what there is. */
	struct client_status status = {.vms = NULL};

	if (client_connect(&port->events, system) != OK ||
	    client_inspect(&port->events, port->target.vm, &status) != OK) {
		return false;
	}
	client_status_free(&status);
	client_close(&port->events);
	if (client_connect(&port->events, system) != OK ||
	    client_ask(&port->events, CONTROL_EVENTS, &request, NULL, 0, &credit) != OK) {
		return false;
	}
	while (port->code < 0 && !port->told && client_next(&port->events, &frame) == OK) {
		(void)take_change(port, &frame);
		control_frame_drop(&port->events.in, &frame);
	}
	port->target.system = port->events.rundir.name;
	return port->code < 0 && port->told;
}

/* How to get out of what bind() refuses. */
static void help_listen(int error, uint16_t number)
{
	if (error == EACCES && number < PORTS_OF_ROOT) {
		message_help(
			"ports below the sysctl net.ipv4.ip_unprivileged_port_start are root's; "
			"another leads there as well, as %u",
			number + 8000U);
	} else if (error == EADDRINUSE) {
		message_help(
			"something listens there (`ss -ltnp` says what); another port leads there "
			"as well, and 0 takes one that is free");
	} else if (error == EADDRNOTAVAIL) {
		message_help(
			"no interface of this machine has that address; `ip address` shows those "
			"that there are");
	}
}

/* A socket that listens, or -1, reported. */
static int listen_at(const char *address, uint16_t number, const char **shown, uint16_t *bound)
{
	static char text[INET6_ADDRSTRLEN + 2];
	const int yes = 1;
	union address at;
	socklen_t bytes = sizeof(at);

	(void)read_address(address, number, &at);
	const bool is_in6 = at.any.sa_family == AF_INET6;
	const int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(text, sizeof(text), is_in6 ? "[%s]" : "%s", address);
	*shown = text;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, &at.any, is_in6 ? sizeof(at.in6) : sizeof(at.in)) != 0 ||
	    listen(fd, SOMAXCONN) != 0 || getsockname(fd, &at.any, &bytes) != 0) {
		const int error = errno;
		message_error("cannot listen at %s:%u: %s", text, number, strerror(error));
		help_listen(error, number);
		return -1;
	}
	*bound = ntohs(is_in6 ? at.in6.sin6_port : at.in.sin_port);
	return fd;
}

static void serve(struct port *port)
{
	port->changes = (struct loop_source){
		.fd = port->events.fd, .events = POLLIN, .ready = on_change, .owner = port};
	port->listener = (struct loop_source){
		.fd = port->listening_fd, .events = POLLIN, .ready = on_connection, .owner = port};
	port->signals = (struct loop_source){
		.fd = port->signal_fd, .events = POLLIN, .ready = on_signal, .owner = port};
	port->again = (struct loop_timer){.fire = listen_if_free, .owner = port};
	if (loop_watch(&port->loop, &port->signals) != OK ||
	    loop_watch(&port->loop, &port->changes) != OK ||
	    loop_watch(&port->loop, &port->listener) != OK || loop_run(&port->loop) != 0) {
		message_error("this machine refuses to wait for events");
		port->code = EXIT_SYSTEM;
	}
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (port->streams[i].used) {
			port_stream_break(&port->streams[i]);
		}
	}
	port_complaints_end(&port->complaints);
}

static int lead(struct port *port, const struct port_options *options, uint16_t here)
{
	const char *shown = NULL;

	if (!watch_vm(port, options->system)) {
		return port->code < 0 ? EXIT_NO : port->code;
	}
	port->listening_fd = listen_at(options->address, here, &shown, &here);
	if (port->listening_fd < 0) {
		return EXIT_SYSTEM;
	}
	/* Who reads the next line may end this at once, in order. */
	port->signal_fd = signals_open(NULL, 0);
	say(stdout, "%s:%u leads to port %u of VM %s\n", shown, here, port->target.number,
	    port->target.vm);
	if (fflush(stdout) == 0) {
		serve(port);
	} else {
		port->code = EXIT_SYSTEM;
	}
	(void)close(port->signal_fd);
	(void)close(port->listening_fd);
	return port->code;
}

int command_port(const struct command_line *cl)
{
	struct port_options options = {.address = "127.0.0.1", .to = "127.0.0.1"};
	static struct port port = {.code = -1, .events = {.fd = -1}};
	union address address;
	uint16_t here = 0;
	int code = command_options(cl, &syntax, &options, NULL);

	if (code >= 0) {
		return code;
	}
	if (optind + 2 != cl->argc) {
		return command_usage_error(cl, "a VM and a port are needed");
	}
	if (!read_address(options.address, 0, &address) || !read_address(options.to, 0, &address)) {
		return command_usage_error(cl, "an address is written as numbers, as 127.0.0.1");
	}
	port.target.vm = cl->argv[optind];
	port.target.address = options.to;
	code = read_ports(cl, cl->argv[optind + 1], &here, &port.target.number);
	if (code == EXIT_OK) {
		code = lead(&port, &options, here);
		client_close(&port.events);
	}
	return code;
}
