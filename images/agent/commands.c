/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host asks of commands: each frame is carried out once and answered with a status.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "images/agent/agent.h"

#define SIGNAL_MAX 64U /* of Linux, real-time signals included */

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
	uint8_t status = process_start(command,
	                               (uint32_t)ms[0] | (uint32_t)ms[1] << 8 |
	                                       (uint32_t)ms[2] << 16 | (uint32_t)ms[3] << 24,
	                               frame->payload_bytes == 8 ? &ms[4] : NULL);
	if (status != PV_AGENT_OK) {
		command->state = COMMAND_FREE;
	}
	return status;
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
		agent->last_taken = frame->payload_bytes < sizeof(command->rest)
		                            ? frame->payload_bytes
		                            : sizeof(command->rest);
		return stream_type(command, frame->payload, agent->last_taken);
	}
	ssize_t n = write(command->fd[PIPE_STDIN], frame->payload, frame->payload_bytes);
	if (n < 0) {
		if (errno == EAGAIN) {
			return PV_AGENT_BUSY;
		}
		stream_close(command, PIPE_STDIN);
		return PV_AGENT_NO_COMMAND;
	}
	agent->last_taken = (uint32_t)n;
	return PV_AGENT_OK;
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
	return process_signal(command, frame->payload[0]) ? PV_AGENT_OK : PV_AGENT_FAILED;
}

static uint8_t on_stdin_eof(struct agent *agent, const struct agent_frame *frame)
{
	struct command *command = find_running(agent, frame->id);

	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	if (command->terminal) {
		static const uint8_t ends[2] = {END_KEY, END_KEY};
		/* Behind a line that is not finished the first one ends just that line. */
		return stream_type(command, ends, command->line_open ? 2 : 1);
	}
	stream_close(command, PIPE_STDIN);
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
	process_size(command->fd[PIPE_STDIN], frame->payload);
	return PV_AGENT_OK;
}

uint8_t commands_dispatch(struct agent *agent, const struct agent_frame *frame)
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
