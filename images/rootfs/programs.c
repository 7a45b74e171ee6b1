/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The project's programs in a guest's root file system, in one file that links lead to: linked statically, each
 * alone would be libc for the most part, and all that is in an initial root file system is copied twice as
 * its VM boots.
 */
#include "images/rootfs/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} programs[] = {
	{"peervisor-agent", agent_main}, {"disks", disks_main}, {"health", health_main},
	{"launch", launch_main},         {"netup", netup_main}, {"once", once_main},
	{"vsock", vsock_main},
};

int main(int argc, char **argv)
{
	const char *called = argc > 0 ? argv[0] : "";
	const char *slash = strrchr(called, '/');
	const char *name = slash != NULL ? slash + 1 : called;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(name, programs[i].name) == 0) {
			return programs[i].run(argc, argv);
		}
	}
	fprintf(stderr, "there is no program '%s' here\n", name);
	return EXIT_FAILURE;
}
