/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the files that a system needs, see topo/image/payload.h: the project's own from the shared
 * directory, a user's kernels, root file systems, device trees and disk images by their paths. A
 * file that several VMs use is read once, and so stands in the image once.
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/image/payload_store.h"
#include "topo/model/board.h"
#include "topo/model/medium.h"
#include "topo/model/own_archives.h"
#include "topo/rootfs/rootfs.h"
#include "topo/rootfs/vm_files.h"

static void load_system(struct payload_loader *loader)
{
	struct payloads *out = loader->out;
	struct blob vmm;
	const char *why;
	char kernel[80];

	snprintf(kernel, sizeof(kernel), "kernel-%s.bin", loader->model->board->name);
	if (payload_load_own(loader, kernel, PAYLOAD_ALL, &out->kernel) &&
	    kernel_header_read(out->kernel.data, out->kernel.bytes, &out->header) != OK) {
		diag_error(loader->diag, PLACE_NONE, "%s/%s is not the kernel of EL2",
		           loader->share, kernel);
	}
	if (payload_load_own(loader, "vmm.elf", PAYLOAD_ALL, &vmm) &&
	    vmm_program_read(vmm, &out->vmm, &why) != OK) {
		diag_error(loader->diag, PLACE_NONE, "%s/vmm.elf cannot be the VMM: %s",
		           loader->share, why);
	}
	(void)payload_load_own(loader, "loader.bin", PAYLOAD_ALL, &out->loader);
}

static void load_kernel(struct payload_loader *loader, const struct vm *vm, struct vm_payload *out)
{
	const bool own = vm->image.own_kernel || !vm->image.kernel;
	const char *help;
	const char *what;

	if (own ? !payload_load_own(loader, "guest/Image", KERNEL_HEADER_BYTES, &out->kernel)
	        : !payload_load(loader, vm->image.kernel, vm->image.place, "kernel",
	                        KERNEL_HEADER_BYTES, &out->kernel)) {
		return;
	}
	what = kernel_file_read(out->kernel.data, out->kernel.bytes, own ? 0 : vm->kernel_entry,
	                        &out->header, &help);
	if (what) {
		diag_error(loader->diag, vm->image.place, "the kernel '%s' of '%s' %s",
		           own ? "guest/Image" : vm->image.kernel, vm->name, what);
		diag_help(loader->diag, "%s", help);
	}
	if (loader->reads == PAYLOADS_SIZES) {
		out->kernel.data = NULL;
	}
}

static void add_initrd(struct vm_payload *out, struct blob part)
{
	if (part.bytes) {
		out->initrd[out->initrd_count++] = part;
	}
}

static bool has_type(const struct connection *connection, enum device_type type)
{
	bool found = type == DEVICE_TYPE_COUNT;

	for (size_t i = 0; i < connection->device_count && !found; i++) {
		found = connection->devices[i].type == type;
	}
	return found;
}

/* Does the VM serve devices of that type, or anything at all if it is DEVICE_TYPE_COUNT? */
static bool serves(const struct model *model, uint32_t vm, enum device_type type)
{
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		if (connection->device_vm == vm && has_type(connection, type)) {
			return true;
		}
	}
	return false;
}

/* Was the file of @disk put into the archive of its device VM already? */
static bool disk_is_there(const struct model *model, const struct connection *connection,
                          const struct device *disk)
{
	for (const struct connection *c = model->connections; c <= connection; c++) {
		for (size_t i = 0; i < c->device_count && c->device_vm == connection->device_vm;
		     i++) {
			const struct device *other = &c->devices[i];

			if (other == disk) {
				return false;
			}
			if (other->type == DEVICE_BLK && other->disk &&
			    strcmp(other->disk, disk->disk) == 0) {
				return true;
			}
		}
	}
	return false;
}

static void add_disk(struct payload_loader *loader, const struct connection *connection,
                     const struct device *disk, struct cpio *cpio)
{
	char name[DISK_NAME_BYTES];
	char path[sizeof(PV_BACKEND_DIRECTORY) + 1 + DISK_NAME_BYTES];
	struct blob content;

	if (disk->type != DEVICE_BLK || !device_image(disk) ||
	    disk_is_there(loader->model, connection, disk) ||
	    !payload_load(loader, disk->disk, disk->place, "disk image", 0, &content)) {
		return;
	}
	if (!cpio->entry_count) {
		cpio_add_directory(cpio, "var");
		cpio_add_directory(cpio, "var/lib");
		cpio_add_directory(cpio, &PV_BACKEND_DIRECTORY[1]);
	}
	disk_name(loader->model, connection, disk, name);
	snprintf(path, sizeof(path), "%s/%s", PV_BACKEND_DIRECTORY, name);
	if (cpio_add_file(cpio, path + 1, 0644, content) != OK) {
		diag_error(loader->diag, disk->place,
		           "the disk image '%s' is larger than 4 GiB, too large for the root file "
		           "system of a VM",
		           disk->disk);
	}
}

