/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a link sends to its agent. One frame is under way at a time; what is sent next is chosen anew
 * each time from the commands in turn, so that a command that does not read its input holds nobody
 * up.
 */
#include "topo/runner/agentlink_internal.h"

#define PAUSE_FIRST_MS 300U
#define PAUSE_LAST_MS 2000U
#define NO_ROOM_MS 20U
#define SCRATCH_BYTES 8U

/* What goes into a frame to the guest. */
struct sending {
	uint8_t type;
	struct agent_command *about; /* NULL: PING */
	const uint8_t *payload;
	size_t payload_bytes;
	size_t part;
};

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
	struct agent_frame frame = {
		.type = sending->type,
		.seq = link->seq,
		.payload_bytes = (uint16_t)sending->payload_bytes,
		.id = sending->about == NULL ? 0 : sending->about->id,
		.payload = sending->payload,
	};
	uint8_t count[4];
	agentlink_wrap(link, &frame, count);
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

static void put_size(uint8_t to[4], struct agent_command *command)
{
	agentlink_put_u32(to, (uint32_t)command->columns << 16 | command->rows);
	command->size_due = false;
}

/* What @command has to send now, at most @part_max bytes of arguments or input, with small payloads built
 * in @scratch. */
static bool choose_frame(struct agent_command *command, size_t part_max, uint64_t now_ms,
                         struct sending *sending, uint8_t scratch[SCRATCH_BYTES])
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
		sending->part = left < part_max ? left : part_max;
		sending->payload_bytes = sending->part;
		command->announced = true;
	} else if (!command->go_sent) {
		sending->type = PV_AGENT_EXEC_GO;
		command->go_tried = true;
		agentlink_put_u32(scratch, command->limit_ms);
		put_size(scratch + 4, command);
		sending->payload_bytes = command->rows != 0 ? 8 : 4;
	} else if (command->signals != 0) {
		sending->type = PV_AGENT_SIGNAL;
		sending->part = lowest_signal(command->signals);
		scratch[0] = (uint8_t)sending->part;
		sending->payload_bytes = 1;
	} else if (command->size_due) {
		sending->type = PV_AGENT_SIZE;
		put_size(scratch, command);
		sending->payload_bytes = 4;
	} else if (has_input(command) && !quiet) {
		size_t held = 0;
		sending->payload = fifo_peek(&command->input, &held);
		sending->part = held < part_max ? held : part_max;
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
	const size_t part_max =
		link->window_shared ? PV_AGENT_WINDOW_TO_GUEST : PV_AGENT_TO_GUEST_MAX;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX && !link->waiting; i++) {
		struct agent_command *command = &link->commands[link->turn];
		link->turn = (link->turn + 1) % PV_AGENT_COMMANDS_MAX;
		struct sending sending;
		uint8_t scratch[SCRATCH_BYTES];
		if (command->used && choose_frame(command, part_max, now_ms, &sending, scratch)) {
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

/* It may come back: a PING follows, and another, for ever. */
static void bear_silence(struct agentlink *link)
{
	static const char why[] = "its agent does not answer";
	link->talking = false;
	link->waiting = false;
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		struct agent_command *command = &link->commands[i];
		if (command->used && !command->abandoned && command->ops->silent != NULL) {
			command->ops->silent(command->holder, why);
		} else if (command->used) {
			agentlink_fail_command(link, command, why);
		}
	}
}

/* The frame under way: again, or no more. */
static void chase_frame(struct agentlink *link, uint64_t now_ms)
{
	if (now_ms < link->again_ms) {
		return;
	}
	if (now_ms - link->first_sent_ms >= AGENTLINK_SILENCE_MS) {
		bear_silence(link);
		return;
	}
	put_frame(link, now_ms);
}

static void send_ping(struct agentlink *link, uint64_t now_ms)
{
	uint8_t payload[PV_AGENT_PING_BYTES] = {link->window_shared ? 1 : 0};
	const struct sending ping = {
		.type = PV_AGENT_PING, .payload = payload, .payload_bytes = sizeof(payload)};
	const uint64_t seconds = link->ops->clock(link->owner);

	agentlink_put_u32(payload + 1, (uint32_t)seconds);
	agentlink_put_u32(payload + 5, (uint32_t)(seconds >> 32));
	link->ping_wanted = false;
	send_frame(link, &ping, now_ms);
}

void agentlink_ask(struct agentlink *link)
{
	link->ping_wanted = true;
}

uint64_t agentlink_work(struct agentlink *link, uint64_t now_ms)
{
	agentlink_give_back(link);
	if (link->waiting) {
		chase_frame(link, now_ms);
	}
	if (!link->waiting && link->heard && (!link->talking || link->ping_wanted)) {
		send_ping(link, now_ms);
	}
	if (!link->waiting && link->talking) {
		send_next(link, now_ms);
	}
	if (link->waiting) {
		return link->again_ms;
	}
	return link->talking ? first_due(link) : AGENTLINK_NEVER;
}
