/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The windows of agents (abi/agent.h) in the machine's RAM, of which the runner maps them and nothing
 * else. Where one cannot be mapped, its agent has the line alone.
 */
#include <sys/mman.h>

#include "topo/runner/session.h"

void session_windows_open(struct session *session)
{
	for (size_t i = 0; i < session->system->vm_count && session->machine.ram_fd >= 0; i++) {
		const struct system_vm *vm = &session->system->vms[i];
		void *mapped = vm->has_window ? mmap(NULL, PV_AGENT_WINDOW_BYTES,
		                                     PROT_READ | PROT_WRITE, MAP_SHARED,
		                                     session->machine.ram_fd, (off_t)vm->window_at)
		                              : MAP_FAILED;
		if (mapped != MAP_FAILED) {
			agentlink_window(&session->vms[i].agent, mapped);
		}
	}
}

void session_windows_close(struct session *session)
{
	for (size_t i = 0; session->vms != NULL && i < session->system->vm_count; i++) {
		struct pv_agent_window *window = session->vms[i].agent.window;
		if (window != NULL) {
			agentlink_window(&session->vms[i].agent, NULL);
			(void)munmap(window, sizeof(*window));
		}
	}
}
