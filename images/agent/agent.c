/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest agent: runs commands that the host asks for on a byte channel, abi/agent.h. Started by
 * the guest's init on its second UART; the argument is the device. One thread, one poll loop, no
 * memory allocated. The channel's other end owns this VM anyway, so it is believed in what it asks
 * for, but its bytes are checked: a line that loses bytes must not crash the agent.
 */
#define _GNU_SOURCE
#include "images/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE_MS 250 /* between two pieces of a frame; the host sends it again after more */

_Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_hello(const struct agent *agent, uint8_t seq)
{
	const uint8_t hello[PV_AGENT_HELLO_BYTES] = {PV_AGENT_VERSION, agent->window != NULL};

	line_send(agent, PV_AGENT_HELLO, seq, 0, hello, sizeof(hello));
}

static void on_ping(struct agent *agent, const struct agent_frame *frame)
{
	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (agent->commands[i].state == COMMAND_ANNOUNCED) {
			agent->commands[i].state = COMMAND_FREE;
		}
	}
	const bool sound = frame->payload_bytes == PV_AGENT_PING_BYTES;
	agent->window_shared = agent->window != NULL && sound && frame->payload[0] == 1;
	if (sound && !agent->clock_told) {
		agent->clock_told = true;
		clock_told(frame->payload + 1);
	}
	agent->answered = true;
	agent->last_seq = frame->seq;
	agent->last_status = PV_AGENT_OK;
	agent->last_taken = 0;
	send_hello(agent, frame->seq);
}

static void on_frame(struct agent *agent, struct agent_frame *frame)
{
	if (frame->type == PV_AGENT_PING) {
		on_ping(agent, frame);
		return;
	}
	if (!agent->answered || frame->seq != agent->last_seq) {
		const bool there = window_unwrap(agent, frame);
		agent->last_taken = there ? frame->payload_bytes : 0;
		agent->last_status = there ? commands_dispatch(agent, frame) : PV_AGENT_BAD;
		agent->last_seq = frame->seq;
		agent->answered = true;
	}
	const uint32_t taken = agent->last_status == PV_AGENT_OK ? agent->last_taken : 0;
	const uint8_t answer[PV_AGENT_ACK_BYTES] = {agent->last_status, (uint8_t)taken,
	                                            (uint8_t)(taken >> 8), (uint8_t)(taken >> 16),
	                                            (uint8_t)(taken >> 24)};
	line_send(agent, PV_AGENT_ACK, frame->seq, frame->id, answer, sizeof(answer));
}

static void read_line(struct agent *agent)
{
	static uint8_t bytes[PV_AGENT_RING_BYTES_MIN];
	struct agent_frame frame;
	ssize_t n = read(agent->line, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (n <= 0) {
		die("read from the host");
	}
	/* What is left of a frame that lost bytes must not wait for as many more. */
	const int64_t now = now_ms();
	if (now - agent->heard_ms > PIECE_MS) {
		agent_decoder_init(&agent->decoder, PV_AGENT_TO_GUEST_MAX);
	}
	agent->heard_ms = now;
	for (ssize_t i = 0; i < n; i++) {
		if (agent_decoder_push(&agent->decoder, bytes[i]) != OK) {
			abort();
		}
		while (agent_decoder_next(&agent->decoder, &frame)) {
			on_frame(agent, &frame);
		}
	}
}

/* The process is gone: say what it left to say and how it ended. */
static void finish_command(struct agent *agent, struct command *command, int status)
{
	stream_finish(agent, command);
	uint8_t end[2] = {PV_AGENT_EXITED, (uint8_t)WEXITSTATUS(status)};
	if (WIFSIGNALED(status)) {
		end[0] = command->timed_out ? PV_AGENT_TIMED_OUT : PV_AGENT_SIGNALED;
		end[1] = (uint8_t)WTERMSIG(status);
	}
	command->state = COMMAND_FREE;
	line_send(agent, PV_AGENT_EXIT, 0, command->id, end, sizeof(end));
}

static void reap(struct agent *agent)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(agent->children, &info, sizeof(info)) > 0) {
		/* One signal may stand for many children: they are counted below. */
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
			struct command *command = &agent->commands[i];
			if (command->state == COMMAND_RUNNING && command->pid == pid) {
				finish_command(agent, command, status);
			}
		}
	}
}

