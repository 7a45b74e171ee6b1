/* SPDX-License-Identifier: BSD-2-Clause */
/* What topo exec does, for commands that run something in a VM themselves. */
#ifndef TOPO_COMMANDS_EXEC_H
#define TOPO_COMMANDS_EXEC_H

#include <stdbool.h>
#include <stdint.h>

struct exec_options {
	const char *system; /* NULL: the only one */
	const char *vm;
	uint32_t limit_ms; /* 0: none */
	bool interactive;  /* says nothing that is not so: for fingers used to docker's -i */
	bool terminal;     /* run it on a terminal */
};

/** Run @argv in a VM with our standard streams. Its exit status, or EXIT_EXEC_FAILED and the like,
 * reported. */
int exec_in_vm(const struct exec_options *options, char *const *argv);

#endif
