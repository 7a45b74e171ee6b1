/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of the files that are put into VMs, and of what they run. */
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/base/arena.h"
#include "topo/checks/internal.h"
#include "topo/model/command_bounds.h"
#include "topo/model/owned_paths.h"
#include "topo/rootfs/vm_files.h"

void check_files_hidden(const struct check_vm *at)
{
	for (size_t j = 0; j < at->vm->file_count; j++) {
		const char *above = owned_path_above(at->vm, at->vm->files[j].to);

		if (above != NULL) {
			rule_report(at->rules, &rule_files_hidden, at->vm->files[j].place,
			            "'%s' is not of the root file system of '%s' when it "
			            "runs: %s is taken",
			            at->vm->files[j].to, at->vm->suffix, above);
		}
	}
}

RULE(files_hidden, "files-hidden", ERROR, EACH,
     "The project's init mounts other file systems at /dev, /proc, /sys, /run and /tmp, and " PV_BACKEND_DIRECTORY
     " is for the disks that a VM serves: a file that is put there is not seen, "
     "or is in the way. /init and the programs in /usr/sbin by which a VM is started and watched are topo's, as is " VM_HEALTH_PATH
     ", and " VM_COMMAND_PATH " where the VM has a command. "
     "With a rootfs these are /dev, /proc, /sys, and /" ROOT_OURS ", where what starts it is.");

static bool is_hidden(const struct vm *vm)
{
	bool hidden = false;

	for (size_t j = 0; j < vm->file_count; j++) {
		hidden = hidden || owned_path_above(vm, vm->files[j].to) != NULL;
	}
	return hidden;
}

void check_files_clash(const struct check_vm *at)
{
	struct arena *arena = arena_new();
	struct vm_files_fault fault;

	if (!is_hidden(at->vm) && !vm_files_agree(at->vm, arena, &fault)) {
		rule_report(at->rules, &rule_files_clash, fault.place, "%s", fault.text);
	}
	arena_free(arena);
}

RULE(files_clash, "files-clash", ERROR, EACH,
     "Two files of a VM cannot have one path, nor one be where another needs a directory, and a directory brings "
     "nothing to where topo has something of its own (files-hidden).");

void check_rootfs_idle(const struct check_vm *at)
{
	const bool was_read = at->vm->image.initrd_bytes.file != 0;

	if (at->vm->image.rootfs != NULL && was_read && at->vm->image.rootfs_init == NULL &&
	    at->vm->command.word_count == 0 && !vm_read(at->origin, VM_COMMAND) &&
	    rule_report(at->rules, &rule_rootfs_idle, check_vm_place(at, VM_IMAGE),
	                "'%s' has nothing to run: no command, and no init in its root "
	                "file system",
	                at->vm->suffix)) {
		diag_help(at->rules->diag, "vm_%s.command = [\"httpd\", \"-f\"];", at->vm->suffix);
	}
}

RULE_TO_RUN(
	rootfs_idle, "rootfs-idle", EACH,
	"A VM with a root file system of the user's runs its command, or else the init that is in "
	"it (/sbin/init, /etc/init, /bin/init, /lib/systemd/systemd, /init); here is neither.",
	"that it runs something");

void check_packages_unmade(const struct check_vm *at)
{
	const struct vm_image *image = &at->vm->image;

	if (image->rootfs_unmade &&
	    rule_report(at->rules, &rule_packages_unmade, check_vm_place(at, VM_IMAGE),
	                "the root file system of '%s' is not made yet: what RAM it needs "
	                "is not known",
	                at->vm->suffix)) {
		diag_help(at->rules->diag, "`topo build` makes it of its packages, and looks at it "
		                           "then");
	}
}

RULE(packages_unmade, "packages-unmade", ADVICE, EACH,
     "A root file system of `packages` is made when the system is built, or by debian-root, and kept in the cache. "
     "Until then nobody knows what it holds: neither what RAM it needs, nor whether it has an init.");

void check_command_own(const struct check_vm *at)
{
	if (at->vm->command.word_count != 0 && !at->vm->image.own_rootfs &&
	    at->vm->image.rootfs == NULL) {
		rule_report(at->rules, &rule_command_own, check_vm_place(at, VM_COMMAND),
		            "'%s' boots a root file system that is not the project's: its "
		            "init does not know of this command",
		            at->vm->suffix);
	}
}

RULE(command_own, "command-own", ERROR, EACH,
     "The project's init runs a VM's command. A VM with a root file system of its own has an init of "
     "its own, which is told by a file of its own.");

void check_health_own(const struct check_vm *at)
{
	const bool is_ours = at->vm->image.own_rootfs || at->vm->image.rootfs != NULL;

	if (at->vm->health.word_count != 0 && is_ours && !at->vm->agent) {
		rule_report(at->rules, &rule_health_own, check_vm_place(at, VM_HEALTH),
		            "'%s' has no agent, which would run this check", at->vm->suffix);
	} else if (at->vm->health.word_count != 0 && !is_ours) {
		rule_report(at->rules, &rule_health_own, check_vm_place(at, VM_HEALTH),
		            "'%s' boots a root file system that is not the project's: "
		            "nobody in it runs this check",
		            at->vm->suffix);
	}
}

RULE(health_own, "health-own", ERROR, EACH,
     "A VM's health check is run by the agent. A VM with an initrd of its own has none that topo put there; "
     "with a rootfs it has.");

void check_command_missing(const struct check_vm *at)
{
	static const enum vm_attribute of_command[] = {VM_ENV, VM_WORKDIR, VM_USER,
	                                               VM_COMMAND_RESTART};

	if (at->vm->command.word_count != 0 || vm_given(at->origin, VM_COMMAND)) {
		return;
	}
	for (size_t j = 0; j < ARRAY_COUNT(of_command); j++) {
		if (vm_read(at->origin, of_command[j])) {
			rule_report(at->rules, &rule_command_missing,
			            check_vm_place(at, of_command[j]),
			            "%s is of a command, and '%s' has none",
			            vm_attribute_row(of_command[j])->name, at->vm->suffix);
		}
	}
}

RULE(command_missing, "command-missing", ERROR, EACH,
     "env, workdir, user and command_restart are of the command that a VM runs, and so of none where there is no "
     "command. "
     "What an init of its own starts has what that init gives it.");

void check_command_large(const struct check_vm *at)
{
	const struct vm_command *command = &at->vm->command;
	struct command_sum sum = {0, 0};
	const char *why = NULL;

	for (size_t j = 0; j < command->word_count; j++) {
		why = why != NULL ? why : command_text_fault(&sum, command->words[j]);
	}
	for (size_t j = 0; j < command->env_count; j++) {
		why = why != NULL ? why : command_text_fault(&sum, command->env[j]);
	}
	if (why != NULL) {
		rule_report(at->rules, &rule_command_large, check_vm_place(at, VM_COMMAND),
		            "the command of '%s' and its environment, that of its image "
		            "included, are more than a MiB, or 4096 texts",
		            at->vm->suffix);
	}
}

RULE(command_large, "command-large", ERROR, EACH,
     "Linux starts a program with no more than some MiB of words and variables: a VM's command has one, that "
     "which its image says of it included.");
