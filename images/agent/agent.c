/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest agent: runs commands that the host asks for on a byte channel, abi/agent.h. Started by
 * the guest's init on its second UART; the argument is the device. One thread, one poll loop, no
 * memory allocated. The channel's other end owns this VM anyway, so it is believed in what it asks
 * for, but its bytes are checked: a line that loses bytes must not crash the agent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/agent_frame.h"

#define SIGNAL_MAX 64U       /* of Linux, real-time signals included */
#define PIECE_MS 250         /* between two pieces of a frame; the host sends it again after more */
#define TERMINAL_BYTES 65536 /* more than one holds */
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_EXECUTABLE 126

enum command_state {
	COMMAND_FREE,
	COMMAND_ANNOUNCED, /* argv is being collected */
	COMMAND_RUNNING,
};

/* The pipes of a command, from the agent's side. */
enum { PIPE_STDIN, PIPE_STDOUT, PIPE_STDERR, PIPE_COUNT };

/* FREE => ANNOUNCED by EXEC, ANNOUNCED => RUNNING by EXEC_GO, RUNNING => FREE by the end of the
 * process; ANNOUNCED => FREE by PING. */
struct command {
	enum command_state state;
	uint32_t id;
	/* ANNOUNCED */
	uint32_t argv_bytes;
	char argv[PV_AGENT_ARGV_BYTES_MAX];
	/* RUNNING */
	pid_t pid;
	int fd[PIPE_COUNT]; /* -1 = closed */
	bool terminal;      /* the first two lead to it */
	/* Input that the terminal did not take at once. */
	uint8_t rest[PV_AGENT_TO_GUEST_MAX];
	uint32_t rest_bytes;
	int64_t deadline_ms; /* CLOCK_MONOTONIC, 0 = none */
	bool timed_out;
};

struct agent {
	int line;
	int children; /* signalfd of SIGCHLD */
	struct agent_decoder decoder;
	int64_t heard_ms; /* when bytes last came */
	bool answered;    /* last_seq and last_status are those of a frame */
	uint8_t last_seq;
	uint8_t last_status;
	struct command commands[PV_AGENT_COMMANDS_MAX];
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Blocks when the host does not read: that is the flow control of this direction. */
static void send_frame(const struct agent *agent, uint8_t type, uint8_t seq, uint32_t id,
                       const uint8_t *payload, uint32_t payload_bytes)
{
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	const struct agent_frame frame = {type, seq, (uint16_t)payload_bytes, id, payload};
	uint32_t bytes = 0;

	if (agent_frame_encode(&frame, wire, sizeof(wire), &bytes) != OK) {
		abort();
	}
	for (uint32_t sent = 0; sent < bytes;) {
		ssize_t n = write(agent->line, &wire[sent], bytes - sent);
		if (n < 0 && errno != EINTR) {
			die("write to the host");
		}
		sent += n > 0 ? (uint32_t)n : 0;
	}
}

static void send_hello(const struct agent *agent, uint8_t seq)
{
	static const uint8_t version = PV_AGENT_VERSION;

	send_frame(agent, PV_AGENT_HELLO, seq, 0, &version, sizeof(version));
}

static struct command *find_command(struct agent *agent, uint32_t id)
{
	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (agent->commands[i].state != COMMAND_FREE && agent->commands[i].id == id) {
			return &agent->commands[i];
		}
	}
	return NULL;
}

static struct command *find_running(struct agent *agent, uint32_t id)
{
	struct command *command = find_command(agent, id);

	return command != NULL && command->state == COMMAND_RUNNING ? command : NULL;
}

static struct command *new_command(struct agent *agent, uint32_t id)
{
	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		struct command *command = &agent->commands[i];
		if (command->state == COMMAND_FREE) {
			command->state = COMMAND_ANNOUNCED;
			command->id = id;
			command->argv_bytes = 0;
			return command;
		}
	}
	return NULL;
}

static void close_pipe(struct command *command, int which)
{
	if (command->fd[which] >= 0) {
		close(command->fd[which]);
		command->fd[which] = -1;
	}
}

/* An argument vector is whole if it is not empty and each argument ends with its NUL. */
static bool split_argv(struct command *command, char *argv[PV_AGENT_ARGC_MAX + 1])
{
	uint32_t argc = 0;
	uint32_t at = 0;

	if (command->argv_bytes == 0 || command->argv[command->argv_bytes - 1] != '\0') {
		return false;
	}
	while (at < command->argv_bytes) {
		if (argc == PV_AGENT_ARGC_MAX) {
			return false;
		}
		argv[argc++] = &command->argv[at];
		at += (uint32_t)strlen(&command->argv[at]) + 1U;
	}
	argv[argc] = NULL;
	return true;
}

