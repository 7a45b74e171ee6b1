/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo console: the terminal as the console of a VM, byte for byte in both directions, until
 * Ctrl-]. However it ends, the terminal is left as it was found.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/terminal.h"
#include "topo/runner/client.h"
#include "topo/runner/message.h"
#include "topo/runner/signals.h"

#define LEAVE_KEY 0x1d /* Ctrl-] */
#define TYPED_BYTES 65536U

struct console_options {
	const char *system;
};

static const struct option_row option_rows[] = {
	OPTION_SYSTEM(struct console_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo console [--name NAME] VM",
	.about = "Be the console of VM in a running system: shows the end of what it has written, "
		 "then all it writes, and types what you type. Ctrl-] leaves. Of several consoles "
		 "of a VM the latest types.",
	.rows = option_rows,
	.end = "Exit status: 0 left, or the VM has ended; 1 no such system or VM; 2 wrong "
	       "command line; 3 the connection broke; 128 + N signal N.",
};

/* A console that is being shown. */
struct console {
	struct client client;
	struct fifo typed; /* read from the terminal, not sent for want of credit */
	uint32_t credit;
	bool input_open;
	int signal_fd;
	int code; /* -1: goes on */
};

/* In raw mode a new line needs its carriage return. */
static void note(const char *text, size_t count)
{
	const char *end = terminal_is_raw() ? "\r\n" : "\n";
	(void)fputs(end, stderr);
	say(stderr, "[topo: %.*s]", (int)count, text);
	(void)fputs(end, stderr);
}

static void write_all(struct console *console, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		const ssize_t done = write(STDOUT_FILENO, bytes, count);
		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			terminal_restore();
			message_error("cannot write to standard output: %s", strerror(errno));
			console->code = EXIT_SYSTEM;
			return;
		}
		bytes += done;
		count -= (size_t)done;
	}
}

/* Send what was typed as far as credit and socket go. */
static void send_typed(struct console *console)
{
	size_t held = 0;
	const uint8_t *bytes = fifo_peek(&console->typed, &held);
	size_t count = held < console->credit ? held : console->credit;
	count = count < CONTROL_PAYLOAD_MAX ? count : CONTROL_PAYLOAD_MAX;
	if (count > 0 &&
	    control_frame_put(&console->client.out, CONTROL_OUTPUT, bytes, count) == OK) {
		fifo_drop(&console->typed, count);
		console->credit -= (uint32_t)count;
	}
	client_send(&console->client);
}

static void read_typed(struct console *console)
{
	uint8_t bytes[4096];
	const ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (count <= 0) {
		/* A terminal that is gone ends it; a file or pipe that was typed in full does not. */
		console->input_open = count < 0 && (errno == EINTR || errno == EAGAIN);
		console->code = terminal_is_raw() && !console->input_open ? EXIT_OK : console->code;
		return;
	}
	const uint8_t *leave = terminal_is_raw() ? memchr(bytes, LEAVE_KEY, (size_t)count) : NULL;
	/* What does not fit is lost, as on any terminal whose other end does not read. */
	(void)fifo_put(&console->typed, bytes,
	               leave == NULL ? (size_t)count : (size_t)(leave - bytes));
	send_typed(console);
	console->code = leave == NULL ? console->code : EXIT_OK;
}

static bool take_frame(void *owner, const struct control_frame *frame)
{
	struct console *console = owner;
	uint32_t credit = 0;
	switch (frame->kind) {
	case CONTROL_OUTPUT:
		write_all(console, frame->payload, frame->bytes);
		break;
	case CONTROL_NOTE:
		note((const char *)frame->payload, frame->bytes);
		break;
	case CONTROL_CREDIT:
		if (control_payload(frame, &credit, sizeof(credit)) == OK) {
			console->credit += credit;
			send_typed(console);
		}
		break;
	case CONTROL_END:
		console->code = EXIT_OK;
		break;
	default:
		console->code = EXIT_SYSTEM;
		break;
	}
	return console->code < 0;
}

static void read_runner(struct console *console)
{
	if (client_read(&console->client, take_frame, console) != OK && console->code < 0) {
		terminal_restore();
		message_error("the runner of %s has gone", console->client.rundir.name);
		console->code = EXIT_SYSTEM;
	}
}

static void take_signal(struct console *console)
{
	const int number = signals_read(console->signal_fd);
	console->code = number != 0 ? 128 + number : console->code;
}

static void serve(struct console *console)
{
	/* Frames that came right behind the answer to the request. */
	read_runner(console);
	while (console->code < 0) {
		const bool sending = console->client.out.count > 0;
		struct pollfd polled[3] = {
			{.fd = console->client.fd, .events = sending ? POLLIN | POLLOUT : POLLIN},
			{.fd = console->input_open ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = console->signal_fd, .events = POLLIN},
		};
		if (poll(polled, 3, -1) < 0 && errno != EINTR) {
			console->code = EXIT_SYSTEM;
		}
		if (polled[2].revents != 0) {
			take_signal(console);
		}
		if (console->code < 0 && polled[1].revents != 0) {
			read_typed(console);
		}
		if (console->code < 0 && (polled[0].revents & POLLOUT) != 0) {
			send_typed(console);
		}
		if (console->code < 0 && polled[0].revents != 0) {
			read_runner(console);
		}
	}
}

static int show_console(const char *system, const char *vm)
{
	struct console console = {.code = -1, .input_open = true};
	if (client_connect(&console.client, system) != OK) {
		return EXIT_NO;
	}
	struct control_request request = {.version = CONTROL_VERSION};
	(void)snprintf(request.vm, sizeof(request.vm), "%s", vm);
	const err_t err =
		client_ask(&console.client, CONTROL_CONSOLE, &request, NULL, 0, &console.credit);
	if (err != OK || fifo_init(&console.typed, TYPED_BYTES) != OK) {
		client_close(&console.client);
		return err == ERR_STATE ? EXIT_NO : EXIT_SYSTEM;
	}
	(void)fcntl(console.client.fd, F_SETFL, O_RDWR | O_NONBLOCK);
	/* They would end us with the terminal left raw. */
	console.signal_fd = signals_open(NULL, 0);
	if (isatty(STDIN_FILENO)) {
		terminal_raw();
		say(stderr, "[topo: console of %s in %s; Ctrl-] leaves it]", vm,
		    console.client.rundir.name);
		(void)fputs("\r\n", stderr);
	}
	serve(&console);
	const bool was_raw = terminal_is_raw();
	terminal_restore();
	(void)fputs(was_raw ? "\n" : "", stderr);
	(void)close(console.signal_fd);
	fifo_free(&console.typed);
	client_close(&console.client);
	return console.code;
}

int command_console(const struct command_line *cl)
{
	struct console_options options = {.system = NULL};
	const int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	if (optind != cl->argc - 1) {
		return command_usage_error(cl, optind == cl->argc ? "the console of which VM?"
		                                                  : "one VM at a time");
	}
	return show_console(options.system, cl->argv[optind]);
}
