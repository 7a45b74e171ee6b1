/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo exec: run a command in a VM as if it ran here: standard streams, signals, exit status. The
 * agent in the VM's root file system runs it; docs/running.md says what that needs.
 */
#include "topo/commands/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi/agent.h"
#include "lib/bits.h"
#include "topo/commands/commands.h"
#include "topo/commands/terminal.h"
#include "topo/runner/client.h"
#include "topo/runner/loop.h"
#include "topo/runner/message.h"
#include "topo/runner/signals.h"

/* As timeout(1) says it; 126 and 127 come from the agent. */
#define EXEC_TIMED_OUT 124
/* The agent keeps the time limit; if not even its report comes, we go. */
#define GRACE_MS 10000U
#define INTERRUPTS_MAX 3

static const struct option_row option_rows[] = {
	OPTION('i', "interactive", NULL, struct exec_options, interactive,
               "pass standard input on, as is done without it too"),
	OPTION('t', "tty", NULL, struct exec_options, terminal,
               "run COMMAND on a terminal, of the size of this one"),
	OPTION('\0', "timeout", "SECONDS", struct exec_options, limit_ms, "kill COMMAND then"),
	OPTION_SYSTEM(struct exec_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo exec [OPTION…] VM [--] COMMAND [ARGUMENT…]",
	.about = "Run COMMAND in VM of a running system (no shell: `sh -c '…'` is one). Its "
		 "output, its input and its exit status are those of this command; SIGINT, "
		 "SIGTERM, SIGHUP and SIGQUIT are passed on, and the third SIGINT gives up; with "
		 "--tty keys are passed on and signals end this command. When "
		 "this command is killed, COMMAND is too.",
	.rows = option_rows,
	.end = "Exit status: that of COMMAND; 128 + N when signal N killed it; 124 it was out "
	       "of time; 125 it could not be run, or its end is not known; 126 it is no "
	       "program; 127 it was not found.",
	.runs = true,
};

/* A command that runs. */
struct running {
	struct client client;
	uint32_t credit;
	bool input_open; /* our standard input is still read */
	int signal_fd;
	bool terminal; /* the command runs on one */
	int interrupts;
	uint64_t give_up_ms; /* 0 = never */
	int code;            /* -1: goes on */
};

static void fail(struct running *running, const char *why)
{
	terminal_restore();
	message_error("%s", why);
	running->code = EXIT_EXEC_FAILED;
}

static void write_all(struct running *running, int fd, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		const ssize_t done = write(fd, bytes, count);
		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			message_error("cannot write to standard %s: %s",
			              fd == STDOUT_FILENO ? "output" : "error", strerror(errno));
			running->code = EXIT_EXEC_FAILED;
			return;
		}
		bytes += done;
		count -= (size_t)done;
	}
}

static void send_frame(struct running *running, uint32_t kind, const void *payload, size_t bytes)
{
	if (control_frame_put(&running->client.out, kind, payload, bytes) != OK) {
		fail(running, "the runner does not take input any more");
	}
	client_send(&running->client);
}

/* Standard input, as far as the credit goes. */
static void read_input(struct running *running)
{
	uint8_t bytes[CONTROL_PAYLOAD_MAX];
	const size_t limit = running->credit < sizeof(bytes) ? running->credit : sizeof(bytes);
	const ssize_t count = read(STDIN_FILENO, bytes, limit);
	if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (count <= 0) {
		running->input_open = false;
		send_frame(running, CONTROL_END, NULL, 0);
		return;
	}
	running->credit -= (uint32_t)count;
	send_frame(running, CONTROL_OUTPUT, bytes, (size_t)count);
}

static void take_exit(struct running *running, const struct control_frame *frame)
{
	struct control_exit report;
	if (control_payload(frame, &report, sizeof(report)) != OK) {
		fail(running, "the runner does not say how the command ended");
	} else if (report.end == PV_AGENT_TIMED_OUT) {
		terminal_restore();
		message_error("the command was killed at its time limit");
		running->code = EXEC_TIMED_OUT;
	} else if (report.end == PV_AGENT_SIGNALED) {
		running->code = 128 + (int)(report.code & 0x7f);
	} else {
		running->code = (int)(report.code & 0xff);
	}
}

static bool take_frame(void *owner, const struct control_frame *frame)
{
	struct running *running = owner;
	uint32_t credit = 0;
	switch (frame->kind) {
	case CONTROL_OUTPUT:
		write_all(running, STDOUT_FILENO, frame->payload, frame->bytes);
		break;
	case CONTROL_OUTPUT_ERROR:
		write_all(running, STDERR_FILENO, frame->payload, frame->bytes);
		break;
	case CONTROL_CREDIT:
		if (control_payload(frame, &credit, sizeof(credit)) == OK) {
			running->credit += credit;
		}
		break;
	case CONTROL_EXIT:
		take_exit(running, frame);
		break;
	case CONTROL_ERROR:
		terminal_restore();
		message_error("%.*s", (int)frame->bytes, (const char *)frame->payload);
		running->code = EXIT_EXEC_FAILED;
		break;
	default:
		fail(running, "the runner speaks another protocol");
		break;
	}
	return running->code < 0;
}

