/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds of commands, see topo/model/command_bounds.h. */
#include "topo/model/command_bounds.h"

#include <limits.h>
#include <string.h>

#include "topo/model/model.h"

const char *command_text_fault(struct command_sum *sum, const char *text)
{
	const size_t bytes = strlen(text) + 1;

	if (bytes > COMMAND_TEXT_BYTES) {
		return "is 128 KiB or longer";
	}
	sum->count++;
	sum->bytes += bytes;
	if (sum->count > COMMAND_TEXTS_MAX) {
		return "is one of more than 4096";
	}
	return sum->bytes > COMMAND_BYTES_MAX ? "is beyond the first MiB of all" : NULL;
}

const char *command_directory_fault(const char *path)
{
	static const char ours[] = "/" ROOT_OURS;
	const size_t bytes = strlen(ours);

	if (strlen(path) >= PATH_MAX) {
		return "is a path of more than 4095 bytes";
	}
	for (const char *at = path; *at != '\0';) {
		const size_t name = strcspn(at, "/");

		if (name > NAME_MAX) {
			return "has a name of more than 255 bytes in it";
		}
		at += name + (at[name] == '/' ? 1 : 0);
	}
	return strncmp(path, ours, bytes) == 0 && (path[bytes] == '/' || path[bytes] == '\0')
	               ? "is where topo puts its own"
	               : NULL;
}
