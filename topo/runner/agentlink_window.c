/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of abi/agent.h, from the host's side: memory of the guest, which may write there whatever
 * it likes, at any time. Nothing that stands in it decides anything here; it is copied out once.
 */
#include <string.h>

#include "topo/runner/agentlink_internal.h"

void agentlink_window(struct agentlink *link, struct pv_agent_window *window)
{
	link->window = window;
	link->window_shared = link->window_shared && window != NULL;
}

void agentlink_share_window(struct agentlink *link, bool agent_has, bool is_new)
{
	link->window_shared = link->window != NULL && agent_has;
	if (is_new) {
		link->heard_bytes = 0;
	}
	agentlink_give_back(link);
}

void agentlink_give_back(struct agentlink *link)
{
	if (!link->window_shared) {
		return;
	}
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		const struct agent_command *command = &link->commands[i];
		if (command->used && (command->signals & UINT64_C(1) << SIGNAL_STOP) != 0) {
			return;
		}
	}
	/* Pairs with the agent's acquire before it writes there. */
	__atomic_store_n(&link->window->taken, link->heard_bytes, __ATOMIC_RELEASE);
}

void agentlink_wrap(struct agentlink *link, struct agent_frame *frame, uint8_t count[4])
{
	if (frame->payload_bytes <= PV_AGENT_TO_GUEST_MAX) {
		return;
	}
	memcpy(link->window->to_guest, frame->payload, frame->payload_bytes);
	/* Pairs with the agent's acquire when it has the frame. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	agentlink_put_u32(count, frame->payload_bytes);
	frame->type |= PV_AGENT_IN_WINDOW;
	frame->payload_bytes = 4;
	frame->payload = count;
}

bool agentlink_unwrap(struct agentlink *link, struct agent_frame *frame)
{
	if ((frame->type & PV_AGENT_IN_WINDOW) == 0) {
		return true;
	}
	if (!link->window_shared || frame->payload_bytes != 4) {
		return false;
	}
	const uint32_t bytes = agentlink_get_u32(frame->payload);
	if (bytes > PV_AGENT_WINDOW_TO_HOST) {
		return false;
	}
	const uint32_t at = link->heard_bytes % PV_AGENT_WINDOW_TO_HOST;
	const uint32_t straight =
		bytes < PV_AGENT_WINDOW_TO_HOST - at ? bytes : PV_AGENT_WINDOW_TO_HOST - at;
	/* Pairs with the agent's release before it sends the frame. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(link->said, &link->window->to_host[at], straight);
	memcpy(link->said + straight, link->window->to_host, bytes - straight);
	link->heard_bytes += bytes;
	frame->type &= (uint8_t)~PV_AGENT_IN_WINDOW;
	frame->payload_bytes = (uint16_t)bytes;
	frame->payload = link->said;
	return true;
}
