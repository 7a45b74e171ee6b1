/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the guest agent share. agent.c has the poll loop; line.c writes to the host,
 * commands.c does what it asks for, process.c starts what a command is, streams.c moves its bytes,
 * window.c has those of them that do not go through the line, clock.c sets the guest's clock.
 */
#ifndef IMAGES_AGENT_AGENT_H
#define IMAGES_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "lib/agent_frame.h"

#define END_KEY 4U /* ^D */

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
	bool line_open;     /* what was typed there last ends no line */
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
	uint32_t last_taken;            /* bytes of its payload */
	struct pv_agent_window *window; /* NULL = there is none */
	bool window_shared;             /* the host has it as well */
	uint32_t said_bytes;            /* through the window so far, free-running */
	bool clock_told;                /* a PING has come */
	struct command commands[PV_AGENT_COMMANDS_MAX];
};

/** Say what failed, by errno, and end: init starts the agent again. */
_Noreturn void die(const char *what);

/** CLOCK_MONOTONIC. */
int64_t now_ms(void);

/** Open the device at @path, raw. */
int line_open(const char *path);

/** The host's time, as in PING: set the clock by it if that is to be. */
void clock_told(const uint8_t bytes[8]);

/** Blocks when the host does not read: that is the flow control of this direction. */
void line_send(const struct agent *agent, uint8_t type, uint8_t seq, uint32_t id,
               const uint8_t *payload, uint32_t payload_bytes);

/** Map the window, if there is one: out of the file at @path, or NULL: out of the line's device. */
void window_open(struct agent *agent, const char *path);

/** Put the payload of @frame in its place if it lies in the window. False: there is no such payload. */
bool window_unwrap(const struct agent *agent, struct agent_frame *frame);

/** Where the next @limit bytes to the host go, or as many as there is room for. Returns how many pieces
 * that are; 0 = none, since so few would have room that they are better in a frame. */
int window_places(const struct agent *agent, uint32_t limit, struct iovec places[2]);

/** Tell the host of @bytes that were put there. */
void window_send(struct agent *agent, uint8_t type, uint32_t id, uint32_t bytes);

/** Carry out a frame of the host that is no PING: sets last_taken if it takes less than all of its payload.
 * Returns enum pv_agent_status. */
uint8_t commands_dispatch(struct agent *agent, const struct agent_frame *frame);

/** Start what @command announced, ANNOUNCED => RUNNING, for @limit_ms if that is not 0; on a
 * terminal of @size, if that is not NULL. Returns enum pv_agent_status: unless OK nothing changed. */
uint8_t process_start(struct command *command, uint32_t limit_ms, const uint8_t *size);

/** Give a terminal its size: rows and columns, two bytes each. */
void process_size(int terminal, const uint8_t size[4]);

/** To its group, or to the process alone if it has left that. It is there until it is reaped. */
bool process_signal(const struct command *command, int number);

/** Close one of its pipes, if it is open. */
void stream_close(struct command *command, int which);

/** Type what is left. False: there is still something left. */
bool stream_type_rest(struct command *command);

/** Type on its terminal. Returns PV_AGENT_BUSY: what was typed before has not been taken. */
uint8_t stream_type(struct command *command, const uint8_t *bytes, uint32_t count);

/** Pass on what is there now, at most @limit bytes; returns how many, 0 = nothing or the end. */
uint32_t stream_pass(struct agent *agent, struct command *command, int which, uint32_t limit);

/** The process is gone: send what it left in the pipes and close them, but do not wait for its
 * orphans, who may hold the other ends for ever and go on writing. */
void stream_finish(struct agent *agent, struct command *command);

#endif
