/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of the files that are put into VMs, and of what they run. */
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/checks/internal.h"

/* Where the project's init mounts file systems, and where the disks are that a VM serves. */
static const char *const taken[] = {"/dev", "/proc", "/sys", "/run", "/tmp", PV_BACKEND_DIRECTORY};

static const char *taken_above(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
		const size_t bytes = strlen(taken[i]);

		if (strncmp(path, taken[i], bytes) == 0 &&
		    (path[bytes] == '/' || path[bytes] == '\0')) {
			return taken[i];
		}
	}
	return NULL;
}

void check_files_hidden(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; vm->image.own_rootfs && j < vm->file_count; j++) {
			const char *above = taken_above(vm->files[j].to);

			if (above != NULL) {
				rule_report(rules, &rule_files_hidden, vm->files[j].place,
				            "'%s' is not of the root file system of '%s' when it "
				            "runs: %s is taken",
				            vm->files[j].to, vm->suffix, above);
			}
		}
	}
}

RULE(files_hidden, "files-hidden", ERROR, EACH,
     "The project's init mounts other file systems at /dev, /proc, /sys, /run and /tmp, and " PV_BACKEND_DIRECTORY
     " is for the disks that a VM serves: a file that is put there is not seen, "
     "or is in the way.");

void check_command_own(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->command_count != 0 && !vm->image.own_rootfs) {
			rule_report(rules, &rule_command_own, vm_place(topology, i, VM_COMMAND),
			            "'%s' boots a root file system that is not the project's: its "
			            "init does not know of this command",
			            vm->suffix);
		}
	}
}

RULE(command_own, "command-own", ERROR, EACH,
     "The project's init runs a VM's command. A VM with a root file system of its own has an init of "
     "its own, which is told by a file of its own.");
