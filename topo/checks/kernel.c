/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of a kernel of the user's own: whether its file is one, and what it was built with.
 */
#include <inttypes.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/regular.h"
#include "topo/checks/internal.h"
#include "topo/model/kernel_file.h"
#include "topo/resolve/kernel_config.h"

#define POOL_OPTION "CONFIG_DMA_RESTRICTED_POOL"

/* What the file of a kernel is. */
struct kernel_found {
	struct kernel_header header;
	const char *what; /* it is instead of a kernel; NULL: it is one */
	const char *help;
};

/* False: the VM boots the project's own, or a file that cannot be read, which was said. */
static bool find_kernel(const struct vm *vm, struct kernel_found *out)
{
	uint8_t head[KERNEL_HEADER_BYTES] = {0};
	uint64_t bytes = 0;
	const int fd = vm->image.kernel == NULL ? -1 : regular_open(vm->image.kernel, 0, &bytes);

	if (fd < 0) {
		return false;
	}
	const uint64_t wanted = bytes < sizeof(head) ? bytes : sizeof(head);
	const bool good = regular_read(fd, head, wanted) == (int64_t)wanted;

	close(fd);
	if (good) {
		out->what =
			kernel_file_read(head, bytes, vm->kernel_entry, &out->header, &out->help);
	}
	return good;
}

void check_kernel_form(const struct check_vm *at)
{
	struct kernel_found found = {.what = NULL};

	if (!at->origin->failed[VM_KERNEL_ENTRY] && find_kernel(at->vm, &found) &&
	    found.what != NULL &&
	    rule_report(at->rules, &rule_kernel_form, at->origin->kernel_place,
	                "the kernel '%s' of '%s' %s", at->vm->image.kernel, at->vm->suffix,
	                found.what)) {
		diag_help(at->rules->diag, "%s", found.help);
	}
}

RULE_TO_RUN(kernel_form, "kernel-form", EACH,
            "The file of a VM's kernel is empty, packed, or of a form that a boot loader or "
            "another architecture reads. A VM boots what lies in memory: an arm64 Image, or with "
            "`kernel_entry_addr` any binary.",
            "a kernel that the VM can boot");

void check_kernel_large(const struct check_vm *at)
{
	const struct vm *vm = at->vm;
	const bool *failed = at->origin->failed;
	struct kernel_found found = {.what = NULL};

	if (failed[VM_KERNEL_ENTRY] || failed[VM_RAM_BASE] || failed[VM_RAM_SIZE] ||
	    !find_kernel(vm, &found) || found.what != NULL) {
		return;
	}
	const uint64_t from =
		vm->kernel_entry == 0 ? found.header.text_offset : vm->kernel_entry - vm->ram_base;

	/* One that begins beside the RAM is what boot-place says. */
	if (from >= vm->ram_bytes || found.header.image_bytes <= vm->ram_bytes - from) {
		return;
	}
	if (rule_report(at->rules, &rule_kernel_large, at->origin->kernel_place,
	                "the kernel '%s' of '%s' takes %" PRIu64
	                " KiB of memory, and its RAM has %" PRIu64 " from where it begins",
	                vm->image.kernel, vm->suffix, (found.header.image_bytes + 1023) >> 10,
	                (vm->ram_bytes - from) >> 10)) {
		diag_help(at->rules->diag, "give '%s' more RAM by ram_size", vm->suffix);
	}
}

RULE_TO_RUN(kernel_large, "kernel-large", EACH,
            "A VM's kernel, with the memory that its header asks for behind it, ends behind the "
            "VM's RAM.",
            "a kernel that fits into the VM's RAM");

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

void check_kernel_pool(const struct check_vm *at)
{
	if (at->vm->image.kernel != NULL && has_pool(at->topology, at->index) &&
	    option_of(at->topology, at->index, POOL_OPTION) >= KERNEL_OPTION_MODULE &&
	    rule_report(at->rules, &rule_kernel_pool, check_vm_place(at, VM_IMAGE),
	                "the kernel of '%s' was built without " POOL_OPTION, at->vm->suffix)) {
		diag_help(at->rules->diag, "its drivers would put their rings outside of the "
		                           "pool, where nobody who serves it sees them");
		diag_help(at->rules->diag, "build it with that option, or give up the "
		                           "pool: VMSWIOTLB=0 shows all its RAM");
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

void check_kernel_drivers(const struct check_vm *at)
{
	if (at->vm->image.kernel == NULL || at->origin->used_count == 0) {
		return;
	}
	judge_driver(at->rules, at->topology, at->index, "CONFIG_VIRTIO_PCI");
	for (size_t type = 0; type < ARRAY_COUNT(driver_options); type++) {
		if (uses_type(at->topology, at->index, type)) {
			judge_driver(at->rules, at->topology, at->index, driver_options[type]);
		}
	}
}

RULE(kernel_drivers, "kernel-drivers", WARNING, EACH,
     "By the configuration of a VM's own kernel, in the image or in the file config-VERSION beside "
     "vmlinuz-VERSION, a driver of its devices is not in it: distributions have most as modules, which "
     "are no part of it. A device without a driver is idle.");
