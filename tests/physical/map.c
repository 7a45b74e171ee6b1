/* SPDX-License-Identifier: BSD-2-Clause */
/* See map.h. */
#include "tests/physical/map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* module.S */
extern const char physical_module[];
extern const char physical_module_end[];

static int open_device(int flags)
{
	int fd = open(PHYSICAL_DEVICE, flags | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT) {
		return fd;
	}
	/* Of several programs one loads it; the others wait for that and hear that it is there. */
	if (syscall(SYS_init_module, physical_module, physical_module_end - physical_module, "") !=
	            0 &&
	    errno != EEXIST) {
		return -1;
	}
	return open(PHYSICAL_DEVICE, flags | O_CLOEXEC);
}

void *physical_map(uint64_t address, size_t bytes, int flags, int protection)
{
	int fd = open_device(flags);

	if (fd < 0) {
		return MAP_FAILED;
	}
	void *place = mmap(NULL, bytes, protection, MAP_SHARED, fd, (off_t)address);
	int error = errno;

	close(fd);
	errno = error;
	return place;
}
