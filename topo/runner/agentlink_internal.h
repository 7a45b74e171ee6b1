/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a link share: agentlink.c, agentlink_send.c and agentlink_receive.c. */
#ifndef TOPO_RUNNER_AGENTLINK_INTERNAL_H
#define TOPO_RUNNER_AGENTLINK_INTERNAL_H

#include "topo/runner/agentlink.h"

#define SIGNAL_NONE 0U
#define SIGNAL_KILL 9U
#define SIGNAL_CONT 18U
#define SIGNAL_STOP 19U

static inline void agentlink_put_u32(uint8_t to[4], uint32_t value)
{
	for (size_t i = 0; i < 4; i++) {
		to[i] = (uint8_t)(value >> (8 * i));
	}
}

static inline uint32_t agentlink_get_u32(const uint8_t from[4])
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* agentlink_window.c */

/** HELLO has come. @agent_has: the agent has the window; @is_new: it has just started. */
void agentlink_share_window(struct agentlink *link, bool agent_has, bool is_new);

/** Let the agent write again where we have read, unless a command is to be stopped: until it is, it would
 * say too much. */
void agentlink_give_back(struct agentlink *link);

/** Put the payload of @frame into the window, if it is too long for the line. @count: what is its payload
 * then. */
void agentlink_wrap(struct agentlink *link, struct agent_frame *frame, uint8_t count[4]);

/** Take the payload of @frame out of the window, if it lies there. False: it cannot. */
bool agentlink_unwrap(struct agentlink *link, struct agent_frame *frame);

/** Give @command's slot and memory back. */
void agentlink_free_command(struct agentlink *link, struct agent_command *command);

/** Free @command and tell its holder, if it has one, that it failed. */
void agentlink_fail_command(struct agentlink *link, struct agent_command *command, const char *why);

/** The command of that id, NULL if there is none. */
struct agent_command *agentlink_find_command(struct agentlink *link, uint32_t id);

#endif
