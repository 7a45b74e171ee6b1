/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/verify/waits.h"

#include <stdlib.h>
#include <string.h>

bool waits_may_be_off(const struct verify *v, const struct connection *connection)
{
	bool *reached = arena_alloc(v->arena, v->model->vm_count + 1);

	reached[connection->driver_vm] = true;
	for (size_t round = 0; round < v->model->vm_count; round++) {
		for (size_t i = 0; i < v->model->connection_count; i++) {
			const struct connection *c = &v->model->connections[i];

			reached[c->driver_vm] = reached[c->driver_vm] || reached[c->device_vm];
		}
	}
	return reached[connection->device_vm] || !v->model->vms[connection->device_vm].autostart;
}

/* The first word of @text, a copy; @rest is what follows it. */
static const char *first_word(const struct verify *v, const char *text, const char **rest)
{
	text += strspn(text, " \t\n");
	size_t length = strcspn(text, " \t\n");

	*rest = text + length;
	return arena_printf(v->arena, "%.*s", (int)length, text);
}

static bool begins_with_init(const struct verify *v, const struct vm *vm)
{
	const char *rest = vm->image.cmdline ? vm->image.cmdline : "";

	while (*rest != '\0') {
		const char *word = first_word(v, rest, &rest);
		size_t name = strcspn(word, "=");

		if (strncmp(word, "noinitrd", strlen("noinitrd")) == 0 ||
		    (word[name] == '=' && ((name == 4 && strncmp(word, "init", name) == 0) ||
		                           (name == 4 && strncmp(word, "root", name) == 0) ||
		                           (name == 6 && strncmp(word, "rdinit", name) == 0)))) {
			return false;
		}
	}
	return !vm->files_start;
}

bool waits_in_init(const struct verify *v, const struct connection *connection)
{
	const struct vm *vm = &v->model->vms[connection->driver_vm];
	bool is_ours = vm->image.own_kernel && vm->image.own_rootfs && !vm->image.dtb;

	return is_ours && begins_with_init(v, vm) && !waits_may_be_off(v, connection);
}

const char *waits_disks(const struct verify *v, uint32_t vm)
{
	const char *text = "";

	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct connection *c = &v->model->connections[i];

		if (c->driver_vm != vm || !waits_in_init(v, c)) {
			continue;
		}
		for (size_t j = 0; j < c->device_count; j++) {
			if (c->devices[j].type == DEVICE_BLK) {
				text = arena_printf(v->arena, "%s %04x:00:%02x.0", text,
				                    v->wirings[i].number, (unsigned)j);
			}
		}
	}
	return text + (text[0] != '\0');
}
