/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies in the root file system of a VM, for topo/rootfs/vm_files.c. */
#ifndef TOPO_ROOTFS_VM_ROOT_H
#define TOPO_ROOTFS_VM_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/rootfs/follow.h"

/* What a file holds; names that are hard links share it. */
struct vm_content {
	size_t entry;     /* of the archives, from 1, that brings it; 0: none, but maybe these: */
	const char *from; /* the file of the build machine */
	bool from_link;   /* which may be a link to it */
	const char *text; /* what topo makes */
	uint64_t bytes;   /* but of a text */
};

struct vm_node {
	struct path_node is;
	bool ours;                  /* of the topology's files */
	struct vm_content *content; /* of a file */
};

/* An archive, or several. */
struct vm_archive {
	const unsigned char *bytes;
	size_t count;
};

struct vm_root {
	struct arena *arena;
	struct strmap nodes;  /* path without a / before it => struct vm_node * */
	struct strmap linked; /* file of several names => struct vm_content * */
	struct vm_archive *archives;
	size_t archive_count;
	size_t entries;     /* of the archives so far */
	const char *unseen; /* why there may be more in it; NULL: there is not */
};

/** @path as path_follow has it. */
const char *vm_root_follow(const struct vm_root *root, const char *path, bool whole);

/** What is at @path, on whose way there is no link; NULL: nothing. */
const struct vm_node *vm_root_node(const struct vm_root *root, const char *path);

/** Put @node at @path. As Linux writes over a file that is there, @content is that of all its names. */
void vm_root_put(struct vm_root *root, const char *path, struct vm_node node,
                 struct vm_content content);

/**
 * Read the small file at @path, of which @text becomes NULL if there is nothing. Returns NULL, or why it
 * is not known what it holds.
 */
const char *vm_root_read(const struct vm_root *root, const char *path, const char **text);

#endif
