/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths in a root file system that is not there yet: where Linux would come to by them, when links
 * are followed. Paths here have no / before them; "" is the root.
 */
#ifndef TOPO_ROOTFS_FOLLOW_H
#define TOPO_ROOTFS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/base/arena.h"

/* What lies at a path on whose way there is no link. */
struct path_node {
	uint32_t type;      /* S_IFDIR, S_IFLNK, or anything else */
	const char *target; /* of a link */
};

/** What lies at @path; NULL: nothing. */
typedef const struct path_node *path_lookup(const void *owner, const char *path);

/**
 * @path without "." and "..", the links on its way followed, and the last name too if @whole. NULL:
 * what is no directory is on its way, or links lead in a circle.
 */
const char *path_follow(struct arena *arena, path_lookup *lookup, const void *owner,
                        const char *path, bool whole);

/** The directory that @path is in. */
const char *path_parent(struct arena *arena, const char *path);

#endif
