/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's side of abi/agent.h for one VM: a conversation with the agent in its guest, and the
 * commands that run there. Pure but for a send function: the session feeds it with what comes on
 * the VM's agent channel and asks it to work when its time has come, so that lost bytes, repeated
 * answers and hostile agents can be tested without either.
 *
 * The agent is the guest's, so nothing that it says is believed beyond its own commands: frames
 * about ids that we did not choose, or did choose and ended, are dropped.
 */
#ifndef TOPO_RUNNER_AGENTLINK_H
#define TOPO_RUNNER_AGENTLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/agent.h"
#include "abi/err.h"
#include "lib/agent_frame.h"
#include "topo/runner/fifo.h"

#define AGENTLINK_INPUT_BYTES 65536U /* of one command, waiting to be sent */
#define AGENTLINK_SIGNAL_MAX 63U
#define AGENTLINK_NEVER UINT64_MAX

/* An agent that has not answered a frame for so long is taken for dead. */
#define AGENTLINK_SILENCE_MS 30000U
/* Of a command that was silent for so long its agent is asked whether it still has it: the report
 * of its end may be lost, and a VM that has halted says nothing. */
#define AGENTLINK_PROBE_MS 10000U

struct agentlink;
struct agentlink_ops;

/* A command in the guest. Owned by its link; a holder's pointer ends with its ended or failed. */
struct agent_command {
	bool used;
	bool abandoned;    /* nobody holds it: its output is dropped, it is killed */
	bool announced;    /* the agent has, or may have, a piece of its arguments */
	bool go_tried;     /* EXEC_GO, which may have been carried out unheard */
	bool go_sent;      /* acknowledged EXEC_GO */
	bool input_ends;   /* STDIN_EOF is to follow the input */
	bool input_closed; /* nothing more goes to its input */
	uint32_t id;
	uint32_t limit_ms;
	uint16_t rows, columns; /* of its terminal; 0 = it has none */
	bool size_due;          /* the agent has another size, or none */
	uint8_t argv[PV_AGENT_ARGV_BYTES_MAX];
	size_t argv_bytes;
	size_t argv_sent;
	uint64_t signals;  /* bit n: signal n is to be sent; 0 asks, as in kill(2) */
	uint64_t heard_ms; /* when the agent last said something of it, since it runs */
	struct fifo input;
	uint64_t quiet_until_ms;         /* BUSY: its input is not tried again before */
	uint32_t busy_count;             /* BUSY in a row */
	const struct agentlink_ops *ops; /* to whom it is reported */
	void *holder;
};

/* How a link speaks to the session. All but send may be called from receive and work only. */
struct agentlink_ops {
	/* Put a whole frame on the agent channel: all of it, or nothing and false. */
	bool (*send)(void *owner, const uint8_t *bytes, size_t count);
	/* Seconds since 1970, by which the guest may set its clock; 0 = it is to stay. */
	uint64_t (*clock)(void *owner);
	/* The agent said HELLO. @is_new: it is another one than before, or the first. */
	void (*hello)(void *owner, bool is_new);
	void (*output)(void *holder, bool error_stream, const uint8_t *bytes, size_t count);
	/* @count bytes of input were taken by the command, or by nobody when it is closed. */
	void (*taken)(void *holder, size_t count);
	/* Its last call. @end: enum pv_agent_end. */
	void (*ended)(void *holder, uint8_t end, uint8_t code);
	/* Its last call too: it did not run, or how it ended cannot be known. */
	void (*failed)(void *holder, const char *why);
	/* The agent does not answer, and the command is kept for when it does. NULL: that ends it. */
	void (*silent)(void *holder, const char *why);
};

struct agentlink {
	const struct agentlink_ops *ops;
	void *owner;
	struct agent_decoder decoder;
	struct agent_command commands[PV_AGENT_COMMANDS_MAX];
	size_t turn;         /* the command whose turn it is */
	bool heard;          /* some HELLO has come */
	bool talking;        /* and one that answered our PING */
	bool ping_wanted;    /* announced commands that were abandoned are to be forgotten */
	uint8_t bad_version; /* of an agent that we cannot speak with; 0 = none */

	/* The VM's window; NULL: there is none. The guest may write to it at any time, so what is in it is
	 * copied before it is looked at. */
	struct pv_agent_window *window;
	bool window_shared;                    /* the agent has it too */
	uint32_t heard_bytes;                  /* of to_host so far, free-running */
	uint8_t said[PV_AGENT_WINDOW_TO_HOST]; /* the last of them */

	/* The frame under way, while waiting. */
	bool waiting;
	uint8_t seq;
	uint8_t type;
	struct agent_command *about;
	size_t part; /* bytes of arguments or input that it carries, or the signal's number */
	uint8_t frame[PV_AGENT_HEADER_BYTES + PV_AGENT_TO_GUEST_MAX + PV_AGENT_CRC_BYTES];
	uint32_t frame_bytes;
	uint64_t first_sent_ms;
	uint64_t again_ms; /* when to send it again */
	uint32_t pause_ms; /* until the time after that */
};

/** A link whose agent has not been heard of. */
void agentlink_init(struct agentlink *link, const struct agentlink_ops *ops, void *owner);

/** Before anything else: the agent may have @window, which is ours as long as the link is. */
void agentlink_window(struct agentlink *link, struct pv_agent_window *window);

/** Give back the memory of all commands, without a call to their holders. */
void agentlink_free(struct agentlink *link);

/** Ask whether the agent is there: it answers with HELLO. Call agentlink_work afterwards. */
void agentlink_ask(struct agentlink *link);

/** Bytes that came on the agent channel. Call agentlink_work afterwards. */
void agentlink_receive(struct agentlink *link, const uint8_t *bytes, size_t count, uint64_t now_ms);

/**
 * Send what is to be sent. Returns when to call again at the latest, AGENTLINK_NEVER = after the
 * next of the other calls.
 */
uint64_t agentlink_work(struct agentlink *link, uint64_t now_ms);

/**
 * Start a command. @argv: arguments, each ended by a NUL. @limit_ms: 0 = none. Call agentlink_work
 * afterwards.
 * Errors: ERR_ARG no arguments, or not NUL-terminated; ERR_RANGE too many or too long; ERR_STATE
 * no agent has been heard of; ERR_FULL PV_AGENT_COMMANDS_MAX are there, or no memory.
 */
MUST_USE err_t agentlink_start(struct agentlink *link, const uint8_t *argv, size_t argv_bytes,
                               uint32_t limit_ms, struct agent_command **out);

/** Whose calls @command's reports go to. */
void agentlink_hold(struct agent_command *command, void *holder);

/** The same, and by which calls of @ops: send, clock and hello are not among them. */
void agentlink_hold_by(struct agent_command *command, const struct agentlink_ops *ops,
                       void *holder);

/** Before agentlink_work was called for it: run it on a terminal of this size, which is not 0. Later:
 * the terminal's size is another. */
void agentlink_size(struct agent_command *command, uint16_t rows, uint16_t columns);

/** Queue input for the command; returns how much of it fits. */
size_t agentlink_input(struct agent_command *command, const uint8_t *bytes, size_t count);

/** No more input comes. */
void agentlink_input_end(struct agent_command *command);

/** Send signal @number, 1 .. AGENTLINK_SIGNAL_MAX, to its process group. */
void agentlink_signal(struct agent_command *command, uint32_t number);

/** Kill the command and drop what it still says; its holder is called no more. */
void agentlink_abandon(struct agentlink *link, struct agent_command *command);

/** End all commands with @why: the VM is gone. */
void agentlink_fail_all(struct agentlink *link, const char *why);

#endif