/* In the child. Every other descriptor of the agent closes on exec. */
static _Noreturn void become(char *const argv[], const int child_fd[PIPE_COUNT], bool terminal)
{
	sigset_t none;

	for (int i = 0; i < PIPE_COUNT; i++) {
		if (dup2(child_fd[i], i) < 0) {
			_exit(EXIT_NOT_EXECUTABLE);
		}
	}
	if (!terminal) {
		setpgid(0, 0);
	} else if (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
		_exit(EXIT_NOT_EXECUTABLE);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	int error = errno;
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Three pipes; ours[] are the agent's ends and do not block, theirs[] the child's. */
static bool make_pipes(int ours[PIPE_COUNT], int theirs[PIPE_COUNT])
{
	for (int i = 0; i < PIPE_COUNT; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0) {
			while (i-- > 0) {
				close(ours[i]);
				close(theirs[i]);
			}
			return false;
		}
		ours[i] = ends[i == PIPE_STDIN ? 1 : 0];
		theirs[i] = ends[i == PIPE_STDIN ? 0 : 1];
		fcntl(ours[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

static void set_size(int terminal, const uint8_t size[4])
{
	const struct winsize winsize = {.ws_row = (uint16_t)(size[0] | size[1] << 8),
	                                .ws_col = (uint16_t)(size[2] | size[3] << 8)};

	(void)ioctl(terminal, TIOCSWINSZ, &winsize);
}

/* A pseudo terminal of @size: as make_pipes, but no standard error. */
static bool make_terminal(int ours[PIPE_COUNT], int theirs[PIPE_COUNT], const uint8_t size[4])
{
	int fd[PIPE_COUNT + 2] = {posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), -1, -1, -1, -1};

	if (fd[0] >= 0 && unlockpt(fd[0]) == 0) {
		fd[1] = fcntl(fd[0], F_DUPFD_CLOEXEC, 0);
		fd[2] = ioctl(fd[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
		fd[3] = fcntl(fd[2], F_DUPFD_CLOEXEC, 0);
		fd[4] = fcntl(fd[2], F_DUPFD_CLOEXEC, 0);
	}
	for (int i = 0; i < PIPE_COUNT + 2; i++) {
		if (fd[i] < 0) {
			for (int k = 0; k < PIPE_COUNT + 2; k++) {
				(void)(fd[k] < 0 ? 0 : close(fd[k]));
			}
			return false;
		}
	}
	set_size(fd[0], size);
	fcntl(fd[0], F_SETFL, O_RDWR | O_NONBLOCK);
	memcpy(ours, (const int[PIPE_COUNT]){fd[0], fd[1], -1}, PIPE_COUNT * sizeof(int));
	memcpy(theirs, &fd[2], PIPE_COUNT * sizeof(int));
	return true;
}

/* On a terminal of @size, if that is not NULL. */
static uint8_t start_command(struct command *command, uint32_t limit_ms, const uint8_t *size)
{
	char *argv[PV_AGENT_ARGC_MAX + 1];
	int child_fd[PIPE_COUNT];

	if (!split_argv(command, argv)) {
		return PV_AGENT_BAD;
	}
	command->terminal = size != NULL;
	command->rest_bytes = 0;
	if (size != NULL ? !make_terminal(command->fd, child_fd, size)
	                 : !make_pipes(command->fd, child_fd)) {
		return PV_AGENT_FAILED;
	}
	pid_t pid = fork();
	if (pid == 0) {
		become(argv, child_fd, size != NULL);
	}
	for (int i = 0; i < PIPE_COUNT; i++) {
		close(child_fd[i]);
	}
	if (pid < 0) {
		for (int i = 0; i < PIPE_COUNT; i++) {
			close_pipe(command, i);
		}
		return PV_AGENT_FAILED;
	}
	/* Here as well as in the child: whoever comes first, the group exists when we signal it. */
	if (size == NULL) {
		setpgid(pid, pid);
	}
	command->pid = pid;
	command->deadline_ms = limit_ms != 0 ? now_ms() + limit_ms : 0;
	command->timed_out = false;
	command->state = COMMAND_RUNNING;
	return PV_AGENT_OK;
}

static uint8_t on_exec(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_command(agent, frame->id);

	if (frame->id == 0 || (command != NULL && command->state != COMMAND_ANNOUNCED)) {
		return PV_AGENT_BAD;
	}
	if (command == NULL) {
		command = new_command(agent, frame->id);
	}
	if (command == NULL) {
		return PV_AGENT_FULL;
	}
	if (frame->payload_bytes > PV_AGENT_ARGV_BYTES_MAX - command->argv_bytes) {
		command->state = COMMAND_FREE;
		return PV_AGENT_FULL;
	}
	memcpy(&command->argv[command->argv_bytes], frame->payload, frame->payload_bytes);
	command->argv_bytes += frame->payload_bytes;
	return PV_AGENT_OK;
}

static uint8_t on_exec_go(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_command(agent, frame->id);
	const uint8_t *ms = frame->payload;

	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	if (command->state != COMMAND_ANNOUNCED ||
	    (frame->payload_bytes != 4 && frame->payload_bytes != 8)) {
		return PV_AGENT_BAD;
	}
	uint8_t status = start_command(command,
	                               (uint32_t)ms[0] | (uint32_t)ms[1] << 8 |
	                                       (uint32_t)ms[2] << 16 | (uint32_t)ms[3] << 24,
	                               frame->payload_bytes == 8 ? &ms[4] : NULL);
	if (status != PV_AGENT_OK) {
		command->state = COMMAND_FREE;
	}
	return status;
}

/* Type what is left. False: there is still something left. */
static bool type_rest(struct command *command)
{
	ssize_t n = command->rest_bytes == 0
	                    ? 0
	                    : write(command->fd[PIPE_STDIN], command->rest, command->rest_bytes);

	if (n < 0) {
		/* Nobody reads that terminal any more, or not now. */
		n = errno == EAGAIN || errno == EINTR ? 0 : (ssize_t)command->rest_bytes;
	}
	memmove(command->rest, &command->rest[n], command->rest_bytes - (size_t)n);
	command->rest_bytes -= (uint32_t)n;
	return command->rest_bytes == 0;
}

static uint8_t type(struct command *command, const uint8_t *bytes, uint32_t count)
{
	if (!type_rest(command)) {
		return PV_AGENT_BUSY;
	}
	memcpy(command->rest, bytes, count);
	command->rest_bytes = count;
	(void)type_rest(command);
	return PV_AGENT_OK;
}

static uint8_t on_stdin(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_running(agent, frame->id);

	if (command == NULL || command->fd[PIPE_STDIN] < 0) {
		return PV_AGENT_NO_COMMAND;
	}
	if (frame->payload_bytes == 0) {
		return PV_AGENT_OK;
	}
	if (command->terminal) {
		return type(command, frame->payload, frame->payload_bytes);
	}
	/* A frame is shorter than PIPE_BUF, so it goes in whole or not at all. */
	if (write(command->fd[PIPE_STDIN], frame->payload, frame->payload_bytes) < 0) {
		if (errno == EAGAIN) {
			return PV_AGENT_BUSY;
		}
		close_pipe(command, PIPE_STDIN);
		return PV_AGENT_NO_COMMAND;
	}
	return PV_AGENT_OK;
}

/* To its group, or to the process alone if it has left that. It is there until it is reaped. */
static bool send_signal(const struct command *command, int number)
{
	return kill(-command->pid, number) == 0 || kill(command->pid, number) == 0;
}

static uint8_t on_signal(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_running(agent, frame->id);

	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	if (frame->payload_bytes != 1 || frame->payload[0] > SIGNAL_MAX) {
		return PV_AGENT_BAD;
	}
	return send_signal(command, frame->payload[0]) ? PV_AGENT_OK : PV_AGENT_FAILED;
}

static uint8_t on_stdin_eof(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_running(agent, frame->id);

	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	if (command->terminal) {
		static const uint8_t end_of_file = 4;
		return type(command, &end_of_file, sizeof(end_of_file));
	}
	close_pipe(command, PIPE_STDIN);
	return PV_AGENT_OK;
}

static uint8_t on_size(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_running(agent, frame->id);

	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	if (!command->terminal || frame->payload_bytes != 4 || command->fd[PIPE_STDIN] < 0) {
		return PV_AGENT_BAD;
	}
	set_size(command->fd[PIPE_STDIN], frame->payload);
	return PV_AGENT_OK;
}

static uint8_t dispatch(struct agent *agent, const struct agent_frame *frame)
{
	switch (frame->type) {
	case PV_AGENT_EXEC:
		return on_exec(agent, frame);
	case PV_AGENT_EXEC_GO:
		return on_exec_go(agent, frame);
	case PV_AGENT_STDIN:
		return on_stdin(agent, frame);
	case PV_AGENT_STDIN_EOF:
		return on_stdin_eof(agent, frame);
	case PV_AGENT_SIGNAL:
		return on_signal(agent, frame);
	case PV_AGENT_SIZE:
		return on_size(agent, frame);
	default:
		return PV_AGENT_BAD;
	}
}

static void on_ping(struct agent *agent, uint8_t seq)
{
	for (uint32_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (agent->commands[i].state == COMMAND_ANNOUNCED) {
			agent->commands[i].state = COMMAND_FREE;
		}
	}
	agent->answered = true;
	agent->last_seq = seq;
	agent->last_status = PV_AGENT_OK;
	send_hello(agent, seq);
}

static void on_frame(struct agent *agent, const struct agent_frame *frame)
{
	if (frame->type == PV_AGENT_PING) {
		on_ping(agent, frame->seq);
		return;
	}
	if (!agent->answered || frame->seq != agent->last_seq) {
		agent->last_status = dispatch(agent, frame);
		agent->last_seq = frame->seq;
		agent->answered = true;
	}
	send_frame(agent, PV_AGENT_ACK, frame->seq, frame->id, &agent->last_status, 1);
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

/* Pass on what is there now, at most @limit bytes; returns how many, 0 = nothing or the end. */
static uint32_t pass_output(struct agent *agent, struct command *command, int which, uint32_t limit)
{
	uint8_t bytes[PV_AGENT_TO_HOST_MAX];
	ssize_t n = read(command->fd[which], bytes, limit < sizeof(bytes) ? limit : sizeof(bytes));

	if (n < 0 && errno != EIO) {
		return 0;
	}
	if (n <= 0) { /* EIO: nobody has the terminal open any more */
		close_pipe(command, which);
		return 0;
	}
	send_frame(agent, which == PIPE_STDOUT ? PV_AGENT_STDOUT : PV_AGENT_STDERR, 0, command->id,
	           bytes, (uint32_t)n);
	return (uint32_t)n;
}

/* The process is gone: send what it left in the pipes, but do not wait for its orphans, who may
 * hold the other ends for ever and go on writing. */
static void finish_command(struct agent *agent, struct command *command, int status)
{
	for (int which = PIPE_STDOUT; which <= PIPE_STDERR; which++) {
		int left = command->terminal ? TERMINAL_BYTES : 0;
		if (!command->terminal && command->fd[which] >= 0 &&
		    ioctl(command->fd[which], FIONREAD, &left) != 0) {
			left = 0;
		}
		while (left > 0 && command->fd[which] >= 0) {
			uint32_t n = pass_output(agent, command, which, (uint32_t)left);
			if (n == 0) {
				break;
			}
			left -= (int)n;
		}
	}
	for (int which = 0; which < PIPE_COUNT; which++) {
		close_pipe(command, which);
	}
	uint8_t end[2] = {PV_AGENT_EXITED, (uint8_t)WEXITSTATUS(status)};
	if (WIFSIGNALED(status)) {
		end[0] = command->timed_out ? PV_AGENT_TIMED_OUT : PV_AGENT_SIGNALED;
		end[1] = (uint8_t)WTERMSIG(status);
	}
	command->state = COMMAND_FREE;
	send_frame(agent, PV_AGENT_EXIT, 0, command->id, end, sizeof(end));
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
			(void)send_signal(command, SIGKILL);
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
				(void)type_rest(command);
			} else {
				(void)pass_output(agent, command, which, UINT32_MAX);
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

static int open_line(const char *path)
{
	struct termios raw;
	int line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (line < 0) {
		die(path);
	}
	if (tcgetattr(line, &raw) == 0) {
		cfmakeraw(&raw);
		raw.c_cflag |= CLOCAL | CREAD;
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		if (tcsetattr(line, TCSANOW, &raw) != 0) {
			die("tcsetattr");
		}
	}
	return line;
}

int main(int argc, char **argv)
{
	static struct agent agent;
	sigset_t child;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DEVICE\nRuns commands for the host, see abi/agent.h.\n",
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
	agent.line = open_line(argv[1]);
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
