/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From trees to a model: which instances are VMs, what joins them, what their attributes say.
 */
#ifndef TOPO_RESOLVE_RESOLVE_H
#define TOPO_RESOLVE_RESOLVE_H

#include "topo/language/ast.h"
#include "topo/model/topology.h"
#include "topo/rules/rules.h"

/**
 * Where the root file system of the packages of @image is, or will be. It is made: sets @image's
 * rootfs_unmade to false.
 */
typedef const char *packages_find(struct arena *arena, struct vm_image *image);

/* What resolving starts from. */
struct resolve_input {
	const struct ast_component *const *components; /* of all files; the user's go first */
	size_t component_count;
	const struct name *connectors;
	size_t connector_count;
	const struct ast_assembly *assembly; /* of all files, merged */
	struct rules *rules;
	packages_find *find_packages; /* NULL = of none it is known whether it is made */
	bool board_named;             /* by an option, which goes before what the text says */
	bool board_assumed;           /* neither an option nor a directory has named the board */
	bool lacks_text;              /* what may define macros could not be read, which was said */
	int64_t swiotlb;              /* VMSWIOTLB */
	struct place swiotlb_place;
};

/**
 * Fill @topology (its arena is set, the rest zero) from @input. Errors are in the rules' diag;
 * what could be understood is in the topology all the same. What was not given is left 0, and a
 * vCPU without affinity has -1: topo/resolve/defaults.h fills it in.
 */
void resolve(struct topology *topology, const struct resolve_input *input);

/* Where a VM's RAM shall lie in the board's, by what the topology says. */
struct ram_window {
	uint64_t base;
	uint64_t bytes;
	size_t vm;
	struct place place;
};

/** By ram_paddr_base, or at the guest's own addresses; false when nothing is said of it. */
bool ram_window_of(const struct topology *topology, size_t vm, struct ram_window *out);

/**
 * Tell a VM's own RAM, which deployed systems name among the registers to reserve it, from RAM of
 * the board that is given like registers. The VM's size is known.
 */
void resolve_ram_ranges(struct topology *topology);

/** Make empty disks of those that lie on physical devices, with warnings. Before defaults. */
void resolve_leave_out_media(struct rules *rules, struct topology *topology);

/** Take all physical devices from the VMs, each with a warning that names it. */
void resolve_leave_out_hardware(struct rules *rules, struct topology *topology);

#endif
