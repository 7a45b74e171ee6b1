/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of the build machine, or a directory with everything below it, in an order that does not
 * depend on the file system: what is to be put into a VM.
 */
#ifndef TOPO_ROOTFS_FILE_TREE_H
#define TOPO_ROOTFS_FILE_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum file_tree_kind { FILE_TREE_FILE, FILE_TREE_DIRECTORY, FILE_TREE_LINK };

struct file_tree_entry {
	enum file_tree_kind kind;
	const char *path;   /* on the build machine */
	const char *name;   /* below the root of the walk, "" = the root itself */
	uint64_t bytes;     /* of a file */
	uint32_t mode;      /* its permissions; 0 of a link */
	bool executable;    /* of a file, by its owner */
	const char *target; /* of a symbolic link */
};

/* What stopped a walk. */
struct file_tree_fault {
	char path[PATH_MAX];
	const char *why;
};

/** Returns whether to go on. */
typedef bool file_tree_visit(void *owner, const struct file_tree_entry *entry);

/**
 * Visit @root, which may be a symbolic link, and all below it, where links are not followed: a
 * directory before what is in it, and that by name.
 * Returns false when @visit did, or with @fault filled at what cannot be read or is no file,
 * directory or symbolic link.
 */
bool file_tree_walk(const char *root, file_tree_visit *visit, void *owner,
                    struct file_tree_fault *fault);

/**
 * Read the @bytes that the file at @path had when a walk came to it. False: it is no file any more, cannot be
 * read, or has more or fewer. A link that stands there now is not followed: it would bring in what was never there.
 */
bool file_tree_read(const char *path, uint64_t bytes, unsigned char *out);

/** Likewise where the walk began, which may be a link to it. */
bool file_tree_read_root(const char *path, uint64_t bytes, unsigned char *out);

#endif
