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
	bool gone;                    /* it was there */
	struct root_node *below;      /* one that is in it, of a directory that is there */
	struct root_node *beside;     /* the next one in the same directory */
};

struct root_tree {
	struct arena *arena;
	struct root_node **nodes;
	size_t count;
	struct strmap by_path; /* => struct root_node * */
	uint64_t bytes;        /* of all contents, those that are gone too */
	const char *fault;
};

#endif
