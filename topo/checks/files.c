/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of the files that are put into VMs, and of what they run. */
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/model/command_bounds.h"
#include "topo/model/owned_paths.h"

void check_files_hidden(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		for (size_t j = 0; j < vm->file_count; j++) {
			const char *above = owned_path_above(vm, vm->files[j].to);

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
     "or is in the way. /init and the programs in /usr/sbin by which a VM is started and watched are topo's, as is " VM_HEALTH_PATH
     ", and " VM_COMMAND_PATH " where the VM has a command. "
     "With a rootfs these are /dev, /proc, /sys, and /" ROOT_OURS ", where what starts it is.");

void check_rootfs_idle(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const bool was_read = vm->image.initrd_bytes.file != 0;

		if (vm->image.rootfs != NULL && was_read && vm->image.rootfs_init == NULL &&
		    vm->command.word_count == 0 && !vm_read(&topology->vm_origins[i], VM_COMMAND) &&
		    rule_report(rules, &rule_rootfs_idle, vm_place(topology, i, VM_IMAGE),
		                "'%s' has nothing to run: no command, and no init in its root "
		                "file system",
		                vm->suffix)) {
			diag_help(rules->diag, "vm_%s.command = [\"httpd\", \"-f\"];", vm->suffix);
		}
	}
}

RULE_TO_RUN(
	rootfs_idle, "rootfs-idle", EACH,
	"A VM with a root file system of the user's runs its command, or else the init that is in "
	"it (/sbin/init, /etc/init, /bin/init, /lib/systemd/systemd, /init); here is neither.",
	"that it runs something");

void check_packages_unmade(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_image *image = &topology->model.vms[i].image;

		if (image->rootfs_unmade &&
		    rule_report(rules, &rule_packages_unmade, vm_place(topology, i, VM_IMAGE),
		                "the root file system of '%s' is not made yet: what RAM it needs "
		                "is not known",
		                topology->model.vms[i].suffix)) {
			diag_help(rules->diag,
			          "`topo build` makes it of its packages, and looks at it "
			          "then");
		}
	}
}

RULE(packages_unmade, "packages-unmade", ADVICE, EACH,
     "A root file system of `packages` is made when the system is built, or by debian-root, and kept in the cache. "
     "Until then nobody knows what it holds: neither what RAM it needs, nor whether it has an init.");

void check_command_own(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->command.word_count != 0 && !vm->image.own_rootfs &&
		    vm->image.rootfs == NULL) {
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

void check_health_own(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const bool is_ours = vm->image.own_rootfs || vm->image.rootfs != NULL;

		if (vm->health.word_count != 0 && is_ours && !vm->agent) {
			rule_report(rules, &rule_health_own, vm_place(topology, i, VM_HEALTH),
			            "'%s' has no agent, which would run this check", vm->suffix);
		} else if (vm->health.word_count != 0 && !is_ours) {
			rule_report(rules, &rule_health_own, vm_place(topology, i, VM_HEALTH),
			            "'%s' boots a root file system that is not the project's: "
			            "nobody in it runs this check",
			            vm->suffix);
		}
	}
}

RULE(health_own, "health-own", ERROR, EACH,
     "A VM's health check is run by the agent. A VM with an initrd of its own has none that topo put there; "
     "with a rootfs it has.");

void check_command_missing(struct rules *rules, const struct topology *topology)
{
	static const enum vm_attribute of_command[] = {VM_ENV, VM_WORKDIR, VM_USER};

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_origin *origin = &topology->vm_origins[i];

		if (topology->model.vms[i].command.word_count != 0 ||
		    vm_given(origin, VM_COMMAND)) {
			continue;
		}
		for (size_t j = 0; j < ARRAY_COUNT(of_command); j++) {
			if (vm_read(origin, of_command[j])) {
				rule_report(rules, &rule_command_missing,
				            vm_place(topology, i, of_command[j]),
				            "%s is of a command, and '%s' has none",
				            vm_attribute_row(of_command[j])->name,
				            topology->model.vms[i].suffix);
			}
		}
	}
}

RULE(command_missing, "command-missing", ERROR, EACH,
     "env, workdir and user are of the command that a VM runs, and so of none where there is no command. "
     "What an init of its own starts has what that init gives it.");

void check_command_large(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_command *command = &topology->model.vms[i].command;
		struct command_sum sum = {0, 0};
		const char *why = NULL;

		for (size_t j = 0; j < command->word_count; j++) {
			why = why != NULL ? why : command_text_fault(&sum, command->words[j]);
		}
		for (size_t j = 0; j < command->env_count; j++) {
			why = why != NULL ? why : command_text_fault(&sum, command->env[j]);
		}
		if (why != NULL) {
			rule_report(rules, &rule_command_large, vm_place(topology, i, VM_COMMAND),
			            "the command of '%s' and its environment, that of its image "
			            "included, are more than a MiB, or 4096 texts",
			            topology->model.vms[i].suffix);
		}
	}
}

RULE(command_large, "command-large", ERROR, EACH,
     "Linux starts a program with no more than some MiB of words and variables: a VM's command has one, that "
     "which its image says of it included.");
