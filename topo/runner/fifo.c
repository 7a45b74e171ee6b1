/* SPDX-License-Identifier: BSD-2-Clause */
/* The byte queue of fifo.h. */
#include "topo/runner/fifo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

err_t fifo_init(struct fifo *fifo, size_t capacity)
{
	*fifo = (struct fifo){.bytes = malloc(capacity), .capacity = capacity};
	return fifo->bytes == NULL ? ERR_FULL : OK;
}

void fifo_free(struct fifo *fifo)
{
	free(fifo->bytes);
	*fifo = (struct fifo){0};
}

size_t fifo_room(const struct fifo *fifo)
{
	return fifo->capacity - fifo->count;
}

/* Move what is held to the front, so that all room lies behind it. */
static void gather_room(struct fifo *fifo)
{
	if (fifo->first != 0 && fifo->count != 0) {
		memmove(fifo->bytes, fifo->bytes + fifo->first, fifo->count);
	}
	fifo->first = 0;
}

size_t fifo_put(struct fifo *fifo, const void *bytes, size_t count)
{
	const size_t room = fifo_room(fifo);
	const size_t taken = count < room ? count : room;
	if (taken == 0) {
		return 0;
	}
	if (taken > fifo->capacity - fifo->first - fifo->count) {
		gather_room(fifo);
	}
	memcpy(fifo->bytes + fifo->first + fifo->count, bytes, taken);
	fifo->count += taken;
	return taken;
}

const uint8_t *fifo_peek(const struct fifo *fifo, size_t *count)
{
	*count = fifo->count;
	return fifo->bytes + fifo->first;
}

void fifo_drop(struct fifo *fifo, size_t count)
{
	const size_t dropped = count < fifo->count ? count : fifo->count;
	fifo->count -= dropped;
	fifo->first = fifo->count == 0 ? 0 : fifo->first + dropped;
}

/* A peer that has gone is no signal: a socket says so, and for pipes the runner ignores it. */
static ssize_t write_once(int fd, const uint8_t *bytes, size_t count)
{
	const ssize_t done = send(fd, bytes, count, MSG_NOSIGNAL);
	return done < 0 && errno == ENOTSOCK ? write(fd, bytes, count) : done;
}

int fifo_write_to(struct fifo *fifo, int fd)
{
	while (fifo->count > 0) {
		const ssize_t done = write_once(fd, fifo->bytes + fifo->first, fifo->count);
		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			return errno == EAGAIN ? 0 : -errno;
		}
		fifo_drop(fifo, (size_t)done);
	}
	return 0;
}

long fifo_read_from(struct fifo *fifo, int fd)
{
	if (fifo_room(fifo) == 0) {
		return -EAGAIN;
	}
	gather_room(fifo);
	ssize_t done = 0;
	do {
		done = read(fd, fifo->bytes + fifo->count, fifo_room(fifo));
	} while (done < 0 && errno == EINTR);
	if (done < 0) {
		return -errno;
	}
	fifo->count += (size_t)done;
	return done;
}