/* The disk images that the VM serves. */
static void add_disks(struct payload_loader *loader, uint32_t vm, struct cpio *cpio)
{
	for (size_t i = 0; i < loader->model->connection_count; i++) {
		const struct connection *connection = &loader->model->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (connection->device_vm == vm) {
				add_disk(loader, connection, &connection->devices[j], cpio);
			}
		}
	}
}

/* A file that was planned, read now or before. */
static bool load_planned(struct payload_loader *loader, const struct vm_files_entry *entry,
                         struct blob *out)
{
	if (loader->reads == PAYLOADS_SIZES) {
		*out = (struct blob){NULL, (size_t)entry->bytes};
		return true;
	}
	if (payload_find(loader, entry->from, PAYLOAD_ALL, out)) {
		return true;
	}
	uint8_t *data = payload_allocate((size_t)entry->bytes);

	if (!vm_files_read(entry, data)) {
		free(data);
		diag_error(loader->diag, PLACE_NONE, "'%s' is not what it was a moment ago",
		           entry->from);
		return false;
	}
	*out = (struct blob){data, (size_t)entry->bytes};
	payload_keep(loader->out->store, entry->from, *out, entry->bytes);
	return true;
}

static void add_planned(struct payload_loader *loader, const struct vm_files_entry *entry,
                        struct cpio *cpio)
{
	struct blob content = {(const uint8_t *)entry->text,
	                       entry->text != NULL ? strlen(entry->text) : 0};

	if (entry->from != NULL || entry->text != NULL) {
		/* That it is small enough was seen when it was planned. */
		if ((entry->text != NULL || load_planned(loader, entry, &content)) &&
		    cpio_add_file(cpio, entry->path, entry->mode, content) != OK) {
			diag_error(loader->diag, PLACE_NONE, "'%s' has grown to 4 GiB",
			           entry->from);
		}
	} else if (entry->target != NULL) {
		cpio_add_link(cpio, entry->path, entry->target);
	} else {
		cpio_add_directory(cpio, entry->path);
	}
}

/* What the attributes `files` and `command` put into the root file system that is there so far. */
static void add_files(struct payload_loader *loader, const struct vm *vm,
                      const struct vm_payload *payload, struct cpio *cpio)
{
	struct arena *arena = arena_new();
	struct vm_root *root = vm_root_new(arena);
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	for (uint32_t i = 0; i < payload->initrd_count; i++) {
		vm_root_add(root, payload->initrd[i].data, payload->initrd[i].bytes);
	}
	if (!vm_files_plan(root, vm, &plan, &fault)) {
		diag_error(loader->diag, fault.place, "%s", fault.text);
		plan.count = 0;
	}
	for (size_t i = 0; i < plan.count; i++) {
		add_planned(loader, &plan.entries[i], cpio);
	}
	arena_free(arena);
}

/* The archive of what only this VM has. */
static void add_own(struct payload_loader *loader, uint32_t vm, struct vm_payload *out)
{
	struct cpio cpio = {.counted = loader->reads == PAYLOADS_SIZES};

	add_disks(loader, vm, &cpio);
	/* What it is put into is not known without all archives. */
	if (!loader->lacks && vm_files_any(&loader->model->vms[vm])) {
		add_files(loader, &loader->model->vms[vm], out, &cpio);
	}
	if (cpio.entry_count) {
		cpio_end(&cpio);
		const struct blob own = {cpio.data, cpio.bytes};

		payload_keep(loader->out->store, NULL, own, own.bytes);
		add_initrd(out, own);
	}
}

