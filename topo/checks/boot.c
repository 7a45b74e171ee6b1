/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of what a VM boots: where its parts lie, what its command line says, and what is missing
 * in it for its role.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/base/units.h"
#include "topo/checks/internal.h"
#include "topo/resolve/defaults.h"

#define COMMAND_LINE_MAX 2047U /* COMMAND_LINE_SIZE of arm64 Linux, with its end */

static bool aligned(uint64_t address, uint64_t bytes)
{
	return address % bytes == 0;
}

void check_kernel_align(const struct check_vm *at)
{
	uint64_t unit = at->vm->image.own_kernel ? RAM_BLOCK_BYTES : PV_PAGE_BYTES;

	/* Where the kernels of a board begin that is not known is not known either. */
	if (!at->topology->model.board->unknown && !aligned(at->vm->kernel_entry, unit)) {
		rule_report(at->rules, &rule_kernel_align, check_vm_place(at, VM_KERNEL_ENTRY),
		            "the kernel of '%s' at 0x%" PRIx64
		            " does not begin at a multiple of 0x%" PRIx64,
		            at->vm->suffix, at->vm->kernel_entry, unit);
	}
}

RULE(kernel_align, "kernel-align", ERROR, EACH,
     "An arm64 kernel begins at a multiple of 2 MiB, and whatever else a VM boots at a page at "
     "least: elsewhere it does not come up.");

void check_kernel_offset(const struct check_vm *at)
{
	if (at->origin->kernel_moved) {
		rule_report(at->rules, &rule_kernel_offset, check_vm_place(at, VM_KERNEL_ENTRY),
		            "the project's kernel begins at a multiple of 2 MiB: that of '%s' "
		            "lies at 0x%" PRIx64,
		            at->vm->suffix, at->vm->kernel_entry);
	}
}

RULE(kernel_offset, "kernel-offset", ADVICE, EACH,
     "The address is 512 KiB above a multiple of 2 MiB, where arm64 kernels began before Linux "
     "5.10, and the VM boots the project's kernel, which begins at the multiple itself.");

void check_dtb_align(const struct check_vm *at)
{
	if (!aligned(at->vm->dtb_addr, PV_PAGE_BYTES)) {
		rule_report(at->rules, &rule_dtb_align, check_vm_place(at, VM_DTB_ADDR),
		            "the device tree of '%s' at 0x%" PRIx64 " does not begin at a page",
		            at->vm->suffix, at->vm->dtb_addr);
	}
}

RULE(dtb_align, "dtb-align", ERROR, EACH,
     "The address that is given for a device tree is not that of a page, and whole pages are "
     "what a VM's RAM is filled by.");

void check_initrd_align(const struct check_vm *at)
{
	if (!aligned(at->vm->initrd_addr, PV_PAGE_BYTES)) {
		rule_report(at->rules, &rule_initrd_align, check_vm_place(at, VM_INITRD_ADDR),
		            "the initrd of '%s' at 0x%" PRIx64 " does not begin at a page",
		            at->vm->suffix, at->vm->initrd_addr);
	}
}

RULE(initrd_align, "initrd-align", ERROR, EACH,
     "The address that is given for an initrd is not that of a page, and whole pages are what a "
     "VM's RAM is filled by.");

/* A part of what a VM boots, at least one page long. */
struct part {
	const char *what;
	uint64_t base;
	uint64_t bytes;
	enum vm_attribute attribute;
};

static uint64_t file_bytes(const char *path)
{
	struct stat status;

	if (path == NULL || stat(path, &status) != 0 || status.st_size < (off_t)PV_PAGE_BYTES) {
		return PV_PAGE_BYTES;
	}
	return (uint64_t)status.st_size;
}

static bool overlap(const struct part *a, const struct part *b)
{
	return a->base < b->base ? b->base - a->base < a->bytes : a->base - b->base < b->bytes;
}

void check_boot_overlap(const struct check_vm *at)
{
	const struct part parts[] = {
		{"kernel", at->vm->kernel_entry, file_bytes(at->vm->image.kernel), VM_KERNEL_ENTRY},
		{"initrd", at->vm->initrd_addr, file_bytes(at->vm->image.initrd), VM_INITRD_ADDR},
		{"device tree", at->vm->dtb_addr, file_bytes(at->vm->image.dtb), VM_DTB_ADDR},
	};

	for (size_t j = 0; j < 3; j++) {
		const struct part *a = &parts[j];
		const struct part *b = &parts[(j + 1) % 3];

		if (a->base == 0 || b->base == 0 || !overlap(a, b)) {
			continue;
		}
		if (rule_report(at->rules, &rule_boot_overlap, check_vm_place(at, a->attribute),
		                "the %s of '%s' at 0x%" PRIx64 " overlaps its %s at 0x%" PRIx64,
		                a->what, at->vm->suffix, a->base, b->what, b->base)) {
			diag_note(at->rules->diag, check_vm_place(at, b->attribute), "the %s",
			          b->what);
		}
	}
}

