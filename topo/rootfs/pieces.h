/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Archives of tar in memory, unpacked if they are packed: what a tree has of a file points into them, so
 * they are kept until the tree is given up.
 */
#ifndef TOPO_ROOTFS_PIECES_H
#define TOPO_ROOTFS_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"

struct piece {
	unsigned char *bytes;
	size_t count;
};

struct pieces {
	struct piece *list; /* in an arena */
	size_t count;
	uint64_t bytes; /* of all */
};

/**
 * Keep the @count bytes at @bytes, unpacked, as one more of @pieces, the last of the list. Returns NULL, or
 * else why not.
 */
const char *pieces_add(struct arena *arena, struct pieces *pieces, const unsigned char *bytes,
                       size_t count);

void pieces_free(struct pieces *pieces);

#endif
