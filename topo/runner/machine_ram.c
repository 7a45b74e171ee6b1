/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM with the image in it, as machine_ram.h declares it. */
#include "topo/runner/machine_ram.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 65536

int machine_ram_make(uint64_t bytes)
{
	struct rlimit limit;
	/* A file beyond the limit would end us by a signal. */
	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < bytes) {
		return -1;
	}
	const int fd = memfd_create("peervisor-ram", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* @count bytes from where @from is, to where @to is. */
static bool copy(int from, int to, uint64_t count)
{
	while (count > 0) {
		const ssize_t done = sendfile(to, from, NULL, count);
		if (done <= 0) {
			return false;
		}
		count -= (uint64_t)done;
	}
	return true;
}

/* The beginning of the image to @head_fd, the rest to the RAM. */
static bool part_image(int image_fd, int head_fd, int ram_fd, uint64_t at)
{
	const off_t rest_at = (off_t)at + HEAD_BYTES;
	struct stat image;
	struct stat ram;
	return fstat(image_fd, &image) == 0 && fstat(ram_fd, &ram) == 0 &&
	       image.st_size > HEAD_BYTES && image.st_size <= ram.st_size - (off_t)at &&
	       copy(image_fd, head_fd, HEAD_BYTES) && lseek(ram_fd, rest_at, SEEK_SET) == rest_at &&
	       copy(image_fd, ram_fd, (uint64_t)image.st_size - HEAD_BYTES);
}

int machine_ram_load(int ram_fd, const char *image_path, uint64_t at)
{
	const int image_fd = open(image_path, O_RDONLY | O_CLOEXEC);
	if (image_fd < 0) {
		return -1; /* QEMU says why */
	}
	int head_fd = memfd_create("peervisor-image", MFD_CLOEXEC);
	if (head_fd >= 0 && !part_image(image_fd, head_fd, ram_fd, at)) {
		(void)close(head_fd);
		head_fd = -1;
	}
	(void)close(image_fd);
	return head_fd;
}
