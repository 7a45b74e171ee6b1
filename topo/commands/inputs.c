/* SPDX-License-Identifier: BSD-2-Clause */
/* Outputs that would destroy what they are made from: one name too many on a command line. */
#include <stdio.h>
#include <sys/stat.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/diag/source.h"
#include "topo/model/medium.h"

static bool is_file(const struct stat *wanted, const char *path)
{
	struct stat status;

	return path != NULL && stat(path, &status) == 0 && status.st_dev == wanted->st_dev &&
	       status.st_ino == wanted->st_ino;
}

static bool is_of_vm(const struct stat *wanted, const struct vm *vm)
{
	bool found = is_file(wanted, vm->image.kernel) || is_file(wanted, vm->image.initrd) ||
	             is_file(wanted, vm->image.dtb) || is_file(wanted, vm->image.rootfs);

	for (size_t i = 0; i < vm->file_count && !found; i++) {
		found = is_file(wanted, vm->files[i].from);
	}
	return found;
}

static bool is_disk(const struct stat *wanted, const struct connection *connection)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (is_file(wanted, device_image(&connection->devices[i]))) {
			return true;
		}
	}
	return false;
}

static bool is_input(const struct stat *wanted, const struct model *model, struct diag *diag)
{
	bool found = source_was_read(diag_sources(diag), wanted->st_dev, wanted->st_ino);

	for (size_t i = 0; i < model->vm_count && !found; i++) {
		found = is_of_vm(wanted, &model->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count && !found; i++) {
		found = is_disk(wanted, &model->connections[i]);
	}
	for (size_t i = 0; i < model->slot_count && !found; i++) {
		found = is_file(wanted, model->slots[i].file);
	}
	return found;
}

int command_spare_inputs(const struct model *model, struct diag *diag, const char *path)
{
	struct stat status;

	/* What is no regular file is never replaced. */
	if (path == NULL || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
	    !is_input(&status, model, diag)) {
		return EXIT_OK;
	}
	say(stderr, "topo: '%s' is one of the files that this is made from; it is left as it is\n",
	    path);
	return EXIT_USAGE;
}
