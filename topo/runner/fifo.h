/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of bytes with a fixed capacity, between two non-blocking file descriptors or a file
 * descriptor and a decoder. What it holds is always contiguous in memory, so that a decoder can
 * look at a whole frame. Nobody of the runner buffers in any other way: this is where "bounded"
 * is kept.
 */
#ifndef TOPO_RUNNER_FIFO_H
#define TOPO_RUNNER_FIFO_H

#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"

struct fifo {
	uint8_t *bytes;
	size_t capacity;
	size_t first; /* bytes[first, first + count) are held */
	size_t count;
};

/** Make an empty queue. Errors: ERR_FULL without memory. */
MUST_USE err_t fifo_init(struct fifo *fifo, size_t capacity);

/** Give the memory back. A queue of zeroes may be freed too. */
void fifo_free(struct fifo *fifo);

/** Bytes that fifo_put would take. */
size_t fifo_room(const struct fifo *fifo);

/** Append as many of @count bytes as fit; returns how many. */
size_t fifo_put(struct fifo *fifo, const void *bytes, size_t count);

/** The bytes that are held; *@count of them. Valid until the queue is changed. */
const uint8_t *fifo_peek(const struct fifo *fifo, size_t *count);

/** Forget the first @count bytes, at most all. */
void fifo_drop(struct fifo *fifo, size_t count);

/**
 * Write what is held to @fd, a socket or a pipe of the runner, until it would block. Returns 0, also
 * when bytes are left, or a negative errno; a peer that has gone is one (-EPIPE), and no signal.
 */
MUST_USE int fifo_write_to(struct fifo *fifo, int fd);

/**
 * Read from @fd once, as much as fits. Returns the number of bytes, 0 at the end of the file,
 * -EAGAIN when nothing is there or nothing fits, or another negative errno.
 */
MUST_USE long fifo_read_from(struct fifo *fifo, int fd);

#endif
