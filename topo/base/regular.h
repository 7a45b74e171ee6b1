/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the build machine whose names topo was given or has found: a FIFO or a device is none. */
#ifndef TOPO_BASE_REGULAR_H
#define TOPO_BASE_REGULAR_H

#include <stddef.h>
#include <stdint.h>

/**
 * Open the regular file at @path for reading, with these flags of open(2) more, and without waiting for what
 * is none. Returns its descriptor, *@bytes being its size, or -1 with errno set.
 */
int regular_open(const char *path, int more_flags, uint64_t *bytes);

/** Read @count bytes of @fd. Returns how many there were, fewer at its end, or -1 with errno set. */
int64_t regular_read(int fd, void *out, uint64_t count);

#endif
