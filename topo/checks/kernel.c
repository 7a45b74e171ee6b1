/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what a kernel of the user's own was built with.
 */
#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/resolve/kernel_config.h"

#define POOL_OPTION "CONFIG_DMA_RESTRICTED_POOL"

static enum kernel_option option_of(const struct topology *topology, size_t vm, const char *option)
{
	const char *path = topology->model.vms[vm].image.kernel;

	return kernel_config_has(kernel_config_of(topology->kernel_configs, path), option);
}

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
		    option_of(topology, i, POOL_OPTION) >= KERNEL_OPTION_MODULE &&
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

/* What Linux drives a device of each type by; NULL: by what every kernel with its bus has. */
static const char *const driver_options[DEVICE_TYPE_COUNT] = {
	[DEVICE_NET] = "CONFIG_VIRTIO_NET",         [DEVICE_BLK] = "CONFIG_VIRTIO_BLK",
	[DEVICE_GPU] = "CONFIG_DRM_VIRTIO_GPU",     [DEVICE_VSOCK] = "CONFIG_VIRTIO_VSOCKETS",
	[DEVICE_CONSOLE] = "CONFIG_VIRTIO_CONSOLE", [DEVICE_RNG] = "CONFIG_HW_RANDOM_VIRTIO",
	[DEVICE_FS] = "CONFIG_VIRTIO_FS",
};

static bool uses_type(const struct topology *topology, size_t vm, size_t type)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];

	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &topology->model.connections[origin->used[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			if ((size_t)connection->devices[j].type == type) {
				return true;
			}
		}
	}
	return false;
}

static void judge_driver(struct rules *rules, const struct topology *topology, size_t vm,
                         const char *option)
{
	const struct vm *row = &topology->model.vms[vm];
	const enum kernel_option found = option_of(topology, vm, option);

	if (found == KERNEL_OPTION_MISSING) {
		rule_report(rules, &rule_kernel_drivers, vm_place(topology, vm, VM_IMAGE),
		            "the kernel of '%s' was built without %s", row->suffix, option);
	} else if (found == KERNEL_OPTION_MODULE &&
	           rule_report(rules, &rule_kernel_drivers, vm_place(topology, vm, VM_IMAGE),
	                       "the kernel of '%s' has %s as a module", row->suffix, option)) {
		diag_help(rules->diag, "its root file system has to have the modules of that "
		                       "kernel, and load this one");
	}
}

void check_kernel_drivers(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		if (topology->model.vms[i].image.kernel == NULL ||
		    topology->vm_origins[i].used_count == 0) {
			continue;
		}
		judge_driver(rules, topology, i, "CONFIG_VIRTIO_PCI");
		for (size_t type = 0; type < ARRAY_COUNT(driver_options); type++) {
			if (uses_type(topology, i, type)) {
				judge_driver(rules, topology, i, driver_options[type]);
			}
		}
	}
}

RULE(kernel_drivers, "kernel-drivers", WARNING, EACH,
     "By the configuration of a VM's own kernel, in the image or in the file config-VERSION beside "
     "vmlinuz-VERSION, a driver of its devices is not in it: distributions have most as modules, which "
     "are no part of it. A device without a driver is idle.");
