/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root file system of the user's: a directory, whose files become root's with the modes that they
 * have, or an archive of tar, packed or not, whose owners are kept. Either may be a container image.
 */
#ifndef TOPO_ROOTFS_ROOTFS_H
#define TOPO_ROOTFS_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"
#include "topo/rootfs/pieces.h"

struct rootfs {
	struct root_tree *tree;
	struct pieces pieces; /* archives of tar, unpacked, which the tree is made of */
	uint64_t archive_bytes;
	uint64_t unpacked_bytes; /* in whole pages */
	const char *init; /* what it begins with by itself, as a path in it; NULL = nothing */
	struct vm_command command; /* what a container image runs; no words: nothing */
	const char *why;           /* why it cannot be one */
};

/** Read what is at @path. False: @out->why says why not. Either way rootfs_free gives @out back. */
bool rootfs_read(struct arena *arena, const char *path, struct rootfs *out);

/**
 * It as one archive of the form newc, of archive_bytes, for free(). NULL: a file of it cannot be read, or there
 * is no memory.
 */
unsigned char *rootfs_archive(const struct rootfs *rootfs);

void rootfs_free(struct rootfs *rootfs);

#endif
