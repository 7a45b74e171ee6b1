/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed pieces of initial root file systems, in the forms that Linux unpacks (lib/decompress.c).
 * What comes out goes to a sink, piece by piece; the libraries check what they read.
 */
#ifndef TOPO_ROOTFS_UNPACK_H
#define TOPO_ROOTFS_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

/** Take @count bytes. Returns whether more are wanted. */
typedef bool unpack_sink(void *owner, const unsigned char *bytes, size_t count);

struct packing {
	const char *name;
	const char *magic;
	bool by_ours; /* the project's kernel unpacks it */
	/* Unpack what begins at @bytes. Returns how many of the @count bytes it took, 0 if they end
	 * too early, make no sense, or the sink wants no more. NULL: is not unpacked here. */
	size_t (*unpack)(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner);
};

/** How what begins at @bytes is packed; NULL: it is not, or in no way that is known. */
const struct packing *packing_find(const unsigned char *bytes, size_t count);

#endif
