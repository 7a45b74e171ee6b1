/* SPDX-License-Identifier: BSD-2-Clause */
/* Outputs that would destroy what they are made from: one name too many on a command line. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Whether @directory is one, and @below is it or lies in it, by whatever names. */
static bool lies_in(const char *directory, const char *below)
{
	struct stat status;
	char at[PATH_MAX];

	if (directory == NULL || stat(directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
		return false;
	}
	(void)snprintf(at, sizeof(at), "%s", below);
	for (;;) {
		if (is_file(&status, at)) {
			return true;
		}
		char *slash = strrchr(at, '/');

		if (slash == NULL || at[1] == '\0') {
			return false;
		}
		slash[slash == at ? 1 : 0] = '\0';
	}
}

static const char *directory_around(const struct model *model, const char *below)
{
	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		if (lies_in(vm->image.rootfs, below)) {
			return vm->image.rootfs;
		}
		for (size_t j = 0; j < vm->file_count; j++) {
			if (lies_in(vm->files[j].from, below)) {
				return vm->files[j].from;
			}
		}
	}
	return NULL;
}

int command_spare_directories(const struct model *model, const char *path)
{
	struct stat status;
	char name[PATH_MAX];
	char real[PATH_MAX];
	const char *around = NULL;

	/* What is no regular file is written in place. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		return EXIT_OK;
	}
	if (snprintf(name, sizeof(name), "%s", path) < (int)sizeof(name) &&
	    realpath(dirname(name), real) != NULL) {
		around = directory_around(model, real);
	}
	if (around == NULL) {
		return EXIT_OK;
	}
	say(stderr,
	    "topo: '%s' would lie in '%s', which goes into the image: the next image would hold this "
	    "one\n",
	    path, around);
	return EXIT_USAGE;
}
