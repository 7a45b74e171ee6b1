/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what a kernel of the user's own was built with.
 */
#include "topo/checks/internal.h"
#include "topo/resolve/kernel_config.h"

#define POOL_OPTION "CONFIG_DMA_RESTRICTED_POOL"

static bool has_pool(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	bool found = false;

	for (size_t i = 0; i < origin->used_count; i++) {
		found = found || topology->model.connections[origin->used[i]].swiotlb;
	}
	return found;
}

void check_kernel_pool(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->image.kernel != NULL && has_pool(topology, i) &&
		    kernel_option_of(vm->image.kernel, POOL_OPTION) == KERNEL_OPTION_MISSING &&
		    rule_report(rules, &rule_kernel_pool, vm_place(topology, i, VM_IMAGE),
		                "the kernel of '%s' was built without " POOL_OPTION, vm->suffix)) {
			diag_help(rules->diag, "its drivers would put their rings outside of the "
			                       "pool, where nobody who serves it sees them");
			diag_help(rules->diag, "build it with that option, or give up the "
			                       "pool: VMSWIOTLB=0 shows all its RAM");
		}
	}
}

RULE_TO_RUN(
	kernel_pool, "kernel-pool", EACH,
	"A VM gets its devices through pools, and its kernel cannot keep its drivers to them: by "
	"its configuration, in the image or in the file config-VERSION beside "
	"vmlinuz-VERSION, it lacks CONFIG_DMA_RESTRICTED_POOL. Its devices would not start.",
	"a kernel that has restricted DMA pools");
