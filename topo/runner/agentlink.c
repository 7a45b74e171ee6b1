/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversation of agentlink.h. One frame to the guest is under way at a time; what is sent
 * next is chosen anew each time from the commands in turn, so that a command that does not read
 * its input holds nobody up. A command's slot is freed before its holder hears of the end, so that
 * a holder may do what it likes in that call.
 */
#include "topo/runner/agentlink.h"

#include <string.h>
#include <sys/random.h>

#include "lib/bits.h"

#define PAUSE_FIRST_MS 300U
#define PAUSE_LAST_MS 2000U
#define NO_ROOM_MS 20U
#define BUSY_FIRST_MS 10U
#define BUSY_DOUBLINGS 5U
#define SIGNAL_NONE 0U
#define SIGNAL_KILL 9U
#define SIGNAL_CONT 18U
#define SIGNAL_STOP 19U

/* What goes into a frame to the guest. */
struct sending {
	uint8_t type;
	struct agent_command *about; /* NULL: PING */
	const uint8_t *payload;
	size_t payload_bytes;
	size_t part;
};

void agentlink_init(struct agentlink *link, const struct agentlink_ops *ops, void *owner)
{
	memset(link, 0, sizeof(*link));
	link->ops = ops;
	link->owner = owner;
	agent_decoder_init(&link->decoder, PV_AGENT_TO_HOST_MAX);
	/* Not a secret, only unlike that of a runner before us. */
	(void)getrandom(&link->seq, sizeof(link->seq), GRND_NONBLOCK);
}

static void free_command(struct agentlink *link, struct agent_command *command)
{
	fifo_free(&command->input);
	command->used = false;
	if (link->about == command) {
		link->about = NULL;
	}
}

void agentlink_free(struct agentlink *link)
{
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (link->commands[i].used) {
			free_command(link, &link->commands[i]);
		}
	}
}

static void fail_command(struct agentlink *link, struct agent_command *command, const char *why)
{
	const bool abandoned = command->abandoned;
	const struct agentlink_ops *ops = command->ops;
	void *holder = command->holder;
	free_command(link, command);
	if (!abandoned) {
		ops->failed(holder, why);
	}
}

void agentlink_fail_all(struct agentlink *link, const char *why)
{
	link->heard = false;
	link->talking = false;
	link->waiting = false;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (link->commands[i].used) {
			fail_command(link, &link->commands[i], why);
		}
	}
}

static struct agent_command *find_command(struct agentlink *link, uint32_t id)
{
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (link->commands[i].used && link->commands[i].id == id) {
			return &link->commands[i];
		}
	}
	return NULL;
}

static void put_frame(struct agentlink *link, uint64_t now_ms)
{
	if (link->ops->send(link->owner, link->frame, link->frame_bytes)) {
		link->again_ms = now_ms + link->pause_ms;
		link->pause_ms =
			link->pause_ms * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : link->pause_ms * 2;
	} else {
		link->again_ms = now_ms + NO_ROOM_MS;
	}
}

static void send_frame(struct agentlink *link, const struct sending *sending, uint64_t now_ms)
{
	/* 0 is what an agent's own HELLO carries. */
	link->seq = link->seq == UINT8_MAX ? 1 : (uint8_t)(link->seq + 1);
	const struct agent_frame frame = {
		.type = sending->type,
		.seq = link->seq,
		.payload_bytes = (uint16_t)sending->payload_bytes,
		.id = sending->about == NULL ? 0 : sending->about->id,
		.payload = sending->payload,
	};
	if (agent_frame_encode(&frame, link->frame, sizeof(link->frame), &link->frame_bytes) !=
	    OK) {
		return;
	}
	link->waiting = true;
	link->type = sending->type;
	link->about = sending->about;
	link->part = sending->part;
	link->first_sent_ms = now_ms;
	link->pause_ms = PAUSE_FIRST_MS;
	put_frame(link, now_ms);
}

static uint32_t lowest_signal(uint64_t signals)
{
	return (uint32_t)__builtin_ctzll(signals);
}

static uint64_t probe_due(const struct agent_command *command)
{
	return command->go_sent ? command->heard_ms + AGENTLINK_PROBE_MS : AGENTLINK_NEVER;
}

static bool has_input(const struct agent_command *command)
{
	return !command->input_closed && (command->input.count > 0 || command->input_ends);
}

