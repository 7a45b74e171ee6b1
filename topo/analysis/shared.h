/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several VMs hold although one alone may: the checks that say so can be switched off, and
 * what is shared in spite of them is shared. A device that moves data by itself obeys all who hold
 * it, and reaches the memory of each; of another one, or an interrupt, it is control and data that
 * pass from holder to holder.
 */
#ifndef TOPO_ANALYSIS_SHARED_H
#define TOPO_ANALYSIS_SHARED_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

struct shared_thing {
	const char *name; /* "PCI function 0:1.0" */
	bool free;        /* who holds one of its VMs holds all, else it takes a fall */
	size_t first;     /* its VMs: @count holders from this one on */
	size_t count;
};

struct shared_holder {
	uint32_t vm;
	bool suffers; /* the thing acts on it, and it has no hand on the thing */
};

struct shared {
	struct shared_thing *things;
	size_t count;
	struct shared_holder *holders;
	size_t holder_count;
};

/** All that VMs of @model share besides connections, in the order of names. */
struct shared shared_find(const struct model *model, struct arena *arena);

#endif
