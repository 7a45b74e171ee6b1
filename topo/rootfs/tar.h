/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Archives of tar, as POSIX ("ustar", "pax": IEEE Std 1003.1, pax, "ustar Interchange Format") and GNU
 * tar write them.
 */
#ifndef TOPO_ROOTFS_TAR_H
#define TOPO_ROOTFS_TAR_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/rootfs/root_tree.h"

/**
 * Add what is in the archive in the @count bytes at @bytes, which stay where they are, to @tree.
 * False: it is none, or something in it cannot be; see root_tree_fault.
 */
bool tar_read(const unsigned char *bytes, size_t count, struct root_tree *tree,
              struct arena *arena);

#endif
