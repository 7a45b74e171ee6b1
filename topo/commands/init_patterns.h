/* SPDX-License-Identifier: BSD-2-Clause */
/* What topo init writes: topologies to begin with, one for each pattern. */
#ifndef TOPO_COMMANDS_INIT_PATTERNS_H
#define TOPO_COMMANDS_INIT_PATTERNS_H

#include <stddef.h>

#define INIT_PATTERNS "pair|chain|hub|shared|mesh"
#define INIT_VMS_MAX 4U

struct init_vm {
	const char *name;  /* without "vm_"; NULL = there is no further one */
	const char *about; /* its description */
};

struct init_pattern {
	const char *name;    /* one of INIT_PATTERNS */
	const char *summary; /* a sentence */
	struct init_vm vms[INIT_VMS_MAX];
	const char *connections;   /* lines of the composition */
	const char *configuration; /* lines besides those of each VM */
	const char *assertions;
};

/** The pattern called @name, which is one of INIT_PATTERNS. */
const struct init_pattern *init_pattern_find(const char *name);

#endif