/* What @command has to send now, with small payloads built in @scratch. */
static bool choose_frame(struct agent_command *command, uint64_t now_ms, struct sending *sending,
                         uint8_t scratch[4])
{
	*sending = (struct sending){.about = command, .payload = scratch};
	const bool quiet = now_ms < command->quiet_until_ms;
	if (now_ms >= probe_due(command)) {
		command->signals |= UINT64_C(1) << SIGNAL_NONE;
	}
	if (!command->go_sent && (command->abandoned || quiet)) {
		return false;
	}
	if (command->argv_sent < command->argv_bytes) {
		const size_t left = command->argv_bytes - command->argv_sent;
		sending->type = PV_AGENT_EXEC;
		sending->payload = command->argv + command->argv_sent;
		sending->part = left < PV_AGENT_TO_GUEST_MAX ? left : PV_AGENT_TO_GUEST_MAX;
		sending->payload_bytes = sending->part;
		command->announced = true;
	} else if (!command->go_sent) {
		sending->type = PV_AGENT_EXEC_GO;
		for (size_t i = 0; i < 4; i++) {
			scratch[i] = (uint8_t)(command->limit_ms >> (8 * i));
		}
		sending->payload_bytes = 4;
	} else if (command->signals != 0) {
		sending->type = PV_AGENT_SIGNAL;
		sending->part = lowest_signal(command->signals);
		scratch[0] = (uint8_t)sending->part;
		sending->payload_bytes = 1;
	} else if (has_input(command) && !quiet) {
		size_t held = 0;
		sending->payload = fifo_peek(&command->input, &held);
		sending->part = held < PV_AGENT_TO_GUEST_MAX ? held : PV_AGENT_TO_GUEST_MAX;
		sending->payload_bytes = sending->part;
		sending->type = held > 0 ? PV_AGENT_STDIN : PV_AGENT_STDIN_EOF;
	} else {
		return false;
	}
	return true;
}

/* Send the next frame of the next command that has one. */
static void send_next(struct agentlink *link, uint64_t now_ms)
{
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX && !link->waiting; i++) {
		struct agent_command *command = &link->commands[link->turn];
		link->turn = (link->turn + 1) % PV_AGENT_COMMANDS_MAX;
		struct sending sending;
		uint8_t scratch[4];
		if (command->used && choose_frame(command, now_ms, &sending, scratch)) {
			send_frame(link, &sending, now_ms);
		}
	}
}

/* When the first command that the agent called busy may be tried again, or is to be asked after. */
static uint64_t first_due(const struct agentlink *link)
{
	uint64_t first = AGENTLINK_NEVER;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		const struct agent_command *command = &link->commands[i];
		const bool wants = command->go_sent ? has_input(command) : !command->abandoned;
		if (command->used && wants && command->quiet_until_ms < first) {
			first = command->quiet_until_ms;
		}
		if (command->used && probe_due(command) < first) {
			first = probe_due(command);
		}
	}
	return first;
}

/* The frame under way: again, or no more. */
static void chase_frame(struct agentlink *link, uint64_t now_ms)
{
	if (now_ms < link->again_ms) {
		return;
	}
	if (now_ms - link->first_sent_ms >= AGENTLINK_SILENCE_MS) {
		const bool heard = link->heard;
		agentlink_fail_all(link, "its agent does not answer");
		/* It may come back: a PING follows, and another, for ever. */
		link->heard = heard;
		return;
	}
	put_frame(link, now_ms);
}

void agentlink_ask(struct agentlink *link)
{
	link->ping_wanted = true;
}

uint64_t agentlink_work(struct agentlink *link, uint64_t now_ms)
{
	if (link->waiting) {
		chase_frame(link, now_ms);
	}
	if (!link->waiting && link->heard && (!link->talking || link->ping_wanted)) {
		const struct sending ping = {.type = PV_AGENT_PING};
		link->ping_wanted = false;
		send_frame(link, &ping, now_ms);
	}
	if (!link->waiting && link->talking) {
		send_next(link, now_ms);
	}
	if (link->waiting) {
		return link->again_ms;
	}
	return link->talking ? first_due(link) : AGENTLINK_NEVER;
}

/* The agent has taken our PING: it has forgotten all commands that it has not started. */
static void begin_conversation(struct agentlink *link)
{
	link->waiting = false;
	link->talking = true;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		struct agent_command *command = &link->commands[i];
		if (!command->used || command->go_sent) {
			continue;
		}
		if (command->abandoned) {
			free_command(link, command);
		} else {
			command->announced = false;
			command->argv_sent = 0;
		}
	}
}

static void take_hello(struct agentlink *link, const struct agent_frame *frame)
{
	if (frame->payload_bytes != 1) {
		return;
	}
	if (frame->payload[0] != PV_AGENT_VERSION) {
		link->bad_version = frame->payload[0];
		return;
	}
	if (frame->seq == 0) {
		/* It has just started: an earlier one of its kind took its commands with it. */
		agentlink_fail_all(link, "its agent was started anew");
	} else if (link->waiting && link->type == PV_AGENT_PING && frame->seq == link->seq) {
		begin_conversation(link);
	}
	link->heard = true;
	link->ops->hello(link->owner);
}