/* A root file system of the user's as an archive: made now, or before for another VM. */
static bool load_users(struct payload_loader *loader, const struct vm *vm, struct blob *out)
{
	const char *path = vm->image.rootfs;
	struct arena *arena = arena_new();
	const char *key = arena_printf(arena, "rootfs:%s", path); /* no path of a file begins so */
	struct rootfs rootfs = {.why = NULL};
	bool good = payload_find(loader, key, PAYLOAD_ALL, out);

	if (!good && rootfs_read(arena, path, &rootfs)) {
		uint8_t *data = rootfs_archive(&rootfs);

		good = data != NULL;
		if (good) {
			*out = (struct blob){data, rootfs.archive_bytes};
			payload_keep(loader->out->store, key, *out, out->bytes);
		} else {
			rootfs.why = "a file of it cannot be read any more";
		}
	}
	if (!good) {
		diag_error(loader->diag, vm->image.place,
		           "the root file system '%s' cannot be used: %s", path, rootfs.why);
	}
	rootfs_free(&rootfs);
	arena_free(arena);
	return good;
}

/* How much of the archives of @vm is looked into. */
static uint64_t archives_part(const struct vm *vm)
{
	return vm_files_any(vm) ? PAYLOAD_ALL : 0;
}

/* The project's own root file system, or what goes behind one of the user's: what serves has more archives. */
static void load_own_archives(struct payload_loader *loader, uint32_t vm, struct vm_payload *out)
{
	const bool users = loader->model->vms[vm].image.rootfs != NULL;
	const uint64_t part_bytes = archives_part(&loader->model->vms[vm]);
	struct blob part;

	for (size_t i = 0; i < OWN_ARCHIVE_COUNT; i++) {
		const struct own_archive *own = &own_archives[i];

		if (own->users == users && (own->all || serves(loader->model, vm, own->type)) &&
		    payload_load_own(loader, own->path, part_bytes, &part)) {
			add_initrd(out, part);
		}
	}
}

static void load_rootfs(struct payload_loader *loader, uint32_t index, struct vm_payload *out)
{
	const struct vm *vm = &loader->model->vms[index];
	struct blob part;

	if (vm->image.initrd) {
		if (payload_load(loader, vm->image.initrd, vm->image.place, "initrd",
		                 archives_part(vm), &part)) {
			add_initrd(out, part);
		}
	} else if (vm->image.rootfs_unmade && loader->reads == PAYLOADS_SIZES) {
		return; /* what it holds nobody knows yet */
	} else if (vm->image.rootfs) {
		if (load_users(loader, vm, &part)) {
			add_initrd(out, part);
		}
		load_own_archives(loader, index, out);
	} else if (vm->image.own_rootfs) {
		load_own_archives(loader, index, out);
	}
	add_own(loader, index, out);
}

static void load_dtb(struct payload_loader *loader, const struct vm *vm, struct vm_payload *out)
{
	if (!vm->image.dtb || !payload_load(loader, vm->image.dtb, vm->image.place, "device tree",
	                                    PAYLOAD_ALL, &out->dtb)) {
		return;
	}
	if (out->dtb.bytes < sizeof(struct fdt_header) || fdt_check_header(out->dtb.data) ||
	    fdt_totalsize((const void *)out->dtb.data) > out->dtb.bytes) {
		diag_error(loader->diag, vm->image.place, "'%s' is not a device tree blob",
		           vm->image.dtb);
		diag_help(loader->diag, "dtc -O dtb makes one of a source");
	}
}

struct payloads *payloads_load(const struct model *model, const char *share,
                               enum payload_reads reads, struct diag *diag)
{
	if (!payloads_board_runs(model->board, diag)) {
		return NULL;
	}

	struct payloads *out = payload_allocate(sizeof(*out));
	struct payload_loader loader = {
		.model = model, .share = share, .diag = diag, .out = out, .reads = reads};
	size_t errors = diag_count(diag, SEVERITY_ERROR);

	out->store = payload_store_new();
	out->vms = payload_allocate(model->vm_count * sizeof(*out->vms));
	out->vm_count = model->vm_count;
	load_system(&loader);
	for (uint32_t i = 0; i < model->vm_count; i++) {
		load_kernel(&loader, &model->vms[i], &out->vms[i]);
		load_rootfs(&loader, i, &out->vms[i]);
		load_dtb(&loader, &model->vms[i], &out->vms[i]);
	}
	if (loader.lacks || diag_count(diag, SEVERITY_ERROR) != errors) {
		payloads_free(out);
		return NULL;
	}
	return out;
}

void payloads_free(struct payloads *payloads)
{
	if (!payloads) {
		return;
	}
	payload_store_free(payloads->store);
	free(payloads->vms);
	free(payloads);
}
