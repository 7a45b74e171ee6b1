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

#include "topo/checks/internal.h"
#include "topo/resolve/defaults.h"

#define COMMAND_LINE_MAX 2047U /* COMMAND_LINE_SIZE of arm64 Linux, with its end */

static bool aligned(uint64_t address, uint64_t bytes)
{
	return address % bytes == 0;
}

void check_kernel_align(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		uint64_t unit = vm->image.own_kernel ? RAM_BLOCK_BYTES : PV_PAGE_BYTES;

		if (!aligned(vm->kernel_entry, unit)) {
			check_report(checks, CHECK_KERNEL_ALIGN,
			             vm_place(topology, i, VM_KERNEL_ENTRY),
			             "the kernel of '%s' at 0x%" PRIx64
			             " does not begin at a multiple of 0x%" PRIx64,
			             vm->suffix, vm->kernel_entry, unit);
		}
	}
}

void check_dtb_align(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!aligned(vm->dtb_addr, PV_PAGE_BYTES)) {
			check_report(checks, CHECK_DTB_ALIGN, vm_place(topology, i, VM_DTB_ADDR),
			             "the device tree of '%s' at 0x%" PRIx64
			             " does not begin at a page",
			             vm->suffix, vm->dtb_addr);
		}
	}
}

void check_initrd_align(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!aligned(vm->initrd_addr, PV_PAGE_BYTES)) {
			check_report(checks, CHECK_INITRD_ALIGN,
			             vm_place(topology, i, VM_INITRD_ADDR),
			             "the initrd of '%s' at 0x%" PRIx64 " does not begin at a page",
			             vm->suffix, vm->initrd_addr);
		}
	}
}

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

void check_boot_overlap(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const struct part parts[] = {
			{"kernel", vm->kernel_entry, file_bytes(vm->image.kernel), VM_KERNEL_ENTRY},
			{"initrd", vm->initrd_addr, file_bytes(vm->image.initrd), VM_INITRD_ADDR},
			{"device tree", vm->dtb_addr, file_bytes(vm->image.dtb), VM_DTB_ADDR},
		};

		for (size_t j = 0; j < 3; j++) {
			const struct part *a = &parts[j];
			const struct part *b = &parts[(j + 1) % 3];

			if (a->base == 0 || b->base == 0 || !overlap(a, b)) {
				continue;
			}
			if (check_report(
				    checks, CHECK_BOOT_OVERLAP, vm_place(topology, i, a->attribute),
				    "the %s of '%s' at 0x%" PRIx64 " overlaps its %s at 0x%" PRIx64,
				    a->what, vm->suffix, a->base, b->what, b->base)) {
				diag_note(checks->diag, vm_place(topology, i, b->attribute),
				          "the %s", b->what);
			}
		}
	}
}

void check_cmdline_long(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		size_t bytes = strlen(topology->model.vms[i].image.cmdline);

		if (bytes > COMMAND_LINE_MAX) {
			check_report(checks, CHECK_CMDLINE_LONG, vm_place(topology, i, VM_CMDLINE),
			             "the command line of '%s' has %zu bytes; Linux takes %u",
			             check_suffix(topology, i), bytes, COMMAND_LINE_MAX);
		}
	}
}

void check_cmdline_text(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const char *next = topology->model.vms[i].image.cmdline;

		while (*next != '\0' && !iscntrl((unsigned char)*next)) {
			next++;
		}
		if (*next != '\0') {
			check_report(checks, CHECK_CMDLINE_TEXT, vm_place(topology, i, VM_CMDLINE),
			             "the command line of '%s' holds a control character, 0x%02x",
			             check_suffix(topology, i), (unsigned char)*next);
		}
	}
}

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

void check_cmdline_console(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (strstr(vm->image.cmdline, "console=ttyAMA0") == NULL &&
		    check_report(checks, CHECK_CMDLINE_CONSOLE, vm_place(topology, i, VM_CMDLINE),
		                 "the command line of '%s' does not name its console",
		                 vm->suffix)) {
			diag_help(checks->diag, "add console=ttyAMA0");
		}
	}
}

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

