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
#define VERSION_OFFSET 8 /* behind the features, in the region of queue 0 */

struct header {
	uint32_t magic;
	uint32_t sequence;
};

err_t inflight_open(const char *path, uint32_t sequence, int *fd, bool *kept)
{
	struct header header = {0};
	struct header fresh = {.magic = MAGIC, .sequence = sequence};

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		log_errno(path, "cannot be opened");
		return ERR_STATE;
	}
	*kept = pread(*fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	        header.magic == fresh.magic && header.sequence == fresh.sequence;
	/* The header comes last: until then the file is of no life at all. */
	if (!*kept && (ftruncate(*fd, 0) < 0 ||
	               pwrite(*fd, &fresh, sizeof(fresh), 0) != (ssize_t)sizeof(fresh))) {
		log_errno(path, "cannot be written");
		close(*fd);
		*fd = -1;
		return ERR_STATE;
	}
	return OK;
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
	uint16_t version = 0;

	return pread(fd, &version, sizeof(version), INFLIGHT_REGION_OFFSET + VERSION_OFFSET) ==
	               (ssize_t)sizeof(version) &&
	       version != 0;
}
