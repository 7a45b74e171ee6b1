/* SPDX-License-Identifier: BSD-2-Clause */
/* What root_tree.c keeps and root_write.c writes. */
#ifndef TOPO_ROOTFS_ROOT_NODE_H
#define TOPO_ROOTFS_ROOT_NODE_H

#include "topo/base/strmap.h"
#include "topo/rootfs/follow.h"
#include "topo/rootfs/root_tree.h"

struct root_node {
	const char *path; /* no link is on the way */
	struct path_node is;
	uint32_t mode;
	uint32_t owner, group;
	struct root_content *content; /* of a file */
	uint32_t layer;               /* of which it is */
	uint32_t cleared;             /* the last in which it lost all of those before */
	bool gone;                    /* it was there */
	bool listed;                  /* in its directory: not only what is there may be */
	struct root_node *below;      /* one that is in it, of a directory that is there */
	struct root_node *beside;     /* the next one in the same directory */
};

struct root_tree {
	struct arena *arena;
	struct root_node **nodes;
	size_t count;
	struct strmap by_path; /* => struct root_node * */
	uint64_t bytes;        /* of all contents, those that are gone too */
	uint32_t layer;        /* the one at hand; 0 = there are none */
	uint32_t cleared;      /* the last in which all of those before went */
	const char *fault;
};

#endif
