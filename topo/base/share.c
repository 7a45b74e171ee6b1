/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where topo's own files are: beside the program, in the build directory as in an installed tree.
 */
#include "topo/base/share.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE_BELOW "share/peervisor"

static char directory[PATH_MAX + 64];

/* Whether BASE/share/peervisor exists; it is in `directory` then. */
static bool try_base(const char *base)
{
	int length = snprintf(directory, sizeof(directory), "%s/" SHARE_BELOW, base);

	return length > 0 && (size_t)length < sizeof(directory) && access(directory, F_OK) == 0;
}

/* Cut the last name off @path. */
static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL) {
		*slash = '\0';
	}
}

const char *share_directory(void)
{
	const char *given = getenv("PEERVISOR_SHARE");
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (given != NULL && given[0] != '\0') {
		return given;
	}
	if (length > 0) {
		program[length] = '\0';
		go_up(program);
		if (try_base(program)) {
			return directory;
		}
		go_up(program);
		if (try_base(program)) {
			return directory;
		}
	}
	return "./" SHARE_BELOW;
}
