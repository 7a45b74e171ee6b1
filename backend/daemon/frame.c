/* SPDX-License-Identifier: BSD-2-Clause */
/* See frame.h. */
#include "backend/daemon/frame.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/daemon/log.h"

struct frame *frame_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct frame *frame = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*frame)) == 0) {
		frame = mmap(NULL, sizeof(*frame), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (frame == MAP_FAILED) {
		log_errno(path, "cannot be mapped");
	}
	if (fd >= 0) {
		close(fd);
	}
	if (frame == MAP_FAILED) {
		return NULL;
	}
	frame->magic = FRAME_MAGIC;
	frame->width = 0;
	frame->height = 0;
	return frame;
}

void frame_clear(struct frame *frame)
{
	/* A hole again; memory itself is cleared where there can be none. */
	if (madvise(frame->pixels, sizeof(frame->pixels), MADV_REMOVE) != 0) {
		memset(frame->pixels, 0, sizeof(frame->pixels));
	}
}

void frame_close(struct frame *frame)
{
	if (frame != NULL) {
		munmap(frame, sizeof(*frame));
	}
}
