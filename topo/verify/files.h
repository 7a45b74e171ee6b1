/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that an image should hold: the project's kernel, VMM and guest, and what the topology
 * names. Read for topo verify, on its own account: nothing here is shared with
 * topo/image/payload*.c.
 */
#ifndef TOPO_VERIFY_FILES_H
#define TOPO_VERIFY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/model/own_archives.h"
#include "topo/rootfs/vm_files.h"
#include "topo/verify/decode.h"

/* A loadable segment of the VMM's program. */
struct program_segment {
	uint64_t va;
	uint64_t pages;
	uint32_t rights; /* PV_RIGHT_* */
	struct bytes bytes;
};

#define PROGRAM_SEGMENTS_MAX 8U

struct program {
	uint64_t entry;
	uint32_t segment_count;
	struct program_segment segments[PROGRAM_SEGMENTS_MAX];
};

/* What one VM should boot. A tree of count 0 is one that topo generates. */
struct vm_files {
	struct bytes kernel;
	struct bytes
		initrd[OWN_ARCHIVES_MAX + 1]; /* without the archive of the VM's files and disks */
	uint32_t initrd_count;
	struct vm_files_plan plan; /* of the files in that */
	struct bytes *planned;     /* like plan.entries: the content of each */
	struct bytes tree;
};

struct files {
	struct bytes kernel; /* of EL2 */
	struct program vmm;
	struct bytes loader;
	struct vm_files *vms; /* like model.vms */
	struct bytes **disks; /* of device j of connection i; count 0 = none */
};

/**
 * Read the program headers of the AArch64 executable @elf.
 * Returns false when it is none, or its segments cannot be mapped page by page.
 */
bool files_read_program(struct bytes elf, struct program *out);

/** All of the file at @path, in @arena. Returns false and sets errno when it cannot be read. */
bool files_read(struct arena *arena, const char *path, struct bytes *out);

/**
 * Read all that an image of @model should hold, the project's own files from the directory @share.
 * Returns NULL after a message on stderr when one cannot be read.
 */
struct files *files_load(struct arena *arena, const struct model *model, const char *share);

#endif