/* Kill what is over its time; returns the milliseconds until the next limit, -1 = none. */
static int enforce_limits(struct agent *agent)
{
	int64_t now = now_ms();
	int64_t next = -1;

	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		struct command *command = &agent->commands[i];
		if (command->state != COMMAND_RUNNING || command->deadline_ms == 0) {
			continue;
		}
		int64_t left = command->deadline_ms - now;
		if (left <= 0) {
			command->timed_out = true;
			command->deadline_ms = 0;
			(void)process_signal(command, SIGKILL);
		} else if (next < 0 || left < next) {
			next = left;
		}
	}
	return next > INT32_MAX ? INT32_MAX : (int)next;
}

static _Noreturn void run(struct agent *agent)
{
	enum { FIXED = 2, PER_COMMAND = PIPE_COUNT };
	struct pollfd fds[FIXED + PER_COMMAND * PV_AGENT_COMMANDS_MAX];

	for (;;) {
		fds[0] = (struct pollfd){.fd = agent->line, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = agent->children, .events = POLLIN};
		for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
			const struct command *command = &agent->commands[i];
			for (int k = 0; k < PER_COMMAND; k++) {
				const bool wanted = command->state == COMMAND_RUNNING &&
				                    (k != PIPE_STDIN || command->rest_bytes > 0);
				fds[FIXED + PER_COMMAND * i + (uint32_t)k] = (struct pollfd){
					.fd = wanted ? command->fd[k] : -1,
					.events = k == PIPE_STDIN ? POLLOUT : POLLIN,
				};
			}
		}
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), enforce_limits(agent)) < 0 &&
		    errno != EINTR) {
			die("poll");
		}
		/* Output before the line and before the dead: the table of commands, and with it the
		 * meaning of the descriptors polled above, changes only after they were served. */
		for (uint32_t i = 0; i < PER_COMMAND * PV_AGENT_COMMANDS_MAX; i++) {
			struct command *command = &agent->commands[i / PER_COMMAND];
			const int which = (int)(i % PER_COMMAND);
			if (fds[FIXED + i].fd < 0 || fds[FIXED + i].revents == 0) {
				continue;
			}
			if (which == PIPE_STDIN) {
				(void)stream_type_rest(command);
			} else {
				(void)stream_pass(agent, command, which, UINT32_MAX);
			}
		}
		if (fds[0].revents != 0) {
			read_line(agent);
		}
		if (fds[1].revents != 0) {
			reap(agent);
		}
	}
}

int main(int argc, char **argv)
{
	static struct agent agent;
	sigset_t child;

	if (argc != 2 && argc != 3) {
		fprintf(stderr,
		        "usage: %s DEVICE [WINDOW]\nRuns commands for the host, see abi/agent.h.\n"
		        "WINDOW is what is mapped in the place of DEVICE.\n",
		        argv[0]);
		return EXIT_FAILURE;
	}
	/* A pipe end must not land on 0 to 2, which a child's own ends are moved to. */
	int null;
	do {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0) {
			die("/dev/null");
		}
	} while (null <= STDERR_FILENO);
	close(null);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 0);
	setenv("HOME", "/root", 0);
	agent.line = line_open(argv[1]);
	window_open(&agent, argv[2]); /* NULL if there is none */
	agent_decoder_init(&agent.decoder, PV_AGENT_TO_GUEST_MAX);
	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		for (int k = 0; k < PIPE_COUNT; k++) {
			agent.commands[i].fd[k] = -1;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	agent.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (agent.children < 0) {
		die("signalfd");
	}
	send_hello(&agent, 0);
	run(&agent);
}
