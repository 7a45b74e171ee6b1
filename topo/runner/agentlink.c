/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of a link, as agentlink.h declares them. A command's slot is freed before its holder
 * hears of the end, so that a holder may do what it likes in that call.
 */
#include <string.h>
#include <sys/random.h>

#include "topo/runner/agentlink_internal.h"

void agentlink_init(struct agentlink *link, const struct agentlink_ops *ops, void *owner)
{
	memset(link, 0, sizeof(*link));
	link->ops = ops;
	link->owner = owner;
	agent_decoder_init(&link->decoder, PV_AGENT_TO_HOST_MAX);
	/* Not a secret, only unlike that of a runner before us. */
	(void)getrandom(&link->seq, sizeof(link->seq), GRND_NONBLOCK);
}

void agentlink_free_command(struct agentlink *link, struct agent_command *command)
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
			agentlink_free_command(link, &link->commands[i]);
		}
	}
}

void agentlink_fail_command(struct agentlink *link, struct agent_command *command, const char *why)
{
	const bool abandoned = command->abandoned;
	const struct agentlink_ops *ops = command->ops;
	void *holder = command->holder;
	agentlink_free_command(link, command);
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
			agentlink_fail_command(link, &link->commands[i], why);
		}
	}
}

struct agent_command *agentlink_find_command(struct agentlink *link, uint32_t id)
{
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		if (link->commands[i].used && link->commands[i].id == id) {
			return &link->commands[i];
		}
	}
	return NULL;
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
	while (id == 0 || agentlink_find_command(link, id) != NULL) {
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

void agentlink_size(struct agent_command *command, uint16_t rows, uint16_t columns)
{
	command->rows = rows;
	command->columns = columns;
	command->size_due = true;
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
		agentlink_free_command(link, command);
	} else if (command->go_sent) {
		agentlink_signal(command, SIGNAL_KILL);
	} else if (!going) {
		link->ping_wanted = true;
	}
}
