/* SPDX-License-Identifier: BSD-2-Clause */
/* See inflight.h. */
#include "backend/daemon/inflight.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define MAGIC 0x31464e49U /* "INF1", little-endian */
/* Far more than 16 queues of 32768 entries take. */
#define REGION_BYTES_MAX (UINT64_C(64) << 20)

struct header {
	uint32_t magic;
	uint32_t sequence;
};

/* vhost-user.rst, "Inflight I/O tracking": the head of a queue's part of the region. */
struct region_head {
	uint64_t features;
	uint16_t version; /* 0: no program has taken note here */
	uint16_t entry_count;
	uint16_t last_batch_head;
	uint16_t used_index;
};

static bool read_header(int fd, struct header *header)
{
	return pread(fd, header, sizeof(*header), 0) == (ssize_t)sizeof(*header) &&
	       header->magic == MAGIC;
}

static bool write_header(int fd, uint32_t sequence)
{
	struct header header = {.magic = MAGIC, .sequence = sequence};

	return pwrite(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header);
}

err_t inflight_open(const char *path, uint32_t sequence, int *fd, bool *kept)
{
	struct header header = {0};

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		log_errno(path, "cannot be opened");
		return ERR_STATE;
	}
	/* A STOP in between would have counted up by two. */
	*kept = read_header(*fd, &header) && sequence - header.sequence <= 1;
	/* The header comes last: until then the file is of no life at all. */
	if ((!*kept && ftruncate(*fd, 0) < 0) || !write_header(*fd, sequence)) {
		log_errno(path, "cannot be written");
		close(*fd);
		*fd = -1;
		return ERR_STATE;
	}
	return OK;
}

err_t inflight_clear(int fd)
{
	struct header header = {0};

	if (!read_header(fd, &header) || ftruncate(fd, 0) < 0 ||
	    !write_header(fd, header.sequence)) {
		log_errno("inflight", "cannot be cleared");
		return ERR_STATE;
	}
	return OK;
}

bool inflight_matches(int fd, uint32_t queue, uint32_t queue_count, uint16_t used_index)
{
	struct region_head head = {0};
	struct stat stat;

	if (fstat(fd, &stat) < 0 || stat.st_size <= INFLIGHT_REGION_OFFSET) {
		return true;
	}
	/* All queues take the same room. */
	off_t stride = (stat.st_size - INFLIGHT_REGION_OFFSET) / queue_count;
	if (pread(fd, &head, sizeof(head), INFLIGHT_REGION_OFFSET + stride * queue) !=
	            (ssize_t)sizeof(head) ||
	    head.version == 0) {
		return true;
	}
	/* An answer goes into the ring first, and then into the region. */
	uint16_t ahead = (uint16_t)(used_index - head.used_index);
	return ahead <= 1;
}

err_t inflight_reserve(int fd, uint64_t bytes)
{
	struct stat stat;

	if (bytes == 0 || bytes > REGION_BYTES_MAX) {
		return ERR_RANGE;
	}
	if (fstat(fd, &stat) < 0) {
		return ERR_STATE;
	}
	off_t end = (off_t)(INFLIGHT_REGION_OFFSET + bytes);
	if (stat.st_size < end && ftruncate(fd, end) < 0) {
		log_errno("inflight", "no room");
		return ERR_STATE;
	}
	return OK;
}

bool inflight_is_used(int fd)
{
	struct region_head head = {0};

	return pread(fd, &head, sizeof(head), INFLIGHT_REGION_OFFSET) == (ssize_t)sizeof(head) &&
	       head.version != 0;
}