static const char *status_text(uint8_t status)
{
	static const char *const texts[] = {
		[PV_AGENT_OK] = "its agent took it",
		[PV_AGENT_BUSY] = "its agent is busy",
		[PV_AGENT_NO_COMMAND] = "its agent has forgotten the command",
		[PV_AGENT_FULL] = "its agent has no room for another command",
		[PV_AGENT_BAD] = "its agent does not understand the command",
		[PV_AGENT_FAILED] = "the guest could not start the command",
	};
	return status < ARRAY_COUNT(texts) ? texts[status] : "its agent gives an unknown answer";
}

static void take_input_answer(struct agentlink *link, struct agent_command *command, uint8_t status)
{
	const size_t held = command->input.count;
	const size_t gone = status == PV_AGENT_OK ? link->part : held;
	command->busy_count = 0;
	if (status != PV_AGENT_OK || link->type == PV_AGENT_STDIN_EOF) {
		command->input_closed = true;
	}
	fifo_drop(&command->input, gone);
	if (!command->abandoned && gone > 0) {
		command->ops->taken(command->holder, gone);
	}
}

static void hold_back(struct agent_command *command, uint64_t now_ms)
{
	command->quiet_until_ms = now_ms + ((uint64_t)BUSY_FIRST_MS << command->busy_count);
	if (command->busy_count < BUSY_DOUBLINGS) {
		command->busy_count++;
	}
}

/* EXEC or EXEC_GO was answered. */
static void take_start_answer(struct agentlink *link, struct agent_command *command, uint8_t status,
                              uint64_t now_ms)
{
	if (status == PV_AGENT_OK && link->type == PV_AGENT_EXEC) {
		command->argv_sent += link->part;
	} else if (status == PV_AGENT_OK) {
		command->go_sent = true;
		command->heard_ms = now_ms;
		if (command->abandoned) {
			agentlink_signal(command, SIGNAL_KILL);
		}
	} else if (status == PV_AGENT_BUSY) {
		hold_back(command, now_ms);
	} else {
		link->ping_wanted = link->ping_wanted || command->argv_sent > 0;
		fail_command(link, command, status_text(status));
	}
}

/* What the agent had to report of the command came before its answer, so a command that is not there
 * any more has had a report that was lost, or an agent that is not this one. */
static void take_signal_answer(struct agentlink *link, struct agent_command *command,
                               uint8_t status, uint64_t now_ms)
{
	command->heard_ms = now_ms;
	if (status == PV_AGENT_NO_COMMAND) {
		fail_command(link, command, status_text(status));
	} else if (status != PV_AGENT_BUSY || link->part == SIGNAL_NONE) {
		command->signals &= ~(UINT64_C(1) << link->part);
	}
}

static void take_answer(struct agentlink *link, const struct agent_frame *frame, uint64_t now_ms)
{
	if (!link->waiting || frame->seq != link->seq || link->type == PV_AGENT_PING ||
	    frame->payload_bytes != 1) {
		return;
	}
	struct agent_command *command = link->about;
	const uint8_t status = frame->payload[0];
	link->waiting = false;
	link->about = NULL;
	if (command == NULL) {
		return;
	}
	switch (link->type) {
	case PV_AGENT_EXEC:
	case PV_AGENT_EXEC_GO:
		take_start_answer(link, command, status, now_ms);
		break;
	case PV_AGENT_SIGNAL:
		take_signal_answer(link, command, status, now_ms);
		break;
	default:
		if (status == PV_AGENT_BUSY) {
			hold_back(command, now_ms);
		} else {
			take_input_answer(link, command, status);
		}
		break;
	}
}

/* A frame about a command of ours; about any other id it is dropped. */
static void take_report(struct agentlink *link, const struct agent_frame *frame, uint64_t now_ms)
{
	struct agent_command *command = find_command(link, frame->id);
	if (command == NULL || !command->announced) {
		return;
	}
	command->heard_ms = now_ms;
	if (frame->type != PV_AGENT_EXIT) {
		if (!command->abandoned) {
			command->ops->output(command->holder, frame->type == PV_AGENT_STDERR,
			                     frame->payload, frame->payload_bytes);
		}
		return;
	}
	if (frame->payload_bytes != 2) {
		return;
	}
	const bool abandoned = command->abandoned;
	const struct agentlink_ops *ops = command->ops;
	void *holder = command->holder;
	free_command(link, command);
	if (!abandoned) {
		ops->ended(holder, frame->payload[0], frame->payload[1]);
	}
}

