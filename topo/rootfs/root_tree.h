/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root file system of the user's while it is read: what lies where, first of all in this program's
 * memory, so that no name that it has leads anywhere on the build machine. Later entries replace
 * earlier ones, and links on the way to one are followed within it, as if Linux unpacked it. In the end it is
 * one archive of the form newc, the same for the same entries in whatever order.
 */
#ifndef TOPO_ROOTFS_ROOT_TREE_H
#define TOPO_ROOTFS_ROOT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"

#define ROOT_ENTRIES_MAX 1000000U
#define ROOT_BYTES_MAX (UINT64_C(4) << 30) /* of all contents; they lie in RAM */

/* What a file holds; names that are hard links share it. */
struct root_content {
	const unsigned char *data;
	const char *from; /* or the file of the build machine that holds it */
	uint64_t bytes;
	uint32_t names;  /* how many there are */
	uint32_t number; /* of its inode in the archive; 0 = not written yet */
};

struct root_entry {
	const char *name;            /* absolute or not, with or without "./" before it */
	uint32_t mode;               /* with the type, as struct stat has it */
	uint32_t owner, group;       /* numbers */
	const char *target;          /* of a symbolic link */
	struct root_content content; /* of a file, names and number left out */
};

struct root_tree;

/** An empty tree in @arena. */
struct root_tree *root_tree_new(struct arena *arena);

/** Add @entry, whose texts stay where they are. False: it cannot be, see root_tree_fault. */
bool root_tree_add(struct root_tree *tree, const struct root_entry *entry);

/** Add @name as one more name of the file @file. */
bool root_tree_link(struct root_tree *tree, const char *name, const char *file);

/**
 * What is added from here on is a layer of a container image: an entry ".wh.NAME" in it hides what layers
 * before have at NAME, and ".wh..wh..opq" all that they have in its directory (OCI, image-spec, layer.md).
 */
void root_tree_layer(struct root_tree *tree);

/** What the file at @path holds, where links are followed; NULL: there is none. */
const struct root_content *root_tree_file(const struct root_tree *tree, const char *path);

/** Say why the tree cannot be, which is the answer of root_tree_fault if it is the first. False. */
bool root_tree_fail(struct root_tree *tree, const char *why);

/** Why the tree cannot be; NULL: it can. */
const char *root_tree_fault(const struct root_tree *tree);

/** The first of the usual programs that a machine begins with, from its root: "sbin/init"; or NULL. */
const char *root_tree_init(const struct root_tree *tree);

/** The bytes of the archive, and of the pages that Linux makes of it. */
void root_tree_measure(struct root_tree *tree, uint64_t *archive_bytes, uint64_t *unpacked_bytes);

/**
 * Write the archive to @out, which has room for as many bytes as were measured. False: a file cannot be
 * read any more.
 */
bool root_tree_write(struct root_tree *tree, unsigned char *out);

#endif
