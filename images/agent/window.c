/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of abi/agent.h, from the guest's side. The other end may be the host, or whoever else sees
 * this VM's RAM: what stands in it is bounded before use.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "images/agent/agent.h"

void window_open(struct agent *agent, const char *path)
{
	int fd = path == NULL ? agent->line : open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		die(path);
	}
	/* A terminal cannot be mapped. */
	void *mapped = mmap(NULL, PV_AGENT_WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	agent->window = mapped == MAP_FAILED ? NULL : mapped;
	if (path != NULL) {
		close(fd);
	}
}

bool window_unwrap(const struct agent *agent, struct agent_frame *frame)
{
	const uint8_t *count = frame->payload;

	if ((frame->type & PV_AGENT_IN_WINDOW) == 0) {
		return true;
	}
	if (agent->window == NULL || frame->payload_bytes != 4) {
		return false;
	}
	const uint32_t bytes = (uint32_t)count[0] | (uint32_t)count[1] << 8 |
	                       (uint32_t)count[2] << 16 | (uint32_t)count[3] << 24;
	if (bytes > PV_AGENT_WINDOW_TO_GUEST) {
		return false;
	}
	/* Pairs with the host's release before it sends the frame. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	frame->type &= (uint8_t)~PV_AGENT_IN_WINDOW;
	frame->payload_bytes = (uint16_t)bytes;
	frame->payload = agent->window->to_guest;
	return true;
}

int window_places(const struct agent *agent, uint32_t limit, struct iovec places[2])
{
	if (!agent->window_shared) {
		return 0;
	}
	/* Pairs with the host's release when it has read. */
	const uint32_t taken = __atomic_load_n(&agent->window->taken, __ATOMIC_ACQUIRE);
	const uint32_t held = agent->said_bytes - taken;
	if (held > PV_AGENT_WINDOW_TO_HOST - PV_AGENT_TO_HOST_MAX) {
		return 0;
	}
	const uint32_t room = PV_AGENT_WINDOW_TO_HOST - held;
	const uint32_t bytes = limit < room ? limit : room;
	const uint32_t at = agent->said_bytes % PV_AGENT_WINDOW_TO_HOST;
	const uint32_t straight = PV_AGENT_WINDOW_TO_HOST - at;
	places[0] =
		(struct iovec){&agent->window->to_host[at], bytes < straight ? bytes : straight};
	places[1] = (struct iovec){agent->window->to_host, bytes - places[0].iov_len};
	return places[1].iov_len > 0 ? 2 : 1;
}

void window_send(struct agent *agent, uint8_t type, uint32_t id, uint32_t bytes)
{
	const uint8_t count[4] = {(uint8_t)bytes, (uint8_t)(bytes >> 8), (uint8_t)(bytes >> 16),
	                          (uint8_t)(bytes >> 24)};

	agent->said_bytes += bytes;
	/* Pairs with the host's acquire when it has the frame. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	line_send(agent, type | PV_AGENT_IN_WINDOW, 0, id, count, sizeof(count));
}
