/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/late.h"

#include <string.h>

#include "lib/bits.h"
#include "topo/base/arena.h"

#define BLANKS " \t\n"

/* Mark whom a marked VM serves. Returns whether there is a new one. */
static bool spread(const struct model *model, bool *is_served)
{
	bool is_more = false;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (is_served[connection->device_vm] && !is_served[connection->driver_vm]) {
			is_served[connection->driver_vm] = true;
			is_more = true;
		}
	}
	return is_more;
}

bool late_by_circle(const struct model *model, const struct connection *connection)
{
	struct arena *arena = arena_new();
	bool *is_served = arena_alloc(arena, model->vm_count + 1);
	bool found = false;

	is_served[connection->driver_vm] = true;
	while (spread(model, is_served)) {
	}
	found = is_served[connection->device_vm];
	arena_free(arena);
	return found;
}

bool late_is(const struct model *model, const struct connection *connection)
{
	return !model->vms[connection->device_vm].autostart || late_by_circle(model, connection);
}

/* Whether a word of the command line has the kernel start otherwise than by /init. */
static bool starts_otherwise(const char *cmdline)
{
	static const char *const words[] = {"init=", "rdinit=", "root=", "noinitrd"};

	for (const char *word = cmdline; *word != '\0'; word += strcspn(word, BLANKS)) {
		word += strspn(word, BLANKS);
		for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
			if (strncmp(word, words[i], strlen(words[i])) == 0) {
				return true;
			}
		}
	}
	return false;
}

bool late_awaited(const struct model *model, const struct connection *connection)
{
	const struct vm *vm = &model->vms[connection->driver_vm];

	return vm->image.own_kernel && vm->image.own_rootfs && !vm->files_start &&
	       vm->image.dtb == NULL &&
	       !starts_otherwise(vm->image.cmdline ? vm->image.cmdline : "") &&
	       !late_is(model, connection);
}
