/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a link share: agentlink.c, agentlink_send.c and agentlink_receive.c. */
#ifndef TOPO_RUNNER_AGENTLINK_INTERNAL_H
#define TOPO_RUNNER_AGENTLINK_INTERNAL_H

#include "topo/runner/agentlink.h"

#define SIGNAL_NONE 0U
#define SIGNAL_KILL 9U
#define SIGNAL_CONT 18U
#define SIGNAL_STOP 19U

/** Give @command's slot and memory back. */
void agentlink_free_command(struct agentlink *link, struct agent_command *command);

/** Free @command and tell its holder, if it has one, that it failed. */
void agentlink_fail_command(struct agentlink *link, struct agent_command *command, const char *why);

/** The command of that id, NULL if there is none. */
struct agent_command *agentlink_find_command(struct agentlink *link, uint32_t id);

#endif
