/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets get to without anybody's fall: over bridges, and through VMs that forward. The
 * rules are those of docs/report.md, "Packets", which device VMs of the project keep (docs/device-vm.md).
 */
#ifndef TOPO_ANALYSIS_PACKETS_H
#define TOPO_ANALYSIS_PACKETS_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

/*
 * A network that a device VM serves: a bridge of it, or the link to one driver VM; or the network of
 * QEMU's user, on which the build host leads from one VM to another.
 */
struct segment {
	uint32_t owner;     /* the number behind the last VM: the build host (is_host) */
	const char *bridge; /* NULL: it has none; "": all that its owner serves, of which it is not
	                       known what it forwards; then it may have no driver VMs */
	bool forwards;      /* its owner forwards between it and the networks that it uses itself */
	bool open;          /* not only answers come in so */
	bool is_host;       /* of all that are on the network of QEMU's user */
	uint32_t *driver_vms; /* in the order of their numbers, each once */
	size_t driver_count;
};

/* Packets of a VM that sends get to all VMs of its group that hear. */
struct reach {
	uint32_t group;
	uint32_t vm;
	bool sends; /* else it hears */
};

struct packets {
	struct segment *segments;
	size_t segment_count;
	struct reach *reaches; /* by forwarding; bridges are in segments */
	size_t reach_count;
	uint32_t group_count;
};

/**
 * Whether nothing is known of what @vm forwards: its root file system, kernel or device tree is the
 * user's own, the user's files or commands are in it, or its command line has words that may change it.
 */
bool packets_unknown(const struct vm *vm);

/** Where packets get to in @model. All in @arena. */
struct packets packets_from_model(const struct model *model, struct arena *arena);

#endif