RULE(boot_overlap, "boot-overlap", ERROR, EACH,
     "Kernel, initrd and device tree of a VM are put at addresses at which one lies upon "
     "another.");

void check_cmdline_long(const struct check_vm *at)
{
	size_t bytes = strlen(at->vm->image.cmdline);

	if (bytes > COMMAND_LINE_MAX) {
		rule_report(at->rules, &rule_cmdline_long, check_vm_place(at, VM_CMDLINE),
		            "the command line of '%s' has %zu bytes; Linux takes %u",
		            at->vm->suffix, bytes, COMMAND_LINE_MAX);
	}
}

RULE(cmdline_long, "cmdline-long", ERROR, EACH,
     "Linux on arm64 takes a command line of 2047 bytes and cuts off the rest, silently.");

void check_cmdline_text(const struct check_vm *at)
{
	const char *next = at->vm->image.cmdline;

	while (*next != '\0' && !iscntrl((unsigned char)*next)) {
		next++;
	}
	if (*next != '\0') {
		rule_report(at->rules, &rule_cmdline_text, check_vm_place(at, VM_CMDLINE),
		            "the command line of '%s' holds a control character, 0x%02x",
		            at->vm->suffix, (unsigned char)*next);
	}
}

RULE(cmdline_text, "cmdline-text", ERROR, EACH,
     "A command line is one line of text: a control character in it ends an argument or the "
     "whole of it.");

/* The value of @key ("root=") in a command line; NULL when it is not there. The last one counts. */
static const char *argument(const char *cmdline, const char *key)
{
	const char *found = NULL;

	for (const char *at = strstr(cmdline, key); at != NULL; at = strstr(at + 1, key)) {
		if (at == cmdline || at[-1] == ' ') {
			found = at + strlen(key);
		}
	}
	return found;
}

void check_cmdline_console(const struct check_vm *at)
{
	if (strstr(at->vm->image.cmdline, "console=ttyAMA0") == NULL &&
	    rule_report(at->rules, &rule_cmdline_console, check_vm_place(at, VM_CMDLINE),
	                "the command line of '%s' does not name its console", at->vm->suffix)) {
		diag_help(at->rules->diag, "add console=ttyAMA0");
	}
}

RULE(cmdline_console, "cmdline-console", ADVICE, EACH,
     "A command line does not say console=ttyAMA0, the only console that a VM has: nothing of "
     "what the kernel prints is seen.");

/* Disk number @number of a VM in the order in which Linux finds them, and how many there are. */
static const struct device *disk_of(const struct topology *topology, size_t vm, size_t number,
                                    size_t *count)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	const struct device *found = NULL;

	*count = 0;
	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &topology->model.connections[origin->used[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->devices[j].type == DEVICE_BLK && (*count)++ == number) {
				found = &connection->devices[j];
			}
		}
	}
	return found;
}

/* The disk that root=/dev/vdX names. False when the command line names no such disk. */
static bool root_disk(const struct topology *topology, size_t vm, const struct device **disk,
                      size_t *count)
{
	static const char prefix[] = "/dev/vd";
	const char *root = argument(topology->model.vms[vm].image.cmdline, "root=");

	if (root == NULL || strncmp(root, prefix, strlen(prefix)) != 0) {
		return false;
	}
	char letter = root[strlen(prefix)];

	*disk = disk_of(topology, vm,
	                letter >= 'a' && letter <= 'z' ? (size_t)(letter - 'a') : SIZE_MAX, count);
	return true;
}

void check_root_device(const struct check_vm *at)
{
	const struct device *disk = NULL;
	size_t count = 0;

	if (root_disk(at->topology, at->index, &disk, &count) && disk == NULL) {
		rule_report(at->rules, &rule_root_device, check_vm_place(at, VM_CMDLINE),
		            "the root file system of '%s' is on a disk that it does not "
		            "have: it is served %zu disk%s",
		            at->vm->suffix, count, count == 1 ? "" : "s");
	}
}

RULE(root_device, "root-device", WARNING, WHOLE,
     "The root file system is said to be on a virtio disk that no connection gives to the VM: "
     "the kernel waits for it, or gives up.");

static bool has_word(const char *text, const char *word)
{
	size_t bytes = strlen(word);

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		if ((at == text || at[-1] == ' ') && (at[bytes] == ' ' || at[bytes] == '\0')) {
			return true;
		}
	}
	return false;
}