static void take_frame(struct agentlink *link, const struct agent_frame *frame, uint64_t now_ms)
{
	switch (frame->type) {
	case PV_AGENT_HELLO:
		take_hello(link, frame);
		break;
	case PV_AGENT_ACK:
		take_answer(link, frame, now_ms);
		break;
	case PV_AGENT_STDOUT:
	case PV_AGENT_STDERR:
	case PV_AGENT_EXIT:
		take_report(link, frame, now_ms);
		break;
	default:
		break;
	}
}

void agentlink_receive(struct agentlink *link, const uint8_t *bytes, size_t count, uint64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		/* Cannot be full: all frames are taken out after each byte. */
		if (agent_decoder_push(&link->decoder, bytes[i]) != OK) {
			agent_decoder_init(&link->decoder, PV_AGENT_TO_HOST_MAX);
		}
		struct agent_frame frame;
		while (agent_decoder_next(&link->decoder, &frame)) {
			take_frame(link, &frame, now_ms);
		}
	}
}

/* Are these arguments that the agent takes? */
static err_t check_arguments(const uint8_t *argv, size_t argv_bytes)
{
	if (argv_bytes == 0 || argv[argv_bytes - 1] != '\0' || argv[0] == '\0') {
		return ERR_ARG;
	}
	size_t count = 0;
	for (size_t i = 0; i < argv_bytes; i++) {
		count += argv[i] == '\0' ? 1 : 0;
	}
	return argv_bytes > PV_AGENT_ARGV_BYTES_MAX || count > PV_AGENT_ARGC_MAX ? ERR_RANGE : OK;
}

/* An id that the agent cannot know from an earlier runner, and that is not in use. */
static uint32_t choose_id(struct agentlink *link)
{
	uint32_t id = 0;
	while (id == 0 || find_command(link, id) != NULL) {
		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id)) {
			id++;
		}
	}
	return id;
}

err_t agentlink_start(struct agentlink *link, const uint8_t *argv, size_t argv_bytes,
                      uint32_t limit_ms, struct agent_command **out)
{
	const err_t bad = check_arguments(argv, argv_bytes);
	if (bad != OK) {
		return bad;
	}
	if (!link->heard) {
		return ERR_STATE;
	}
	struct agent_command *command = link->commands;
	while (command < link->commands + PV_AGENT_COMMANDS_MAX && command->used) {
		command++;
	}
	if (command == link->commands + PV_AGENT_COMMANDS_MAX) {
		return ERR_FULL;
	}
	const uint32_t id = choose_id(link);
	memset(command, 0, sizeof(*command));
	if (fifo_init(&command->input, AGENTLINK_INPUT_BYTES) != OK) {
		return ERR_FULL;
	}
	command->ops = link->ops;
	command->used = true;
	command->id = id;
	command->limit_ms = limit_ms;
	command->argv_bytes = argv_bytes;
	memcpy(command->argv, argv, argv_bytes);
	*out = command;
	return OK;
}

void agentlink_hold(struct agent_command *command, void *holder)
{
	command->holder = holder;
}

void agentlink_hold_by(struct agent_command *command, const struct agentlink_ops *ops, void *holder)
{
	command->ops = ops;
	command->holder = holder;
}

size_t agentlink_input(struct agent_command *command, const uint8_t *bytes, size_t count)
{
	return command->input_ends || command->input_closed
	               ? 0
	               : fifo_put(&command->input, bytes, count);
}

void agentlink_input_end(struct agent_command *command)
{
	command->input_ends = true;
}

void agentlink_signal(struct agent_command *command, uint32_t number)
{
	if (number == 0 || number > AGENTLINK_SIGNAL_MAX) {
		return;
	}
	/* As in POSIX: stopping and going on cancel each other while neither was delivered. */
	if (number == SIGNAL_CONT) {
		command->signals &= ~(UINT64_C(1) << SIGNAL_STOP);
	} else if (number == SIGNAL_STOP) {
		command->signals &= ~(UINT64_C(1) << SIGNAL_CONT);
	}
	command->signals |= UINT64_C(1) << number;
}

void agentlink_abandon(struct agentlink *link, struct agent_command *command)
{
	command->abandoned = true;
	command->holder = NULL;
	command->input_closed = true;
	const bool going =
		link->waiting && link->about == command && link->type == PV_AGENT_EXEC_GO;
	if (!command->announced) {
		free_command(link, command);
	} else if (command->go_sent) {
		agentlink_signal(command, SIGNAL_KILL);
	} else if (!going) {
		link->ping_wanted = true;
	}
}