void check_root_device(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct device *disk = NULL;
		size_t count = 0;

		if (root_disk(topology, i, &disk, &count) && disk == NULL) {
			check_report(checks, CHECK_ROOT_DEVICE, vm_place(topology, i, VM_CMDLINE),
			             "the root file system of '%s' is on a disk that it does not "
			             "have: it is served %zu disk%s",
			             check_suffix(topology, i), count, count == 1 ? "" : "s");
		}
	}
}

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

void check_root_readonly(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct device *disk = NULL;
		size_t count = 0;

		if (root_disk(topology, i, &disk, &count) && disk != NULL && disk->readonly &&
		    has_word(topology->model.vms[i].image.cmdline, "rw") &&
		    check_report(checks, CHECK_ROOT_READONLY, vm_place(topology, i, VM_CMDLINE),
		                 "'%s' mounts its root file system rw, and the disk is readonly",
		                 check_suffix(topology, i))) {
			diag_note(checks->diag, disk->place, "the disk");
		}
	}
}

void check_root_none(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!vm->image.own_rootfs && vm->image.initrd == NULL &&
		    argument(vm->image.cmdline, "root=") == NULL) {
			check_report(checks, CHECK_ROOT_NONE, vm_place(topology, i, VM_IMAGE),
			             "'%s' has no initrd and no root= on its command line",
			             vm->suffix);
		}
	}
}

/* A size as Linux reads it in a command line, with a unit or without (memparse). */
static uint64_t argument_bytes(const char *value)
{
	char *end = NULL;
	uint64_t bytes = strtoull(value, &end, 0);

	switch (toupper((unsigned char)*end)) {
	case 'K':
		return bytes << 10;
	case 'M':
		return bytes << 20;
	case 'G':
		return bytes << 30;
	default:
		return bytes;
	}
}

void check_cmdline_mem(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const char *value = argument(vm->image.cmdline, "mem=");
		uint64_t bytes = value == NULL ? 0 : argument_bytes(value);

		if (bytes > vm->ram_bytes) {
			check_report(checks, CHECK_CMDLINE_MEM, vm_place(topology, i, VM_CMDLINE),
			             "mem= speaks of %" PRIu64 " MiB, and '%s' has %" PRIu64,
			             bytes >> 20, vm->suffix, vm->ram_bytes >> 20);
		}
	}
}

void check_cmdline_cpus(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		const char *value = argument(vm->image.cmdline, "maxcpus=");

		if (value == NULL) {
			value = argument(vm->image.cmdline, "nr_cpus=");
		}
		if (value != NULL && strtoull(value, NULL, 0) < vm->vcpu_count) {
			check_report(checks, CHECK_CMDLINE_CPUS, vm_place(topology, i, VM_CMDLINE),
			             "the command line of '%s' leaves some of its %u vCPUs off",
			             vm->suffix, vm->vcpu_count);
		}
	}
}

void check_agent_missing(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!vm->agent) {
			check_report(checks, CHECK_AGENT_MISSING, vm_place(topology, i, VM_IMAGE),
			             "'%s' has no agent: `topo exec` cannot reach it", vm->suffix);
		}
	}
}

void check_backend_missing(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (!vm->image.own_rootfs && topology->vm_origins[i].served_count != 0) {
			check_report(checks, CHECK_BACKEND_MISSING, vm_place(topology, i, VM_IMAGE),
			             "'%s' serves %zu VM%s, and its root file system has to bring "
			             "the back ends",
			             vm->suffix, topology->vm_origins[i].served_count,
			             topology->vm_origins[i].served_count == 1 ? "" : "s");
		}
	}
}

void check_dtb_own(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_origin *origin = &topology->vm_origins[i];

		if (topology->model.vms[i].image.dtb != NULL &&
		    origin->served_count + origin->used_count != 0) {
			check_report(checks, CHECK_DTB_OWN, vm_place(topology, i, VM_IMAGE),
			             "'%s' brings its own device tree, which has to describe its "
			             "connections",
			             check_suffix(topology, i));
		}
	}
}
