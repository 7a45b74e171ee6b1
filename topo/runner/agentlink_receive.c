/* SPDX-License-Identifier: BSD-2-Clause */
/* What a link hears from its agent: answers to the frame under way, and reports of commands. */
#include "lib/bits.h"
#include "topo/runner/agentlink_internal.h"

#define BUSY_FIRST_MS 10U
#define BUSY_DOUBLINGS 5U

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
			agentlink_free_command(link, command);
		} else {
			command->announced = false;
			command->argv_sent = 0;
		}
	}
}

static void take_hello(struct agentlink *link, const struct agent_frame *frame)
{
	if (frame->payload_bytes == 0) {
		return;
	}
	if (frame->payload[0] != PV_AGENT_VERSION) {
		link->bad_version = frame->payload[0];
		return;
	}
	if (frame->payload_bytes != PV_AGENT_HELLO_BYTES) {
		return;
	}
	agentlink_share_window(link, frame->payload[1] == 1, frame->seq == 0);
	if (frame->seq == 0) {
		/* It has just started: an earlier one of its kind took its commands with it. */
		agentlink_fail_all(link, "its agent was started anew");
	} else if (link->waiting && link->type == PV_AGENT_PING && frame->seq == link->seq) {
		begin_conversation(link);
	}
	const bool is_new = frame->seq == 0 || !link->heard;
	link->heard = true;
	link->ops->hello(link->owner, is_new);
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

/* How much of what the frame under way carried was taken: of input, as much as there was room for. */
static void take_part(struct agentlink *link, const struct agent_frame *frame)
{
	const uint32_t bytes = agentlink_get_u32(frame->payload + 1);
	if (link->type == PV_AGENT_STDIN && bytes < link->part) {
		link->part = bytes;
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
	} else if (status == PV_AGENT_OK ||
	           (status == PV_AGENT_BAD && command->go_tried && link->type == PV_AGENT_EXEC)) {
		/* Or it runs already: the answer was lost, and a silence came between. */
		command->argv_sent = command->argv_bytes;
		command->go_sent = true;
		command->heard_ms = now_ms;
		if (command->abandoned) {
			agentlink_signal(command, SIGNAL_KILL);
		}
	} else if (status == PV_AGENT_BUSY) {
		hold_back(command, now_ms);
	} else {
		link->ping_wanted = link->ping_wanted || command->argv_sent > 0;
		agentlink_fail_command(link, command, status_text(status));
	}
}

/* What the agent had to report of the command came before its answer, so a command that is not there
 * any more has had a report that was lost, or an agent that is not this one. */
static void take_signal_answer(struct agentlink *link, struct agent_command *command,
                               uint8_t status, uint64_t now_ms)
{
	command->heard_ms = now_ms;
	if (status == PV_AGENT_NO_COMMAND) {
		agentlink_fail_command(link, command, status_text(status));
	} else if (status != PV_AGENT_BUSY || link->part == SIGNAL_NONE) {
		command->signals &= ~(UINT64_C(1) << link->part);
	}
}

static void take_answer(struct agentlink *link, const struct agent_frame *frame, uint64_t now_ms)
{
	if (!link->waiting || frame->seq != link->seq || link->type == PV_AGENT_PING ||
	    frame->payload_bytes != PV_AGENT_ACK_BYTES) {
		return;
	}
	struct agent_command *command = link->about;
	take_part(link, frame);
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
	case PV_AGENT_SIZE:
		break; /* of a command that has ended its end is reported */
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
	struct agent_command *command = agentlink_find_command(link, frame->id);
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
	agentlink_free_command(link, command);
	if (!abandoned) {
		ops->ended(holder, frame->payload[0], frame->payload[1]);
	}
}

static void take_frame(struct agentlink *link, struct agent_frame *frame, uint64_t now_ms)
{
	if (!agentlink_unwrap(link, frame)) {
		return;
	}
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
