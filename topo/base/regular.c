/* SPDX-License-Identifier: BSD-2-Clause */
/* See topo/base/regular.h. */
#include "topo/base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int regular_open(const char *path, int more_flags, uint64_t *bytes)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more_flags);
	struct stat status;
	int error = 0;

	if (fd < 0) {
		return -1;
	}
	if (fstat(fd, &status) != 0) {
		error = errno;
	} else if (!S_ISREG(status.st_mode)) {
		error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	}
	if (error != 0) {
		close(fd);
		errno = error;
		return -1;
	}
	*bytes = (uint64_t)status.st_size;
	return fd;
}

int64_t regular_read(int fd, void *out, uint64_t count)
{
	uint64_t got = 0;
	ssize_t some = 1;

	while (some > 0 && got < count) {
		do {
			some = read(fd, (unsigned char *)out + got, count - got);
		} while (some < 0 && errno == EINTR);
		got += some > 0 ? (uint64_t)some : 0;
	}
	return some < 0 ? -1 : (int64_t)got;
}