static void read_runner(struct running *running)
{
	if (client_read(&running->client, take_frame, running) != OK && running->code < 0) {
		fail(running, "the runner has gone");
	}
}

static void take_signal(struct running *running)
{
	const uint32_t number = (uint32_t)signals_read(running->signal_fd);
	if (number == 0) {
		return;
	}
	if (number == SIGWINCH) {
		const struct control_size size = terminal_size();
		if (running->terminal) {
			send_frame(running, CONTROL_SIZE, &size, sizeof(size));
		}
		return;
	}
	if (running->terminal) {
		/* What is typed comes as bytes; a signal is meant for us. */
		running->code = 128 + (int)number;
		return;
	}
	running->interrupts += number == SIGINT ? 1 : 0;
	if (running->interrupts == INTERRUPTS_MAX) {
		running->code = 128 + SIGINT;
		return;
	}
	/* Numbers of these four are the same on every Linux. */
	send_frame(running, CONTROL_SIGNAL, &number, sizeof(number));
}

/* Milliseconds that poll may sleep; -1 = for ever. */
static int patience(const struct running *running)
{
	if (running->give_up_ms == 0) {
		return -1;
	}
	const uint64_t now = loop_now_ms();
	return now < running->give_up_ms ? (int)(running->give_up_ms - now) : 0;
}

static void serve(struct running *running)
{
	struct client *client = &running->client;
	read_runner(running);
	while (running->code < 0) {
		const bool wants_input =
			running->input_open && running->credit > 0 && client->out.count == 0;
		struct pollfd polled[3] = {
			{.fd = client->fd,
		         .events = client->out.count > 0 ? POLLIN | POLLOUT : POLLIN},
			{.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = running->signal_fd, .events = POLLIN},
		};
		const int ready = poll(polled, 3, patience(running));
		if (ready == 0) {
			terminal_restore();
			message_error("the command is out of time, and its agent does not say so");
			running->code = EXEC_TIMED_OUT;
		}
		if (ready > 0 && polled[2].revents != 0) {
			take_signal(running);
		}
		if (running->code < 0 && ready > 0 && polled[1].revents != 0) {
			read_input(running);
		}
		if (running->code < 0 && ready > 0 && (polled[0].revents & POLLOUT) != 0) {
			client_send(client);
		}
		if (running->code < 0 && ready > 0 && polled[0].revents != 0) {
			read_runner(running);
		}
	}
}

/* The arguments one behind the other, each with its NUL. Returns the bytes, 0 if too many. */
static size_t join_arguments(char *const *argv, char *out, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; argv[i] != NULL; i++) {
		const size_t length = strlen(argv[i]) + 1;
		if (length > size - used) {
			return 0;
		}
		memcpy(out + used, argv[i], length);
		used += length;
	}
	return used;
}

int exec_in_vm(const struct exec_options *options, char *const *argv)
{
	char arguments[PV_AGENT_ARGV_BYTES_MAX];
	const size_t argument_bytes = join_arguments(argv, arguments, sizeof(arguments));
	if (argument_bytes == 0) {
		message_error("the command is too long: at most %u bytes", PV_AGENT_ARGV_BYTES_MAX);
		return EXIT_EXEC_FAILED;
	}
	struct running running = {.code = -1, .input_open = true, .terminal = options->terminal};
	if (client_connect(&running.client, options->system) != OK) {
		return EXIT_EXEC_FAILED;
	}
	struct control_request request = {.version = CONTROL_VERSION,
	                                  .limit_ms = options->limit_ms};
	if (options->terminal) {
		request.size = terminal_size();
	}
	(void)snprintf(request.vm, sizeof(request.vm), "%s", options->vm);
	/* From here on a signal belongs to the command. */
	const int also[] = {SIGQUIT, SIGWINCH};
	running.signal_fd = signals_open(also, ARRAY_COUNT(also));
	if (client_ask(&running.client, CONTROL_EXEC, &request, arguments, argument_bytes,
	               &running.credit) == OK) {
		(void)fcntl(running.client.fd, F_SETFL, O_RDWR | O_NONBLOCK);
		if (options->limit_ms > 0) {
			running.give_up_ms = loop_now_ms() + options->limit_ms + GRACE_MS;
		}
		if (options->terminal) {
			terminal_raw();
		}
		serve(&running);
		terminal_restore();
	} else {
		running.code = EXIT_EXEC_FAILED;
	}
	(void)close(running.signal_fd);
	client_close(&running.client);
	return running.code;
}

int command_exec(const struct command_line *cl)
{
	struct exec_options options = {.system = NULL};
	const int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	if (optind + 1 >= cl->argc) {
		return command_usage_error(cl, "a VM and a command are needed");
	}
	options.vm = cl->argv[optind];
	return exec_in_vm(&options, cl->argv + optind + 1);
}
