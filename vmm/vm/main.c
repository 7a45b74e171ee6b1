/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM's life: set up the VM, then serve one message after the other until the kernel ends the
 * domain. Entered once from vmm/aarch64/start.S.
 */
#include "vmm/vm/vm.h"

/** Never returns. @restarts: how often the kernel started the VMM before in this run of its VM. */
_Noreturn void vmm_main(struct pv_vmm_config *config, uint64_t cpu, uint64_t midr,
                        uint64_t restarts);

static struct vm vm; /* the one mutable object, too large for the stack */

_Noreturn void vmm_main(struct pv_vmm_config *config, uint64_t cpu, uint64_t midr,
                        uint64_t restarts)
{
	struct reply reply = {.kind = PV_REPLY_NONE, .value = 0};
	struct message message;
	bool is_good = vm_init(&vm, config, (uint32_t)restarts) == OK;

	if (is_good) {
		vm.psci.cpu = (struct cpu){.has = cpu, .midr = midr};
		trng_init(&vm.trng, config->seed, (cpu & PV_CPU_RNDR) != 0);
		reply = life_begin(&vm, &config->kept, (uint32_t)restarts);
	}
	for (;;) {
		if (!is_good) {
			reply = (struct reply){.kind = PV_REPLY_STOP, .value = PV_STOP_VMM};
		}
		call_wait(&reply, &message);
		if (is_good) {
			reply = vm_serve(&vm, &message);
		}
	}
}