void check_root_readonly(const struct check_vm *at)
{
	const struct device *disk = NULL;
	size_t count = 0;

	if (root_disk(at->topology, at->index, &disk, &count) && disk != NULL && disk->readonly &&
	    has_word(at->vm->image.cmdline, "rw") &&
	    rule_report(at->rules, &rule_root_readonly, check_vm_place(at, VM_CMDLINE),
	                "'%s' mounts its root file system rw, and the disk is readonly",
	                at->vm->suffix)) {
		diag_note(at->rules->diag, disk->place, "the disk");
	}
}

RULE(root_readonly, "root-readonly", WARNING, EACH,
     "A VM mounts its root file system for writing from a disk that is served readonly: "
     "mounting fails at boot.");

void check_root_none(const struct check_vm *at)
{
	if (!at->vm->image.own_rootfs && at->vm->image.initrd == NULL &&
	    at->vm->image.rootfs == NULL && !at->vm->files_init &&
	    argument(at->vm->image.cmdline, "root=") == NULL) {
		rule_report(at->rules, &rule_root_none, check_vm_place(at, VM_IMAGE),
		            "'%s' has no initrd, no root= on its command line and no /init "
		            "among its files",
		            at->vm->suffix);
	}
}

RULE(root_none, "root-none", ADVICE, EACH,
     "A VM boots without an initrd, no root= names a disk, and `files` put no /init into it: unless its kernel has a file "
     "system built in it gives up.");

/* A size as Linux reads it in a command line, with a unit or without (memparse). */
static uint64_t argument_bytes(const char *value)
{
	char *end = NULL;
	uint64_t bytes = strtoull(value, &end, 0);

	return bytes << unit_shift(*end);
}

void check_cmdline_mem(const struct check_vm *at)
{
	const char *value = argument(at->vm->image.cmdline, "mem=");
	uint64_t bytes = value == NULL ? 0 : argument_bytes(value);

	if (bytes > at->vm->ram_bytes) {
		rule_report(at->rules, &rule_cmdline_mem, check_vm_place(at, VM_CMDLINE),
		            "mem= speaks of %" PRIu64 " MiB, and '%s' has %" PRIu64, bytes >> 20,
		            at->vm->suffix, at->vm->ram_bytes >> 20);
	}
}

RULE(cmdline_mem, "cmdline-mem", WARNING, EACH,
     "A command line speaks by mem= of more memory than the VM's RAM.");

void check_cmdline_cpus(const struct check_vm *at)
{
	const char *value = argument(at->vm->image.cmdline, "maxcpus=");

	if (value == NULL) {
		value = argument(at->vm->image.cmdline, "nr_cpus=");
	}
	if (value != NULL && strtoull(value, NULL, 0) < at->vm->vcpu_count) {
		rule_report(at->rules, &rule_cmdline_cpus, check_vm_place(at, VM_CMDLINE),
		            "the command line of '%s' leaves some of its %u vCPUs off",
		            at->vm->suffix, at->vm->vcpu_count);
	}
}

RULE(cmdline_cpus, "cmdline-cpus", ADVICE, EACH,
     "A command line lets Linux use fewer CPUs than the VM has vCPUs: the others are never "
     "started.");

void check_agent_missing(const struct check_vm *at)
{
	if (!at->vm->agent && !vm_given(at->origin, VM_AGENT)) {
		rule_report(at->rules, &rule_agent_missing, check_vm_place(at, VM_IMAGE),
		            "'%s' has no agent: `topo exec` cannot reach it", at->vm->suffix);
	}
}

RULE(agent_missing, "agent-missing", ADVICE, EACH,
     "A VM with an initrd of the user's own has no agent, unless `agent` says that it starts one: `topo exec` does "
     "not reach it, and nobody knows when it is up.");

void check_backend_missing(const struct check_vm *at)
{
	if (!at->vm->image.own_rootfs && at->vm->image.rootfs == NULL &&
	    at->origin->served_count != 0) {
		rule_report(at->rules, &rule_backend_missing, check_vm_place(at, VM_IMAGE),
		            "'%s' serves %zu VM%s, and what it boots has to bring the back ends",
		            at->vm->suffix, at->origin->served_count,
		            at->origin->served_count == 1 ? "" : "s");
	}
}

RULE(backend_missing, "backend-missing", ADVICE, EACH,
     "A device VM boots an initrd of the user's own, which has to bring the back ends: without "
     "them its driver VMs wait for their devices. A `rootfs` gets those of the project.");

void check_dtb_own(const struct check_vm *at)
{
	if (at->vm->image.dtb != NULL && at->origin->served_count + at->origin->used_count != 0) {
		rule_report(at->rules, &rule_dtb_own, check_vm_place(at, VM_IMAGE),
		            "'%s' brings its own device tree, which has to describe its "
		            "connections",
		            at->vm->suffix);
	}
}

RULE(dtb_own, "dtb-own", ADVICE, EACH,
     "A VM with connections brings a device tree of its own. Its connections are found by the "
     "tree: one that does not describe them hides them.");
