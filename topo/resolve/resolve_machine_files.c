/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of disks in the machine's slots against all else that is read: what one VM writes there for
 * good would be another one's disk, or what the next build puts into it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/base/share.h"
#include "topo/diag/source.h"
#include "topo/model/medium.h"
#include "topo/model/pci.h"
#include "topo/resolve/resolve_internal.h"

/* By name, since it may not be there yet, or by what is there. */
static bool is_same(const char *a, const char *b)
{
	struct stat one;
	struct stat other;

	return b != NULL &&
	       (strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 &&
	                              one.st_dev == other.st_dev && one.st_ino == other.st_ino));
}

/* What of @vm is the file; NULL: nothing. */
static const char *part_of_vm(const char *file, const struct vm *vm)
{
	if (is_same(file, vm->image.kernel)) {
		return "the kernel of";
	}
	if (is_same(file, vm->image.initrd)) {
		return "the initrd of";
	}
	if (is_same(file, vm->image.rootfs) ||
	    (vm->image.rootfs != NULL && path_is_below(file, vm->image.rootfs))) {
		return "the root file system of";
	}
	if (is_same(file, vm->image.dtb)) {
		return "the device tree of";
	}
	for (size_t i = 0; i < vm->file_count; i++) {
		if (is_same(file, vm->files[i].from) || path_is_below(file, vm->files[i].from)) {
			return "a file in";
		}
	}
	return NULL;
}

static bool is_served(const char *file, const struct connection *connection)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (is_same(file, device_image(&connection->devices[i]))) {
			return true;
		}
	}
	return false;
}

/* What else the file is, of which VM in *@vm; NULL: nothing. */
static const char *use_of(const struct model *model, const char *file, uint32_t *vm)
{
	for (*vm = 0; *vm < model->vm_count; ++*vm) {
		const char *part = part_of_vm(file, &model->vms[*vm]);

		if (part != NULL) {
			return part;
		}
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		if (is_served(file, &model->connections[i])) {
			*vm = model->connections[i].driver_vm;
			return "a disk that is served to";
		}
	}
	return NULL;
}

/* What of the topology's own text, or of topo, the file is; NULL: nothing. */
static const char *source_of(const struct resolver *resolver, const char *file)
{
	struct source_set *sources = diag_sources(resolver->diag);
	struct stat status;
	char *share = realpath(share_directory(), NULL);
	const bool shipped = share != NULL && path_is_below(file, share);

	free(share);
	return shipped ? "a file of topo"
	       : stat(file, &status) == 0 && source_was_read(sources, status.st_dev, status.st_ino)
	               ? "part of the topology"
	               : NULL;
}

/* Against the slots before it, and what is read. */
static void check_slot(struct resolver *resolver, size_t index)
{
	const struct model *model = &resolver->topology->model;
	const struct machine_slot *slot = &model->slots[index];
	uint32_t vm = 0;

	for (size_t i = 0; i < index; i++) {
		if (is_same(slot->file, model->slots[i].file)) {
			diag_error(resolver->diag, slot->place,
			           "the file of slot 0:%u.0 is another slot's too", slot->device);
			diag_note(resolver->diag, model->slots[i].place, "given here");
			return;
		}
	}
	const char *source = source_of(resolver, slot->file);
	const char *use = use_of(model, slot->file, &vm);

	if (source != NULL) {
		diag_error(resolver->diag, slot->place,
		           "the file of slot 0:%u.0, which who has the function writes, is %s",
		           slot->device, source);
		return;
	}
	if (use != NULL) {
		diag_error(resolver->diag, slot->place,
		           "the file of slot 0:%u.0, which who has the function writes, is %s "
		           "'%s' too",
		           slot->device, use, model->vms[vm].suffix);
	}
}

void resolve_machine_files(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->topology->model.slot_count; i++) {
		if (resolver->topology->model.slots[i].file != NULL) {
			check_slot(resolver, i);
		}
	}
}
